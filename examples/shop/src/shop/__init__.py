"""The shop: the reference application on Leftfold. Read by: whoever starts an app of several contexts."""

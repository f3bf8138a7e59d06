"""The shop, the reference application on Leftfold. Read by: who starts an app of contexts."""

"""The context of customers: who they are to marketing. Read by: its neighbours.

It knows orders by their public events, and customers as profiles.
"""

from leftfold import App
from shop.customers import queries, subscription, views

__all__ = ["customers"]

customers = App("customers", subscription, views, queries)

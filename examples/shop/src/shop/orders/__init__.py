"""The context of orders: what was ordered, and what became of it. Read by: its neighbours.

Other contexts see its public events in `messages`, and nothing else of it.
"""

from leftfold import App
from shop.orders import order, queries, views

__all__ = ["orders"]

orders = App("orders", order, views, queries)

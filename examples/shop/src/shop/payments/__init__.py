"""The context of payments: money that comes in and goes back. Read by: its neighbours.

It knows orders by their public events, and customers as billing parties.
"""

from leftfold import App
from shop.payments import credit_note, payment, queries, views

__all__ = ["payments"]

payments = App("payments", payment, credit_note, views, queries)

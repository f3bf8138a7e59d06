"""Read models of customers: who they are to marketing. Read by: who writes to customers.

The customer is a profile here: how often, how much, how recently, and whether to write at all.
Payments knows the same person as a `BillingParty`; the two share the id and nothing else.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from leftfold import View, evolves
from shop.customers.messages import Subscribed, Unsubscribed
from shop.orders.messages import OrderPlaced

__all__ = ["Profile"]


class Buyer(Struct, frozen=True):
    """Who ordered."""

    customer: str


def buyer(event: OrderPlaced) -> Iterable[Buyer]:
    """Return who ordered: nobody when the customer gave no name."""
    return () if event.customer is None else (Buyer(customer=event.customer),)


class Profile(View, key="customer"):
    """What marketing knows about one customer."""

    customer: str
    country: str | None = None
    orders: int = 0
    sales: Decimal = Decimal(0)
    last_ordered_at: datetime | None = None
    wants_newsletter: bool = False

    @evolves(each=buyer)
    def ordered(self, event: OrderPlaced) -> None:
        """Add an order."""
        self.orders += 1
        self.sales += event.total
        if self.last_ordered_at is None or event.ordered_at > self.last_ordered_at:
            self.last_ordered_at = event.ordered_at
            self.country = event.country

    @evolves
    def subscribed(self, _event: Subscribed) -> None:
        """Note that the customer may be written to."""
        self.wants_newsletter = True

    @evolves
    def unsubscribed(self, _event: Unsubscribed) -> None:
        """Note that the customer may not be written to."""
        self.wants_newsletter = False

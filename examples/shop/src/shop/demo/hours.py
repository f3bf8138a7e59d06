"""A read model that the shop did not think of at first. Read by: the demo.

It stands in no context: the demo gives it to an App on a database that is full already.
"""

from decimal import Decimal

from leftfold import View, evolves
from shop.orders.messages import OrderPlaced

__all__ = ["SalesByHour"]


def hour_of(event: OrderPlaced) -> str:
    """Return the hour of the day, in UTC, as `09`."""
    return f"{event.ordered_at.hour:02}"


class SalesByHour(View, key="hour"):
    """What was ordered in each hour of the day."""

    hour: str
    orders: int = 0
    sales: Decimal = Decimal(0)

    @evolves(key=hour_of)
    def placed(self, event: OrderPlaced) -> None:
        """Add an order."""
        self.orders += 1
        self.sales += event.total

"""What is said in orders: commands and facts, the public ones for all. Read by: everyone.

`ordered_at` is business time, when the customer ordered; when the shop decided stands in the
metadata of each event.
"""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from leftfold import Command, Event

__all__ = [
    "ConfirmPayment",
    "Line",
    "LinesRefused",
    "OrderPaid",
    "OrderPlaced",
    "OrderRefused",
    "OrderShipped",
    "PlaceOrder",
    "RefusedLine",
    "ShipOrder",
]


class Line(Struct, frozen=True):
    """So many of a product at a price each."""

    product: str
    quantity: int
    price: Decimal


class RefusedLine(Struct, frozen=True):
    """A line that was asked for and not taken, and why."""

    product: str
    quantity: int
    price: Decimal
    reason: str


class PlaceOrder(Command[int]):
    """Order some products; answers how many lines were placed, 0 when the order was refused."""

    order: str
    customer: str | None
    country: str
    ordered_at: datetime
    lines: tuple[Line, ...]


class ConfirmPayment(Command[None]):
    """Say that payments has taken what is due for an order."""

    order: str
    payment: str


class ShipOrder(Command[None]):
    """Send the goods of a paid order."""

    order: str
    carrier: str


class OrderPlaced(Event, public=True):
    """An order stands, with the lines that could be placed and what they come to."""

    order: str
    customer: str | None
    country: str
    ordered_at: datetime
    lines: tuple[Line, ...]
    total: Decimal


class LinesRefused(Event):
    """Beside the lines placed, these were not."""

    order: str
    ordered_at: datetime
    lines: tuple[RefusedLine, ...]


class OrderRefused(Event):
    """No line of an order could be placed, so there is no order."""

    order: str
    customer: str | None
    country: str
    ordered_at: datetime
    lines: tuple[RefusedLine, ...]


class OrderPaid(Event, public=True):
    """What was due for an order has come in."""

    order: str
    payment: str


class OrderShipped(Event, public=True):
    """The goods of an order are on their way."""

    order: str
    carrier: str

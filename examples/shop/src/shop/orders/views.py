"""Read models of orders: each with its history, and what was sold. Read by: who asks for sales.

Totals of the whole shop are sums over the months, so that
no single row is changed by every order.
"""

from datetime import datetime
from decimal import Decimal
from typing import Self

from msgspec import Struct

from leftfold import Metadata, View, evolves
from shop.orders.messages import (
    Line,
    LinesRefused,
    OrderPaid,
    OrderPlaced,
    OrderRefused,
    OrderShipped,
)

__all__ = ["Entry", "OrderFile", "SalesByCountry", "SalesByMonth", "SalesByProduct"]


class Entry(Struct, frozen=True):
    """What happened, when it was decided, by whom, and the id of the command that caused it."""

    what: str
    at: datetime
    actor: str | None
    cause: str | None


class OrderFile(View, key="order", indexes=(("customer", "ordered_at"),)):
    """What is known about one order, with what happened to it in turn."""

    order: str
    customer: str | None
    country: str
    ordered_at: datetime
    status: str
    lines: int
    total: Decimal
    history: tuple[Entry, ...] = ()

    @evolves
    @classmethod
    def placed(cls, event: OrderPlaced, metadata: Metadata) -> Self:
        """Open the file of an order."""
        lines = len(event.lines)
        return cls(
            order=event.order,
            customer=event.customer,
            country=event.country,
            ordered_at=event.ordered_at,
            status="placed",
            lines=lines,
            total=event.total,
            history=(entry(f"placed, {counted(lines)} for {event.total}", metadata),),
        )

    @evolves
    @classmethod
    def refused(cls, event: OrderRefused, metadata: Metadata) -> Self:
        """Open the file of an order that was never placed."""
        reasons = "; ".join(sorted({line.reason for line in event.lines})) or "it has no line"
        return cls(
            order=event.order,
            customer=event.customer,
            country=event.country,
            ordered_at=event.ordered_at,
            status="refused",
            lines=0,
            total=Decimal(0),
            history=(entry(f"refused: {reasons}", metadata),),
        )

    @evolves
    def lines_refused(self, event: LinesRefused, metadata: Metadata) -> None:
        """Note the lines that were left out."""
        reasons = "; ".join(f"{line.product}: {line.reason}" for line in event.lines)
        self._note(f"{counted(len(event.lines))} refused ({reasons})", metadata)

    @evolves
    def paid(self, event: OrderPaid, metadata: Metadata) -> None:
        """Note the payment."""
        self.status = "paid"
        self._note(f"paid with {event.payment}", metadata)

    @evolves
    def shipped(self, event: OrderShipped, metadata: Metadata) -> None:
        """Note that the goods left."""
        self.status = "shipped"
        self._note(f"shipped with {event.carrier}", metadata)

    def _note(self, what: str, metadata: Metadata) -> None:
        self.history = (*self.history, entry(what, metadata))


def entry(what: str, metadata: Metadata) -> Entry:
    """Write one line of a history."""
    cause = None if metadata.causation is None else str(metadata.causation)
    return Entry(what=what, at=metadata.time, actor=metadata.actor, cause=cause)


def counted(lines: int) -> str:
    """Say a number of lines in words."""
    return "1 line" if lines == 1 else f"{lines:,} lines"


def month_of(event: OrderPlaced | LinesRefused | OrderRefused) -> str:
    """Return the month in which was ordered, in UTC, as `2011-11`."""
    return f"{event.ordered_at.year:04}-{event.ordered_at.month:02}"


class SalesByMonth(View, key="month"):
    """What was ordered in a month, and what was refused."""

    month: str
    orders: int = 0
    lines: int = 0
    sales: Decimal = Decimal(0)
    most_lines: int = 0
    without_customer: int = 0
    refused_orders: int = 0
    refused_lines: int = 0

    @evolves(key=month_of)
    def placed(self, event: OrderPlaced) -> None:
        """Add an order."""
        self.orders += 1
        self.lines += len(event.lines)
        self.sales += event.total
        self.most_lines = max(self.most_lines, len(event.lines))
        self.without_customer += event.customer is None

    @evolves(key=month_of)
    def lines_refused(self, event: LinesRefused) -> None:
        """Count the lines that were left out of an order."""
        self.refused_lines += len(event.lines)

    @evolves(key=month_of)
    def refused(self, event: OrderRefused) -> None:
        """Count an order that was never placed, and its lines."""
        self.refused_orders += 1
        self.refused_lines += len(event.lines)


class SalesByCountry(View, key="country"):
    """What was ordered from a country."""

    country: str
    orders: int = 0
    sales: Decimal = Decimal(0)

    @evolves
    def placed(self, event: OrderPlaced) -> None:
        """Add an order."""
        self.orders += 1
        self.sales += event.total


class SalesByProduct(View, key="product"):
    """How much of a product was ordered."""

    product: str
    units: int = 0
    sales: Decimal = Decimal(0)

    @evolves(each="lines")
    def placed(self, _event: OrderPlaced, line: Line) -> None:
        """Add a line."""
        self.units += line.quantity
        self.sales += line.price * line.quantity

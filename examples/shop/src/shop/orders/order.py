"""Decides what becomes of an order: placed, refused, paid, shipped. Read by: authors of rules."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, Self

from leftfold import Aggregate, Rejected, evolves, handles
from shop.orders.messages import (
    ConfirmPayment,
    Line,
    LinesRefused,
    OrderPaid,
    OrderPlaced,
    OrderRefused,
    OrderShipped,
    PlaceOrder,
    RefusedLine,
    ShipOrder,
)

__all__ = ["AlreadyPaid", "AlreadyShipped", "NeverPlaced", "NotPaid", "Order"]


class NotPaid(Rejected):
    """The order must be paid before it is shipped."""


class AlreadyPaid(Rejected):
    """The order was paid before."""


class AlreadyShipped(Rejected):
    """The goods have left before."""


class NeverPlaced(Rejected):
    """The order was refused, so nothing can follow."""


class Order(Aggregate, key="order"):
    """One order, from what was asked for to the goods on their way."""

    status: Literal["placed", "refused", "paid", "shipped"]
    total: Decimal = Decimal(0)

    @handles(new=True)
    def place(self, command: PlaceOrder) -> int:
        """Place the lines that are right; refuse the rest, each with its reason."""
        order, ordered_at = command.order, command.ordered_at
        lines, refused = sorted_out(command.lines)
        if not lines:
            self.record(
                OrderRefused(
                    order=order,
                    customer=command.customer,
                    country=command.country,
                    ordered_at=ordered_at,
                    lines=refused,
                )
            )
            return 0
        self.record(
            OrderPlaced(
                order=order,
                customer=command.customer,
                country=command.country,
                ordered_at=ordered_at,
                lines=lines,
                total=sum((line.price * line.quantity for line in lines), Decimal(0)),
            )
        )
        if refused:
            self.record(LinesRefused(order=order, ordered_at=ordered_at, lines=refused))
        return len(lines)

    @handles
    def confirm_payment(self, command: ConfirmPayment) -> None:
        """Note that the order is paid, once."""
        self._must_be_placed(command.order)
        if self.status != "placed":
            raise AlreadyPaid(f"order {command.order} is paid already")
        self.record(OrderPaid(order=command.order, payment=command.payment))

    @handles
    def ship(self, command: ShipOrder) -> None:
        """Send the goods, if they are paid."""
        self._must_be_placed(command.order)
        if self.status == "shipped":
            raise AlreadyShipped(f"order {command.order} has left already")
        if self.status != "paid":
            raise NotPaid(
                f"order {command.order} is not paid: {self.total} is due before it is shipped"
            )
        self.record(OrderShipped(order=command.order, carrier=command.carrier))

    def _must_be_placed(self, order: str) -> None:
        if self.status == "refused":
            raise NeverPlaced(f"order {order} was refused when it came in")

    @evolves
    @classmethod
    def placed(cls, event: OrderPlaced) -> Self:
        """Begin with what is due."""
        return cls(status="placed", total=event.total)

    @evolves
    @classmethod
    def refused(cls, _event: OrderRefused) -> Self:
        """Remember that there is no order, so that the number is not used again."""
        return cls(status="refused")

    @evolves
    def paid(self, _event: OrderPaid) -> None:
        """Let the goods go."""
        self.status = "paid"

    @evolves
    def shipped(self, _event: OrderShipped) -> None:
        """Remember that the goods are gone."""
        self.status = "shipped"


def sorted_out(lines: Iterable[Line]) -> tuple[tuple[Line, ...], tuple[RefusedLine, ...]]:
    """Tell the lines that can be placed from those that cannot, which are given their reason."""
    placed: list[Line] = []
    refused: list[RefusedLine] = []
    for line in lines:
        if line.quantity > 0 and line.price > 0:
            placed.append(line)
            continue
        what = "quantity" if line.quantity <= 0 else "price"
        refused.append(
            RefusedLine(
                product=line.product,
                quantity=line.quantity,
                price=line.price,
                reason=f"the {what} is not positive",
            )
        )
    return tuple(placed), tuple(refused)

"""Takes money for an order, once. Read by: authors of rules.

Who takes a payment tells orders with `ConfirmPayment`: the client does so today.
"""

from typing import Self

from leftfold import Aggregate, Rejected, evolves, handles
from shop.payments.messages import PaymentTaken, TakePayment

__all__ = ["NothingToPay", "Payment"]


class NothingToPay(Rejected):
    """A payment must be of more than nothing."""


class Payment(Aggregate, key="payment"):
    """One payment, by the id that the till gave it."""

    order: str

    @handles(new=True)
    def take(self, command: TakePayment) -> None:
        """Take the money."""
        if command.amount <= 0:
            raise NothingToPay(f"payment {command.payment} is of {command.amount}; nothing to pay")
        self.record(
            PaymentTaken(
                payment=command.payment,
                order=command.order,
                customer=command.customer,
                amount=command.amount,
                method=command.method,
            )
        )

    @evolves
    @classmethod
    def taken(cls, event: PaymentTaken) -> Self:
        """Remember what was paid for."""
        return cls(order=event.order)

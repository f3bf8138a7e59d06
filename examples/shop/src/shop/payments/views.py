"""Read models of payments: who owes what, what was given back. Read by: who asks about money.

The customer is a billing party here: what the shop has asked for, got and given back. Marketing
knows the same person as a `Profile`; the two share the id and nothing else.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from leftfold import View, evolves
from shop.orders.messages import OrderPlaced
from shop.payments.messages import (
    AdjustmentRefused,
    CreditLinesRefused,
    CreditNoteIssued,
    CreditNoteRefused,
    PaymentTaken,
)

__all__ = ["BillingParty", "CreditsByMonth"]


class Payer(Struct, frozen=True):
    """Who is billed."""

    customer: str


def payer(event: OrderPlaced | PaymentTaken | CreditNoteIssued) -> Iterable[Payer]:
    """Return who is billed: nobody when the customer paid at the till without a name."""
    return () if event.customer is None else (Payer(customer=event.customer),)


class BillingParty(View, key="customer"):
    """What one customer was billed, has paid and was given back."""

    customer: str
    billed: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)

    @evolves(each=payer)
    def bill(self, event: OrderPlaced) -> None:
        """Add what an order comes to."""
        self.billed += event.total

    @evolves(each=payer)
    def pay(self, event: PaymentTaken) -> None:
        """Add what came in."""
        self.paid += event.amount

    @evolves(each=payer)
    def credit(self, event: CreditNoteIssued) -> None:
        """Add what was given back; `value` is below zero."""
        self.credited -= event.value


def month_of(event: CreditNoteIssued | CreditLinesRefused | CreditNoteRefused) -> str:
    """Return the month in which a credit note was issued, in UTC, as `2011-11`."""
    return f"{event.issued_at.year:04}-{event.issued_at.month:02}"


def month_asked(event: AdjustmentRefused) -> str:
    """Return the month in which was asked, in UTC, as `2011-11`."""
    return f"{event.asked_at.year:04}-{event.asked_at.month:02}"


class CreditsByMonth(View, key="month"):
    """What was given back in a month, and what was refused."""

    month: str
    credit_notes: int = 0
    lines: int = 0
    value: Decimal = Decimal(0)
    refused_credit_notes: int = 0
    refused_lines: int = 0
    refused_adjustments: int = 0

    @evolves(key=month_of)
    def issued(self, event: CreditNoteIssued) -> None:
        """Add a credit note."""
        self.credit_notes += 1
        self.lines += len(event.lines)
        self.value += event.value

    @evolves(key=month_of)
    def lines_refused(self, event: CreditLinesRefused) -> None:
        """Count the lines that were left out of a credit note."""
        self.refused_lines += len(event.lines)

    @evolves(key=month_of)
    def refused(self, event: CreditNoteRefused) -> None:
        """Count a credit note that was never issued, and its lines."""
        self.refused_credit_notes += 1
        self.refused_lines += len(event.lines)

    @evolves(key=month_asked)
    def adjustment_refused(self, _event: AdjustmentRefused) -> None:
        """Count an adjustment that was not made."""
        self.refused_adjustments += 1

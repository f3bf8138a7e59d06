"""What is said in payments: commands and facts, the public ones for all. Read by: everyone.

A credit note gives money back for lines of goods, so its quantities are negative.
"""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from leftfold import Command, Event

__all__ = [
    "AdjustDebt",
    "AdjustmentRefused",
    "CreditLine",
    "CreditLinesRefused",
    "CreditNoteIssued",
    "CreditNoteRefused",
    "IssueCreditNote",
    "PaymentTaken",
    "RefusedCreditLine",
    "TakePayment",
]


class TakePayment(Command[None]):
    """Take money for an order."""

    payment: str
    order: str
    customer: str | None
    amount: Decimal
    method: str


class PaymentTaken(Event, public=True):
    """Money came in for an order."""

    payment: str
    order: str
    customer: str | None
    amount: Decimal
    method: str


class CreditLine(Struct, frozen=True):
    """Goods that count as given back: the quantity is negative, the price is not."""

    product: str
    quantity: int
    price: Decimal


class RefusedCreditLine(Struct, frozen=True):
    """A line that gives nothing back, and why."""

    product: str
    quantity: int
    price: Decimal
    reason: str


class IssueCreditNote(Command[int]):
    """Give money back; answers how many lines were credited, 0 when the note was refused."""

    credit_note: str
    customer: str | None
    country: str
    issued_at: datetime
    lines: tuple[CreditLine, ...]


class CreditNoteIssued(Event, public=True):
    """Money was given back; `value` is what the lines come to, below zero."""

    credit_note: str
    customer: str | None
    country: str
    issued_at: datetime
    lines: tuple[CreditLine, ...]
    value: Decimal


class CreditLinesRefused(Event):
    """Beside the lines credited, these were not."""

    credit_note: str
    issued_at: datetime
    lines: tuple[RefusedCreditLine, ...]


class CreditNoteRefused(Event):
    """No line could be credited, so there is no credit note."""

    credit_note: str
    issued_at: datetime
    lines: tuple[RefusedCreditLine, ...]


class AdjustDebt(Command[None]):
    """Ask to write off a bad debt, or to take that back."""

    adjustment: str
    amount: Decimal
    asked_at: datetime


class AdjustmentRefused(Event):
    """A debt was not written off."""

    adjustment: str
    amount: Decimal
    asked_at: datetime
    reason: str

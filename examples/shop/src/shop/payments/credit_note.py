"""Gives money back for goods, and writes off no debts. Read by: authors of rules."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Self

from leftfold import Aggregate, evolves, handles
from shop.payments.messages import (
    AdjustDebt,
    AdjustmentRefused,
    CreditLine,
    CreditLinesRefused,
    CreditNoteIssued,
    CreditNoteRefused,
    IssueCreditNote,
    RefusedCreditLine,
)

__all__ = ["Adjustment", "CreditNote"]


class CreditNote(Aggregate, key="credit_note"):
    """One credit note, issued or refused."""

    value: Decimal = Decimal(0)

    @handles(new=True)
    def issue(self, command: IssueCreditNote) -> int:
        """Credit the lines that are right; refuse the rest, each with its reason."""
        note, issued_at = command.credit_note, command.issued_at
        lines, refused = sorted_out(command.lines)
        if not lines:
            self.record(CreditNoteRefused(credit_note=note, issued_at=issued_at, lines=refused))
            return 0
        self.record(
            CreditNoteIssued(
                credit_note=note,
                customer=command.customer,
                country=command.country,
                issued_at=issued_at,
                lines=lines,
                value=sum((line.price * line.quantity for line in lines), Decimal(0)),
            )
        )
        if refused:
            self.record(CreditLinesRefused(credit_note=note, issued_at=issued_at, lines=refused))
        return len(lines)

    @evolves
    @classmethod
    def issued(cls, event: CreditNoteIssued) -> Self:
        """Remember what was given back."""
        return cls(value=event.value)

    @evolves
    @classmethod
    def refused(cls, _event: CreditNoteRefused) -> Self:
        """Remember the number, so that it is not used again."""
        return cls()


class Adjustment(Aggregate, key="adjustment"):
    """One request to adjust a bad debt. The shop grants none; that it was asked is a fact."""

    amount: Decimal

    @handles(new=True)
    def ask(self, command: AdjustDebt) -> None:
        """Refuse, and keep that as a fact: whoever asked can be shown when and why."""
        self.record(
            AdjustmentRefused(
                adjustment=command.adjustment,
                amount=command.amount,
                asked_at=command.asked_at,
                reason="bad debts are not adjusted here",
            )
        )

    @evolves
    @classmethod
    def refused(cls, event: AdjustmentRefused) -> Self:
        """Remember what was asked for."""
        return cls(amount=event.amount)


def sorted_out(
    lines: Iterable[CreditLine],
) -> tuple[tuple[CreditLine, ...], tuple[RefusedCreditLine, ...]]:
    """Tell the lines that can be credited from those that cannot, which are given their reason."""
    credited: list[CreditLine] = []
    refused: list[RefusedCreditLine] = []
    for line in lines:
        if line.quantity < 0 and line.price > 0:
            credited.append(line)
            continue
        what = "quantity is not negative" if line.quantity >= 0 else "price is not positive"
        refused.append(
            RefusedCreditLine(
                product=line.product,
                quantity=line.quantity,
                price=line.price,
                reason=f"the {what}",
            )
        )
    return tuple(credited), tuple(refused)

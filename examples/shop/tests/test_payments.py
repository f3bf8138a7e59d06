"""The rules of payments: money in, money back, no debts adjusted. Read by: authors of rules."""

from datetime import UTC, datetime
from decimal import Decimal

from leftfold import AlreadyExists, given
from shop.orders.messages import OrderPlaced
from shop.payments.credit_note import Adjustment, CreditNote
from shop.payments.messages import (
    AdjustDebt,
    AdjustmentRefused,
    CreditLine,
    CreditLinesRefused,
    CreditNoteIssued,
    CreditNoteRefused,
    IssueCreditNote,
    PaymentTaken,
    RefusedCreditLine,
    TakePayment,
)
from shop.payments.payment import NothingToPay, Payment
from shop.payments.views import BillingParty, CreditsByMonth

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)
MUGS = CreditLine(product="mug", quantity=-2, price=Decimal("8.50"))
SOLD = CreditLine(product="mug", quantity=2, price=Decimal("8.50"))
FREE = CreditLine(product="ribbon", quantity=-1, price=Decimal(0))


def issuing(*lines: CreditLine) -> IssueCreditNote:
    return IssueCreditNote(
        credit_note="C1", customer="ann", country="EIRE", issued_at=NOON, lines=lines
    )


def issued(customer: str | None = "ann") -> CreditNoteIssued:
    return CreditNoteIssued(
        credit_note="C1",
        customer=customer,
        country="EIRE",
        issued_at=NOON,
        lines=(MUGS,),
        value=Decimal("-17.00"),
    )


def refused(line: CreditLine, reason: str) -> RefusedCreditLine:
    return RefusedCreditLine(
        product=line.product, quantity=line.quantity, price=line.price, reason=reason
    )


def taking(amount: str) -> TakePayment:
    return TakePayment(
        payment="p-1", order="o-1", customer="ann", amount=Decimal(amount), method="card"
    )


def taken(amount: str, customer: str | None = "ann") -> PaymentTaken:
    return PaymentTaken(
        payment="p-1", order="o-1", customer=customer, amount=Decimal(amount), method="card"
    )


NOT_BACK = refused(SOLD, "the quantity is not negative")
WORTHLESS = refused(FREE, "the price is not positive")


def test_a_payment_is_taken_once() -> None:
    given(Payment).when(taking("25.50")).then(taken("25.50"))
    given(Payment, taken("25.50")).when(taking("25.50")).rejected(AlreadyExists, match="p-1")


def test_nothing_is_no_payment() -> None:
    given(Payment).when(taking("0")).rejected(NothingToPay)
    given(Payment).when(taking("-1")).rejected(NothingToPay, match="-1")


def test_a_credit_note_gives_back_what_its_lines_come_to() -> None:
    given(CreditNote).when(issuing(MUGS)).then(issued()).returns(1)
    given(CreditNote, issued()).when(issuing(MUGS)).rejected(AlreadyExists, match="C1")


def test_lines_that_give_nothing_back_are_refused_beside_those_credited() -> None:
    given(CreditNote).when(issuing(SOLD, MUGS, FREE)).then(
        issued(),
        CreditLinesRefused(credit_note="C1", issued_at=NOON, lines=(NOT_BACK, WORTHLESS)),
    ).returns(1)


def test_a_credit_note_without_a_valid_line_is_refused_as_a_fact_of_its_own() -> None:
    nothing = CreditNoteRefused(credit_note="C1", issued_at=NOON, lines=(NOT_BACK,))

    given(CreditNote).when(issuing(SOLD)).then(nothing).returns(0)
    given(CreditNote, nothing).when(issuing(MUGS)).rejected(AlreadyExists, match="C1")


def test_an_adjustment_of_bad_debt_is_refused_as_a_fact_of_its_own() -> None:
    asked = AdjustDebt(adjustment="A1", amount=Decimal("11062.06"), asked_at=NOON)

    given(Adjustment).when(asked).then(
        AdjustmentRefused(
            adjustment="A1",
            amount=Decimal("11062.06"),
            asked_at=NOON,
            reason="bad debts are not adjusted here",
        )
    )


def test_credits_by_month_count_what_was_given_back_and_what_was_refused() -> None:
    given(
        CreditsByMonth,
        issued(),
        CreditLinesRefused(credit_note="C1", issued_at=NOON, lines=(NOT_BACK, WORTHLESS)),
        CreditNoteRefused(credit_note="C2", issued_at=NOON, lines=(NOT_BACK,)),
        AdjustmentRefused(adjustment="A1", amount=Decimal(1), asked_at=NOON, reason="no"),
    ).then(
        CreditsByMonth(
            month="2030-01",
            credit_notes=1,
            lines=1,
            value=Decimal("-17.00"),
            refused_credit_notes=1,
            refused_lines=3,
            refused_adjustments=1,
        )
    )


def test_a_billing_party_is_billed_pays_and_is_credited() -> None:
    def bill(customer: str | None) -> OrderPlaced:
        return OrderPlaced(
            order="o-1",
            customer=customer,
            country="EIRE",
            ordered_at=NOON,
            lines=(),
            total=Decimal("25.50"),
        )

    given(
        BillingParty,
        bill("ann"),
        taken("20.00"),
        issued(),
        bill(None),
        taken("5", None),
        issued(None),
    ).then(
        BillingParty(
            customer="ann",
            billed=Decimal("25.50"),
            paid=Decimal("20.00"),
            credited=Decimal("17.00"),
        )
    )

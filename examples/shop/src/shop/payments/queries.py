"""What can be asked of payments. Read by: the terminal, and later the web."""

from decimal import Decimal

from msgspec import Struct

from leftfold import Query, Rows, handles
from shop.payments.views import BillingParty, CreditsByMonth

__all__ = ["BillingOf", "CreditReport", "Credits"]


class BillingOf(Query[BillingParty]):
    """Ask what a customer was billed and has paid; `NotFound` when there was nothing yet."""

    customer: str


class Credits(Struct, frozen=True, kw_only=True):
    """All that was given back, and what was refused. `value` is below zero."""

    credit_notes: int
    lines: int
    value: Decimal
    refused_credit_notes: int
    refused_lines: int
    refused_adjustments: int


class CreditReport(Query[Credits]):
    """Ask for the credits of the whole shop."""


@handles
async def billing_of(query: BillingOf, parties: Rows[BillingParty]) -> BillingParty:
    """Find a billing party."""
    return await parties.get_one(query.customer)


@handles
async def credit_report(_query: CreditReport, months: Rows[CreditsByMonth]) -> Credits:
    """Sum up the months."""
    by_month = await months.find()
    return Credits(
        credit_notes=sum(month.credit_notes for month in by_month),
        lines=sum(month.lines for month in by_month),
        value=sum((month.value for month in by_month), Decimal(0)),
        refused_credit_notes=sum(month.refused_credit_notes for month in by_month),
        refused_lines=sum(month.refused_lines for month in by_month),
        refused_adjustments=sum(month.refused_adjustments for month in by_month),
    )

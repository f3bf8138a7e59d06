"""The figures of the shop, asked from the read models of each context. Read by: the terminal."""

from msgspec import Struct, json

from leftfold import App
from shop.amounts import plain
from shop.customers.queries import Best, BestCustomers
from shop.orders.queries import Sales, SalesReport
from shop.payments.queries import CreditReport, Credits

__all__ = ["Report", "as_json", "ask_report"]

PATIENCE_S = 60.0
"""How long the read models may take to catch up, after an import that was interrupted."""


class Report(Struct, frozen=True):
    """What each context answered."""

    sales: Sales
    credits: Credits
    customers: Best


async def ask_report(app: App) -> Report:
    """Ask each context for its figures, of all that is stored now."""
    now = await app.head()
    return Report(
        sales=await app.ask(SalesReport(), after=now, timeout_s=PATIENCE_S),
        credits=await app.ask(CreditReport(), after=now, timeout_s=PATIENCE_S),
        customers=await app.ask(BestCustomers(), after=now, timeout_s=PATIENCE_S),
    )


def as_json(report: Report) -> str:
    """Return the figures as one JSON object; amounts are strings, since JSON has no Decimal."""
    sales, given_back, customers = report.sales, report.credits, report.customers
    figures = {
        "orders": sales.orders,
        "order_lines": sales.lines,
        "sales": plain(sales.sales),
        "credit_notes": given_back.credit_notes,
        "credit_lines": given_back.lines,
        "credits": plain(given_back.value),
        "refused_order_lines": sales.refused_lines,
        "refused_credit_lines": given_back.refused_lines,
        "refused_orders": sales.refused_orders,
        "refused_adjustments": given_back.refused_adjustments,
        "orders_without_customer": sales.without_customer,
        "most_lines": sales.most_lines,
        "customers": customers.customers,
        "products": sales.products,
        "by_country": {
            row.country: {"orders": row.orders, "sales": plain(row.sales)}
            for row in sales.by_country
        },
        "by_month": {row.month: plain(row.sales) for row in sales.by_month if row.orders},
        "top_customers": [
            {"customer": row.customer, "sales": plain(row.sales)} for row in customers.best
        ],
        "top_products": [
            {"product": row.product, "sales": plain(row.sales)} for row in sales.best_products
        ],
    }
    return json.format(json.encode(figures), indent=2).decode()

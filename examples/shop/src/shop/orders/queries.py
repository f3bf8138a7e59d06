"""What can be asked of orders. Read by: the terminal, and later the web."""

from decimal import Decimal

from msgspec import Struct

from leftfold import Query, Rows, handles
from shop.orders.views import OrderFile, SalesByCountry, SalesByMonth, SalesByProduct

__all__ = ["OrderOf", "OrdersOf", "Sales", "SalesReport"]


class OrderOf(Query[OrderFile]):
    """Ask for one order; `NotFound` when there is none."""

    order: str


class OrdersOf(Query[list[OrderFile]]):
    """Ask for a customer's orders, newest first."""

    customer: str


class Sales(Struct, frozen=True, kw_only=True):
    """All that was ordered, and what was refused."""

    orders: int
    lines: int
    sales: Decimal
    most_lines: int
    without_customer: int
    refused_orders: int
    refused_lines: int
    products: int
    by_month: list[SalesByMonth]
    by_country: list[SalesByCountry]
    best_products: list[SalesByProduct]


class SalesReport(Query[Sales]):
    """Ask for the sales of the whole shop."""

    best: int = 10


@handles
async def order_of(query: OrderOf, orders: Rows[OrderFile]) -> OrderFile:
    """Find one order."""
    return await orders.get_one(query.order)


@handles
async def orders_of(query: OrdersOf, orders: Rows[OrderFile]) -> list[OrderFile]:
    """Find a customer's orders."""
    return await orders.find(customer=query.customer).order_by("-ordered_at")


@handles
async def sales_report(
    query: SalesReport,
    months: Rows[SalesByMonth],
    countries: Rows[SalesByCountry],
    products: Rows[SalesByProduct],
) -> Sales:
    """Sum up the months, and pick the best products."""
    by_month = await months.find().order_by("month")
    return Sales(
        orders=sum(month.orders for month in by_month),
        lines=sum(month.lines for month in by_month),
        sales=sum((month.sales for month in by_month), Decimal(0)),
        most_lines=max((month.most_lines for month in by_month), default=0),
        without_customer=sum(month.without_customer for month in by_month),
        refused_orders=sum(month.refused_orders for month in by_month),
        refused_lines=sum(month.refused_lines for month in by_month),
        products=await products.find().count(),
        by_month=by_month,
        by_country=await countries.find().order_by("-sales"),
        best_products=await products.find().order_by("-sales").limit(query.best),
    )

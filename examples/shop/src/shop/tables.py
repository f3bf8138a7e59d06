"""Tables of what the shop's read models answered. Read by: `shop report`, `history`, `demo`."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shop.amounts import grouped
from shop.customers.views import Profile
from shop.orders.views import OrderFile
from shop.payments.views import BillingParty
from shop.report import Report

__all__ = ["bars", "history_table", "indented", "orders_table", "parties", "report_page"]

BAR = 30


def indented(inner: RenderableType) -> RenderableType:
    """Return something two columns further right, as all that the shop prints."""
    return Padding(inner, (0, 0, 0, 2))


def _table(*columns: str, title: str | None = None) -> Table:
    """Begin a table; a column whose name begins with `>` is of figures, to the right."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="head",
        header_style="note",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for column in columns:
        is_figure = column.startswith(">")
        table.add_column(
            column.lstrip(">"),
            justify="right" if is_figure else "left",
            overflow="fold",
            no_wrap=is_figure,
        )
    return table


def bars(
    title: str, rows: Iterable[tuple[str, int, Decimal]], *, of: str = "orders"
) -> RenderableType:
    """Return a chart: what, how many orders, and what they came to as a figure and a bar."""
    rows = list(rows)
    table = _table(title, f">{of}", ">sales", "")
    most = max((sales for _, _, sales in rows), default=Decimal(0)) or Decimal(1)
    for name, orders, sales in rows:
        bar = Text("█" * max(1, round(sales * BAR / most)), style="bar")
        table.add_row(name, f"{orders:,}", grouped(sales), bar)
    return indented(table)


def orders_table(orders: Sequence[OrderFile]) -> RenderableType:
    """Return orders, one a line."""
    table = _table("order", "ordered", "status", ">lines", ">total")
    for order in orders:
        table.add_row(
            order.order,
            f"{order.ordered_at:%Y-%m-%d %H:%M}",
            order.status,
            f"{order.lines:,}",
            grouped(order.total),
        )
    return indented(table)


def history_table(order: OrderFile) -> RenderableType:
    """Return what happened to an order: when, by whom, what, and by which command."""
    table = _table("when (UTC)", "who", "what", "by command")
    for entry in order.history:
        table.add_row(
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.actor or "unknown",
            entry.what,
            Text((entry.cause or "")[:8], style="note"),
        )
    return indented(table)


def parties(profile: Profile, billing: BillingParty) -> RenderableType:
    """Return one customer as two contexts know it, side by side."""
    marketing = _table("customers: profile", "")
    last = f"{profile.last_ordered_at:%Y-%m-%d %H:%M}" if profile.last_ordered_at else "never"
    for name, value in (
        ("orders", f"{profile.orders:,}"),
        ("sales", grouped(profile.sales)),
        ("last order", last),
        ("newsletter", "yes" if profile.wants_newsletter else "no"),
    ):
        marketing.add_row(name, value)
    money = _table("payments: billing party", ">")
    for name, amount in (
        ("billed", billing.billed),
        ("paid", billing.paid),
        ("credited", billing.credited),
        ("still due", billing.billed - billing.paid - billing.credited),
    ):
        money.add_row(name, grouped(amount))
    both = Table.grid(padding=(0, 6, 0, 0))
    both.add_row(marketing, money)
    return indented(both)


def report_page(report: Report) -> RenderableType:
    """Return the report for people: figures, months, countries, the best."""
    sales, given_back = report.sales, report.credits
    figures = _table("", ">figure", "")
    for what, figure, remark in (
        ("orders", f"{sales.orders:,}", f"{sales.lines:,} lines, {sales.most_lines:,} at most"),
        ("sales", grouped(sales.sales), f"{sales.products:,} products"),
        ("credit notes", f"{given_back.credit_notes:,}", f"{given_back.lines:,} lines"),
        ("credits", grouped(given_back.value), ""),
        ("customers", f"{report.customers.customers:,}", _anonymous(sales.without_customer)),
        ("refused orders", f"{sales.refused_orders:,}", "no line was right"),
        ("refused lines", f"{sales.refused_lines:,}", f"credits: {given_back.refused_lines:,}"),
        ("adjustments", f"{given_back.refused_adjustments:,}", "of bad debt, all refused"),
    ):
        figures.add_row(what, figure, Text(remark, style="note"))
    customers = _table("best customers", ">sales")
    for profile in report.customers.best:
        customers.add_row(profile.customer, grouped(profile.sales))
    products = _table("best products", ">sales")
    for product in sales.best_products:
        products.add_row(product.product, grouped(product.sales))
    best = Table.grid(padding=(0, 6, 0, 0))
    best.add_row(customers, products)
    months = [(row.month, row.orders, row.sales) for row in sales.by_month if row.orders]
    countries = [(row.country, row.orders, row.sales) for row in sales.by_country[:10]]
    more = len(sales.by_country) - len(countries)
    return Group(
        indented(figures),
        "",
        bars("month", months),
        "",
        bars("country", countries),
        Text(f"  and {more} more (--json lists all)\n" if more > 0 else "", style="note"),
        indented(best),
    )


def _anonymous(orders: int) -> str:
    return f"{orders:,} orders without a customer"

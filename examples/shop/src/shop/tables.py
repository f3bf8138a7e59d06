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
    return Padding(inner, (0, 0, 0, 2), expand=False)


def _table(*columns: str) -> Table:
    """Begin a table; a column whose name begins with `>` is of figures, to the right."""
    table = Table(header_style="note", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        is_figure = column.startswith(">")
        table.add_column(
            column.lstrip(">"),
            justify="right" if is_figure else "left",
            overflow="fold",
            no_wrap=is_figure,
        )
    return table


def _facts(title: str, facts: Iterable[tuple[str, str]]) -> Table:
    """Return what is known of one thing, under its title."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="note",
        show_header=False,
        box=None,
        padding=(0, 2, 0, 0),
        min_width=len(title) + 2,
    )
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    for fact in facts:
        table.add_row(*fact)
    return table


def _beside(*tables: Table) -> RenderableType:
    both = Table.grid(padding=(0, 6, 0, 0))
    both.add_row(*tables)
    return indented(both)


def bars(title: str, rows: Iterable[tuple[str, int, Decimal]]) -> RenderableType:
    """Return a chart: what, how many orders, and what they came to as a figure and a bar."""
    rows = list(rows)
    table = _table(title, ">orders", ">sales", "")
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
            Text((entry.cause or "")[-8:], style="note"),  # an id begins with its time,
        )
    return indented(table)


def parties(profile: Profile, billing: BillingParty) -> RenderableType:
    """Return one customer as two contexts know it, side by side."""
    last = f"{profile.last_ordered_at:%Y-%m-%d %H:%M}" if profile.last_ordered_at else "never"
    marketing = (
        ("orders", f"{profile.orders:,}"),
        ("sales", grouped(profile.sales)),
        ("last order", last),
        ("newsletter", "yes" if profile.wants_newsletter else "no"),
    )
    accounting = (
        ("billed", grouped(billing.billed)),
        ("paid", grouped(billing.paid)),
        ("credited", grouped(billing.credited)),
        ("still due", grouped(billing.billed - billing.paid - billing.credited)),
    )
    return _beside(
        _facts("customers: Profile", marketing), _facts("payments: BillingParty", accounting)
    )


def report_page(report: Report) -> RenderableType:
    """Return the report for people: figures, months, countries, the best."""
    sales, given_back = report.sales, report.credits
    figures = Table.grid(padding=(0, 2, 0, 0))
    figures.add_column()
    figures.add_column(justify="right")
    for what, figure, remark in (
        ("orders", f"{sales.orders:,}", f"{sales.lines:,} lines, {sales.most_lines:,} at most"),
        ("sales", grouped(sales.sales), f"{sales.products:,} products"),
        ("credit notes", f"{given_back.credit_notes:,}", f"{given_back.lines:,} lines"),
        ("credits", grouped(given_back.value), ""),
        ("customers", f"{report.customers.customers:,}", _anonymous(sales.without_customer)),
        ("refused orders", f"{sales.refused_orders:,}", "no line was right"),
        ("refused lines", f"{sales.refused_lines:,}", f"{given_back.refused_lines:,} of credits"),
        ("adjustments", f"{given_back.refused_adjustments:,}", "of bad debt, all refused"),
    ):
        figures.add_row(what, figure, Text(remark, style="note"))
    best = _beside(
        _facts("best customers", [(c.customer, grouped(c.sales)) for c in report.customers.best]),
        _facts("best products", [(p.product, grouped(p.sales)) for p in sales.best_products]),
    )
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
        best,
    )


def _anonymous(orders: int) -> str:
    return f"{orders:,} orders without a customer"

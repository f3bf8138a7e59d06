"""What `shop report` and `history` do: ask the read models, print. Read by: the program."""

import sys
from pathlib import Path

from leftfold import NotFound, StoreUnusable
from shop.app import shop
from shop.orders.queries import OrderOf
from shop.report import as_json, ask_report
from shop.tables import history_table, report_page
from shop.terminal import make_console

__all__ = ["print_history", "print_report"]

SQLITE = "sqlite:///"


async def print_report(database: str, *, as_text: bool) -> None:
    """Print the figures, as tables or as one JSON object."""
    _must_exist(database)
    async with shop(database) as app:
        report = await ask_report(app)
    if as_text:
        sys.stdout.write(as_json(report) + "\n")
    else:
        console = make_console()
        console.print(f"\n[head]The shop[/] [note]in {database}[/]\n")
        console.print(report_page(report))


async def print_history(order: str, database: str) -> None:
    """Print what happened to one order."""
    _must_exist(database)
    async with shop(database) as app:
        try:
            found = await app.ask(OrderOf(order=order), after=await app.head())
        except NotFound as error:
            message = f"there is no order {order!r} in {database}"
            raise NotFound(message) from error
    console = make_console()
    customer = f"customer {found.customer}" if found.customer else "no customer"
    console.print(
        f"\n  [head]Order {found.order}[/], {found.status}\n"
        f"  [note]{customer}, {found.country}, {found.ordered_at:%Y-%m-%d %H:%M} UTC[/]\n"
    )
    console.print(history_table(found))


def _must_exist(database: str) -> None:
    """Refuse to ask a file that is not there: opening it would make it.

    Raises:
        StoreUnusable: There is no such file.
    """
    file = Path(database.removeprefix(SQLITE))
    if database.startswith(SQLITE) and not file.exists():
        message = (
            f"{file} is not there. Check the name, or import first: "
            f"shop import FILE --database {database}"
        )
        raise StoreUnusable(message)

"""The commands of the program `shop`. Read by: who runs it; `shop --help` says the same.

Heavy libraries are imported where they are used, so that help comes at once.
"""

import asyncio
import sys
from collections.abc import Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter, validators

__all__ = ["main"]

cli = App(
    name="shop",
    help="A shop on Leftfold: see it at work, import a year of trade, ask what came of it.",
    version=lambda: version("leftfold-shop"),
)
Database = Annotated[str, Parameter(env_var="SHOP_DATABASE")]
AtLeastOne = Annotated[int, Parameter(validator=validators.Number(gte=1))]


@cli.command
def demo(*, database: str | None = None, orders: AtLeastOne = 5000) -> None:
    """Tell the story of a shop, step by step, in under a minute.

    Args:
        database: Keep the story here, in a new file; else in a temporary folder.
        orders: How many orders the generated day of trade has.
    """
    from shop.demo.story import tell

    _run(tell(database, orders=orders))


@cli.command(name="import")
def import_(file: Path, /, *, database: Database, in_flight: AtLeastOne = 256) -> None:
    """Import a year of trade, safe to interrupt and to run again.

    Args:
        file: A parquet file with the columns of the Online Retail data set.
        database: Where the shop keeps its facts, as sqlite:///year.db
        in_flight: How many commands wait for their answer at a time.
    """
    from shop.trade.command import import_file

    _run(import_file(file, database, in_flight=in_flight))


@cli.command
def report(*, database: Database, json: bool = False) -> None:
    """Print the figures of the shop, asked from its read models.

    Args:
        database: Where the shop keeps its facts, as sqlite:///year.db
        json: Print one JSON object for programs, amounts as strings.
    """
    from shop.asking import print_report

    _run(print_report(database, as_text=json))


@cli.command
def history(order: str, /, *, database: Database) -> None:
    """Print what happened to an order: when, by whom, and why.

    Args:
        order: The number of the order, as 536365.
        database: Where the shop keeps its facts, as sqlite:///year.db
    """
    from shop.asking import print_history

    _run(print_history(order, database))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run a command to its end; what goes wrong is said in a line, not in a traceback."""
    from leftfold import LeftfoldError
    from shop.terminal import complain
    from shop.trade.documents import UnreadableFile
    from shop.trade.importing import ImportStopped

    try:
        asyncio.run(work)
    except (LeftfoldError, ImportStopped, UnreadableFile) as error:
        complain(error)
        sys.exit(1)
    except KeyboardInterrupt:
        complain("interrupted. What was answered is stored; run the same command again to go on.")
        sys.exit(130)


def main() -> None:
    """Run the program."""
    cli()

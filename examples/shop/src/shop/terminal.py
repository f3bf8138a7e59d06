"""How the shop looks in a terminal: colours and progress. Read by: its commands.

Everything is readable on 80 columns and without colours, in a file or a pipe.
"""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from time import perf_counter

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text
from rich.theme import Theme

__all__ = ["complain", "make_console", "meter", "programs"]

THEME = Theme(
    {
        "head": "bold",
        "note": "dim",
        "send": "cyan",
        "ok": "green",
        "no": "bold red",
        "figure": "bold",
        "bar": "cyan",
    }
)
STEP = 64
"""So many are done before the bar is told: telling it costs more than a command does."""


def programs() -> str:
    """Return the folder of the programs as one would type it, nothing if they are on the path."""
    here = Path(sys.executable).parent
    if which("shop") == str(here / "shop"):
        return ""
    folder = here.relative_to(Path.cwd()) if here.is_relative_to(Path.cwd()) else here
    return f"{folder}/"


def make_console() -> Console:
    """Return the console that commands print to; a pipe gets 80 columns."""
    return Console(theme=THEME, highlight=False, width=None if sys.stdout.isatty() else 80)


def complain(error: BaseException | str) -> None:
    """Say on standard error why a command could not do what it was asked."""
    console = Console(stderr=True, theme=THEME, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("shop: ", "no"), str(error)))


@contextmanager
def meter(console: Console, what: str, total: int) -> Generator[Callable[[], None]]:
    """Show how far a long task is: a bar in a terminal, a line each tenth of it elsewhere.

    Args:
        console: Where to show it.
        what: What is being done, as `Sending`.
        total: How many there are to do.

    Yields:
        What to call when one is done.
    """
    bar = Progress(
        TextColumn(f"  {what}"),
        BarColumn(bar_width=24, style="note", complete_style="bar", finished_style="ok"),
        MofNCompleteColumn(),
        TextColumn("[figure]{task.fields[rate]}[/]/s"),
        TimeElapsedColumn(),
        console=console,
        refresh_per_second=8,
        disable=not console.is_terminal,
    )
    task = bar.add_task(what, total=total, rate="0")
    began, done = perf_counter(), 0

    def one() -> None:
        nonlocal done
        done += 1
        if done % STEP and done != total:
            return
        rate = f"{done / (perf_counter() - began):,.0f}"
        bar.update(task, completed=done, rate=rate)
        # A pipe has no bar: a line when another tenth is reached.
        if not console.is_terminal and done * 10 // total > (done - STEP) * 10 // total:
            console.print(f"  {what} {done:,} of {total:,}, {rate}/s")

    with bar:
        yield one

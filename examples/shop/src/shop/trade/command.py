"""What `shop import` does: read, send, wait for the views, say how long. Read by: the program."""

import gc
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from rich.console import Console

from shop.app import shop
from shop.terminal import make_console, meter, programs
from shop.trade.documents import Document, read_documents
from shop.trade.importing import VIEWS, close_import, send_documents, wait_for_views

__all__ = ["import_file"]


async def import_file(path: Path, database: str, *, in_flight: int) -> None:
    """Import a file, and return when every view is current.

    Raises:
        UnreadableFile: The file is missing or no file of trade.
        ImportStopped: A document could not be imported.
        LeftfoldError: The database or a view failed.
    """
    console = make_console()
    began = perf_counter()
    documents = read_documents(path)
    read_s = perf_counter() - began
    console.print(f"\n  Read {len(documents):,} documents from {path.name}")
    with _few_collections():
        steps = await _import(console, documents, path, database, in_flight=in_flight)
    took_s = perf_counter() - began
    console.print(
        f"  [ok]Imported[/] {len(documents):,} documents in [figure]{took_s:.1f} s[/], "
        f"and all {len(VIEWS)} views are current\n"
        f"  [note](reading {read_s:.1f}, {steps})[/]"
    )
    console.print(
        f"  Now ask: [send]{programs()}shop report --database {database}[/]\n", soft_wrap=True
    )


async def _import(
    console: Console, documents: list[Document], path: Path, database: str, *, in_flight: int
) -> str:
    """Send the documents, wait for the views, and return how long the steps took."""
    began = perf_counter()
    async with shop(database) as app:
        opened = perf_counter()
        with meter(console, "Sending", len(documents)) as sent:
            await send_documents(app, documents, in_flight=in_flight, sent=sent)
        token = await close_import(app, path, len(documents))
        was_sent = perf_counter()
        with console.status("Waiting for the views") as status:
            await wait_for_views(
                app, token, waiting=lambda view: status.update(f"Waiting for {view.__name__}")
            )
        current = perf_counter()
    return (
        f"opening {opened - began:.1f}, sending {was_sent - opened:.1f}, "
        f"waiting for views {current - was_sent:.1f}, closing {perf_counter() - current:.1f}"
    )


@contextmanager
def _few_collections() -> Generator[None]:
    """Let the garbage collector look seldom.

    What is made here by the million holds no cycle, and to look through it again and again took
    a third of the whole time.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()

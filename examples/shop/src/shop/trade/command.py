"""What `shop import` does: read, send, wait for the views, say how long. Read by: the program."""

from pathlib import Path
from time import perf_counter

from shop.app import shop
from shop.terminal import make_console, meter
from shop.trade.documents import read_trade
from shop.trade.importing import VIEWS, close_import, send_documents, wait_for_views

__all__ = ["import_file"]


async def import_file(path: Path, database: str, *, in_flight: int) -> None:
    """Import a file, and return when every view is current.

    Raises:
        UnreadableFile: The file is missing or no file of trade.
        LeftfoldError: A command or a view failed.
    """
    console = make_console()
    began = perf_counter()
    trade = read_trade(path)
    was_read = perf_counter()
    console.print(f"\n  Read {len(trade):,} documents from {path.name}")
    async with shop(database) as app:
        opened = perf_counter()
        with meter(console, "Sending", len(trade)) as sent:
            await send_documents(app, trade, in_flight=in_flight, sent=sent)
        token = await close_import(app, path, len(trade))
        was_sent = perf_counter()
        with console.status("Waiting for the views") as status:
            await wait_for_views(
                app, token, waiting=lambda view: status.update(f"Waiting for {view.__name__}")
            )
        current = perf_counter()
    console.print(
        f"  [ok]Imported[/] {len(trade):,} documents in [figure]{current - began:.1f} s[/], "
        f"and all {len(VIEWS)} views are current\n"
        f"  [note](reading {was_read - began:.1f} s, opening {opened - was_read:.1f} s, "
        f"sending {was_sent - opened:.1f} s, waiting for the views {current - was_sent:.1f} s)[/]"
    )
    console.print(f"  Now ask: [send]shop report --database {database}[/]\n", soft_wrap=True)

"""Sends the documents of a file as commands, many in flight. Read by: the terminal.

Every command has an id made from its document's number, so a document that is sent again, by a
second import or after an interruption, gets its first answer and changes nothing.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from hashlib import file_digest
from pathlib import Path

from leftfold import App, LeftfoldError, NotCurrent, View
from shop.customers.views import Profile
from shop.orders.views import OrderFile, SalesByCountry, SalesByMonth, SalesByProduct
from shop.payments.views import BillingParty, CreditsByMonth
from shop.trade.book import CloseImport
from shop.trade.commands import command_of, id_of
from shop.trade.documents import Document

__all__ = ["VIEWS", "ImportStopped", "close_import", "send_documents", "wait_for_views"]

ACTOR = "import"
VIEWS: tuple[type[View], ...] = (
    OrderFile,
    SalesByMonth,
    SalesByCountry,
    SalesByProduct,
    CreditsByMonth,
    BillingParty,
    Profile,
)


class ImportStopped(Exception):
    """A document could not be imported, and nothing after it was sent."""


async def send_documents(
    app: App, documents: Iterable[Document], *, in_flight: int, sent: Callable[[], None]
) -> None:
    """Send every document, and return when each has its answer.

    Args:
        app: The running shop.
        documents: What to send.
        in_flight: How many commands wait for their answer at a time.
        sent: Called when a document was answered.

    Raises:
        ImportStopped: A command failed; what was answered before is stored.
    """
    waiting = iter(documents)
    tasks = [asyncio.create_task(_send(app, waiting, sent)) for _ in range(in_flight)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(app: App, documents: Iterator[Document], sent: Callable[[], None]) -> None:
    for document in documents:  # shared with all others in flight: each takes the next
        try:
            await app.send(command_of(document), id=id_of(document), actor=ACTOR)
        except LeftfoldError as error:
            message = f"document {document.number} could not be imported: {error}"
            raise ImportStopped(message) from error
        sent()


async def close_import(app: App, path: Path, documents: int) -> str:
    """Note that the file is in, and return the position token of that fact."""
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    command = CloseImport(digest=digest, documents=documents)
    receipt = await app.dispatch(command, id=f"file/{digest}", actor=ACTOR)
    return receipt.token


async def wait_for_views(app: App, token: str, *, waiting: Callable[[type[View]], None]) -> None:
    """Return when every view has folded all that the token stands for.

    Args:
        app: The running shop.
        token: The position to reach.
        waiting: Called with the view that is waited for, about once a second.

    Raises:
        ProcessingError: A view stands still; its message says why.
    """
    for view in VIEWS:
        while True:
            waiting(view)
            try:
                await app.rows(view).get("-", after=token, timeout_s=1)
                break
            except NotCurrent:
                continue

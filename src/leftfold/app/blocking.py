"""The App for scripts and notebooks: the same calls, without await. Read by: their authors."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from leftfold.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from uuid import UUID

    from leftfold.app.calls import Calls
    from leftfold.app.receipt import Receipt
    from leftfold.messages.message import Command, Query
    from leftfold.processing.rows import BlockingRows
    from leftfold.processing.view import View

__all__ = ["BlockingApp", "BlockingSession"]

R = TypeVar("R")
V = TypeVar("V", bound="View")


class BlockingSession:
    """Runs an App on an event loop in a thread of its own, between `with` and its end."""

    def __init__(self, app: Calls) -> None:
        """Take the App; nothing runs yet."""
        self._app = app
        self._thread: threading.Thread | None = None
        self._running: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> BlockingApp:
        """Start the thread, the loop and the App."""
        loop = self._running = asyncio.new_event_loop()
        name = f"leftfold {self._app.name}"
        self._thread = threading.Thread(target=loop.run_forever, name=name, daemon=True)
        self._thread.start()
        try:
            self._await(self._app.__aenter__())
        except BaseException:
            self._stop()
            raise
        return BlockingApp(self._app, self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the App, the loop and the thread."""
        try:
            self._await(self._app.__aexit__(kind, error, trace))
        finally:
            self._stop()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run `work` on the App's loop and wait for it; an interrupt cancels it."""
        return self._await(work)

    def _await(self, work: Coroutine[Any, Any, R]) -> R:
        assert self._running is not None  # noqa: S101  only between enter and exit
        future: Future[R] = asyncio.run_coroutine_threadsafe(work, self._running)
        try:
            return future.result()
        except Rejected as refusal:
            # The model's word, not a failure: the way it came through the App says nothing.
            raise refusal.with_traceback(None) from None
        except BaseException:
            future.cancel()
            raise

    def _stop(self) -> None:
        loop, thread = self._running, self._thread
        self._running = self._thread = None
        if loop is None or thread is None:
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


class BlockingApp:
    """An App whose calls block the caller's thread until they are done."""

    def __init__(self, app: Calls, session: BlockingSession) -> None:
        """Take a running App, and what runs it."""
        self._app = app
        self._session = session

    def send(
        self,
        command: Command[R],
        /,
        *,
        id: UUID | str | None = None,
        actor: str | None = None,
        timeout_s: float | None = None,
    ) -> R:
        """Have a command handled and return its result; see `App.send`."""
        return self._session.run(self._app.send(command, id=id, actor=actor, timeout_s=timeout_s))

    def dispatch(
        self,
        command: Command[R],
        /,
        *,
        id: UUID | str | None = None,
        actor: str | None = None,
        timeout_s: float | None = None,
    ) -> Receipt[R]:
        """Have a command handled and return its receipt; see `App.dispatch`."""
        return self._session.run(
            self._app.dispatch(command, id=id, actor=actor, timeout_s=timeout_s)
        )

    def ask(
        self, query: Query[R], /, *, after: str | None = None, timeout_s: float | None = None
    ) -> R:
        """Have a query answered; see `App.ask`."""
        return self._session.run(self._app.ask(query, after=after, timeout_s=timeout_s))

    def head(self) -> str:
        """Return the position token of the newest event; see `App.head`."""
        return self._session.run(self._app.head())

    def rows(self, view: type[V], /) -> BlockingRows[V]:
        """Return the rows of a View."""
        from leftfold.processing.rows import BlockingRows

        return BlockingRows(self._app.rows(view), self._session.run)

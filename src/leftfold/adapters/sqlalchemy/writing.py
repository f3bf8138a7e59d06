"""One thread writes, and those that wait share its flush. Read by: who looks for a transaction.

While one transaction is flushed the moves of other processors arrive; they become the next, each
in a savepoint of its own, so that one that fails takes nobody with it.
"""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy.exc import DBAPIError

from leftfold.processing.batch import FoldFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy import Connection

    from leftfold.adapters.lanes import Lane
    from leftfold.adapters.sqlalchemy.driver import Driver
    from leftfold.adapters.sqlalchemy.engine import Database
    from leftfold.clock import Clock

__all__ = ["Writer", "Written", "translated"]

T = TypeVar("T")

# A transaction takes in others for no longer than this, since all of them wait for its end.
_GROUP_S = 0.05


class Written(Generic[T]):
    """A piece of work for the writer, and what came of it."""

    def __init__(self, doing: str, work: Callable[[Connection], T]) -> None:
        """Take the work, and what errors call it."""
        self.doing = doing
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.took_s = 0.0

    def run(self, connection: Connection, database: Database) -> None:
        """Do it.

        Raises:
            StorageError: The engine failed.
        """
        with translated(self.doing, database.driver), database.held():
            self.result = self.work(connection)


class Writer:
    """Runs work in transactions that are durable when it returns."""

    def __init__(self, lane: Lane[Database], clock: Clock) -> None:
        """Take the thread that opened the database."""
        self._lane = lane
        self._clock = clock
        self._waiting: deque[Written[Any]] = deque()

    async def write(self, doing: str, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction; whatever it raises undoes it.

        Raises:
            StorageError: The engine failed; nothing was changed.
        """
        result: T = (await self.written(doing, work)).result
        return result

    async def written(self, doing: str, work: Callable[[Connection], T]) -> Written[T]:
        """Do work, and return also how long it took; see `write`."""
        written = Written(doing, work)
        self._waiting.append(written)
        await self._lane.call(self._drain)
        if written.error is not None:
            raise written.error
        return written

    def _drain(self, database: Database) -> None:
        """Do what waits, in one transaction; nothing is left where an earlier one took it in."""
        if not self._waiting:
            return
        group = [self._waiting.popleft()]
        try:
            with translated(group[0].doing, database.driver):
                database.driver.check()
                with database.alone(), database.writing.begin() as connection:
                    self._run(group, connection, database)
                    flushing = self._clock.monotonic()
                share_s = (self._clock.monotonic() - flushing) / len(group)
            for written in group:
                written.took_s += share_s
        except BaseException as error:  # noqa: BLE001  those who wait are in another thread
            for written in group:
                written.error = written.error or error

    def _run(self, group: list[Written[Any]], connection: Connection, database: Database) -> None:
        began = self._clock.monotonic()
        group[0].run(connection, database)
        group[0].took_s = self._clock.monotonic() - began
        while self._waiting and self._clock.monotonic() - began < _GROUP_S:
            written = self._waiting.popleft()
            group.append(written)
            own = self._clock.monotonic()
            savepoint = connection.begin_nested()
            try:
                written.run(connection, database)
            except Exception as error:  # noqa: BLE001  as above
                savepoint.rollback()
                written.error = error
            else:
                savepoint.commit()
            written.took_s = self._clock.monotonic() - own


@contextlib.contextmanager
def translated(doing: str, driver: Driver) -> Generator[None]:
    """Raise the engine's errors as Leftfold's, also those that a Projection met.

    Raises:
        StorageError: The engine failed.
    """
    try:
        yield
    except FoldFailed as failed:
        cause = failed.__cause__
        if isinstance(cause, DBAPIError) and driver.is_failure(cause.orig or cause):
            raise driver.failure(doing, cause.orig or cause) from failed
        raise
    except DBAPIError as error:
        raise driver.failure(doing, error.orig or error) from error

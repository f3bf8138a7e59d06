"""One connection that writes and others that read. Read by: who asks what may wait for what.

On a file SQLite's WAL lets readers keep their snapshot while
the writer goes on. In memory there is no WAL: whoever reads holds the writer back, and the other
way round, so a gate keeps the two apart.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy import Connection, Engine

__all__ = ["Database", "open_file", "open_memory"]

READERS = 4
_NUMBERS = itertools.count(1)
_BUSY_MS = 5_000


class _Gate:
    """Lets either one writer through, or any number of readers, who go first."""

    def __init__(self) -> None:
        """Begin open."""
        self._changed = threading.Condition()
        self._readers = 0
        self._writing = False

    def enter(self) -> None:
        """Wait until nobody writes, and hold the writer back."""
        with self._changed:
            self._changed.wait_for(lambda: not self._writing)
            self._readers += 1

    def leave(self) -> None:
        """Let the writer go on, if this was the last reader."""
        with self._changed:
            self._readers -= 1
            self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """Wait until nobody reads, and hold all others back."""
        with self._changed:
            self._changed.wait_for(lambda: not self._writing and not self._readers)
            self._writing = True
        try:
            yield
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()


class Database:
    """An engine that writes, one that reads, and what they share."""

    def __init__(
        self,
        place: str,
        connect: Callable[[], Any],
        *,
        gate: _Gate | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Take what opens a driver's connection.

        Args:
            place: What errors call the database.
            connect: Opens a connection of the driver.
            gate: Keeps readers and writer apart, where the engine does not.
            check: Looks whether the database is still the one that was opened.
        """
        self.place = place
        self.shared = gate is None
        self._gate = gate
        self.check = check or (lambda: None)
        self._keeper = connect()  # a database in memory lives as long as one connection
        self.writing = _engine(connect, 1, "BEGIN IMMEDIATE")
        self.reading = _engine(connect, READERS, "BEGIN", read_only=True)

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """Hold readers back where they would not see one state."""
        with self._gate.alone() if self._gate else contextlib.nullcontext():
            yield

    def begin_reading(self) -> Connection:
        """Return a connection that sees one state until `end_reading`."""
        if self._gate is not None:
            self._gate.enter()
        try:
            connection = self.reading.connect()
            connection.begin()
        except BaseException:
            if self._gate is not None:
                self._gate.leave()
            raise
        return connection

    def end_reading(self, connection: Connection) -> None:
        """Give a connection back."""
        try:
            connection.close()
        finally:
            if self._gate is not None:
                self._gate.leave()

    def close(self) -> None:
        """Close every connection."""
        self.writing.dispose()
        self.reading.dispose()
        self._keeper.close()


def _engine(
    connect: Callable[[], Any], size: int, begin: str, *, read_only: bool = False
) -> Engine:
    from leftfold.adapters.sqlite import dbapi

    engine = create_engine(
        "sqlite://",
        module=sys.modules[dbapi.__name__],
        creator=connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=-1,
    )

    def begin_now(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    def only_read(opened: Any, _record: Any) -> None:
        opened.execute("PRAGMA query_only = ON")

    event.listen(engine, "begin", begin_now)
    if read_only:
        event.listen(engine, "connect", only_read)
    return engine


def open_file(path: str, *, read_only: bool = False) -> Database:
    """Open a file of its own, through the SQLite library that the event store uses.

    Raises:
        StoreMissing: There is none, and `read_only` makes none.
        StoreUnusable: It cannot be used.
    """
    from leftfold.adapters.sqlite import dbapi
    from leftfold.adapters.sqlite.looking import LookedAtFile
    from leftfold.adapters.sqlite.viewsfile import ViewsFile

    file = LookedAtFile(path) if read_only else ViewsFile(path)
    return Database(
        path,
        lambda: dbapi.Connection(file.connect(busy_timeout_ms=_BUSY_MS)),
        check=file.check,
    )


def open_memory() -> Database:
    """Open a database that is gone when it is closed."""
    from leftfold.adapters.sqlite import dbapi

    name = f"leftfold-{next(_NUMBERS)}"
    return Database("the database in memory", lambda: dbapi.connect_memory(name), gate=_Gate())

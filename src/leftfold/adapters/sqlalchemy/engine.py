"""One connection that writes and others that read. Read by: who asks what may wait for what.

On a file SQLite's WAL lets readers keep their snapshot while
the writer goes on. In memory there is no WAL: whoever reads holds the writer back, and the other
way round, so a gate keeps the two apart.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.pool import QueuePool

from leftfold.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Connection, Engine

    from leftfold.adapters.sqlalchemy.driver import Driver

__all__ = ["READERS", "Database"]

READERS = 4


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

    def __init__(self, driver: Driver) -> None:
        """Open what the driver is for."""
        self.driver = driver
        self._gate = None if driver.shared else _Gate()
        self._keeper = driver.connect()  # a database in memory lives as long as one connection
        self.writing = _engine(driver, 1, driver.begin_writing)
        self.reading = _engine(driver, READERS, "BEGIN", only_read=driver.only_read)
        self._held = False
        for ending in ("commit", "rollback"):
            event.listen(self.writing, ending, self._refuse_ending)

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        """Keep the transaction open, whatever a Projection does with its connection."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def _refuse_ending(self, _connection: Connection) -> None:
        if self._held:
            message = (
                "The connection of a Projection was committed or rolled back. Its transaction is "
                "that of the position too, and Leftfold ends it; remove the call."
            )
            raise ConfigurationError(message)

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


def _engine(driver: Driver, size: int, begin: str, *, only_read: str = "") -> Engine:
    engine = create_engine(
        driver.dialect,
        module=driver.module,
        creator=driver.connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=-1,
    )

    def begin_now(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    def forbid_writing(opened: Any, _record: Any) -> None:
        opened.execute(only_read)

    event.listen(engine, "begin", begin_now)
    if only_read:
        event.listen(engine, "connect", forbid_writing)
    return engine

"""The event store in an SQLite file, the embedded default. Read by: who opens or extends it.

One thread writes, others read, each with a connection of its own; several processes may share
the file. Only apsw ever opens it: two SQLite libraries in one process do not see each other's
locks.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar
from uuid import UUID

import apsw

from leftfold.adapters.lanes import Lane
from leftfold.adapters.sqlite import reading
from leftfold.adapters.sqlite.connection import Connection
from leftfold.adapters.sqlite.looking import LookedAtFile, Looker
from leftfold.adapters.sqlite.storefile import StoreFile, Synchronous, failure, path_of
from leftfold.adapters.sqlite.writing import Writer
from leftfold.clock import Clock
from leftfold.errors import StoreUnusable
from leftfold.eventstore.port import (
    Appended,
    Commit,
    Criteria,
    EventStore,
    Mark,
    Page,
    Receipt,
    Record,
    Result,
)
from leftfold.eventstore.watch import HeadWatch

__all__ = ["SqliteEventStore", "open_eventstore", "open_file"]

T = TypeVar("T")

_READERS = 2
_BUSY_MS = 5_000


async def open_eventstore(url: str, *, clock: Clock, read_only: bool = False) -> EventStore:
    """Open the store at `sqlite:///relative.db` or `sqlite:////absolute.db`.

    Args:
        url: Which file.
        clock: Where time comes from.
        read_only: Open what is there, beside who writes; nothing is made or changed.

    Raises:
        ConfigurationError: The URL names no file, or asks for options.
        StoreMissing: There is no file, and `read_only` makes none.
        StoreUnusable: The file cannot be used; the message says why and what to do.
    """
    path = path_of(url)
    if read_only:
        file = LookedAtFile(path)
        return await _known(SqliteEventStore(file, clock, partial(Looker, file)))
    return await open_file(path, clock=clock)


async def open_file(
    path: str, *, clock: Clock, synchronous: Synchronous = "FULL", vfs: str | None = None
) -> "SqliteEventStore":
    """Open the store in a file, made if there is none.

    `synchronous` and `vfs` are for `leftfold.testing`, which takes durability away to see that
    its absence is noticed.
    """
    file = StoreFile(path, synchronous=synchronous, vfs=vfs)
    identity = UUID(int=clock.random.getrandbits(128), version=4)
    return await _known(SqliteEventStore(file, clock, partial(Writer, file, clock, identity)))


async def _known(store: "SqliteEventStore") -> "SqliteEventStore":
    """Return a store whose file is found to be one."""
    try:
        await store.identity()
    except BaseException:
        await store.close()
        raise
    return store


class SqliteEventStore:
    """A log in a file."""

    def __init__(
        self, file: StoreFile, clock: Clock, writer: Callable[[], Writer | Looker]
    ) -> None:
        self._file = file
        self._open = True
        self._writer = Lane("leftfold-writer", writer, _close_writer)
        self._readers = Lane("leftfold-reader", self._reader, file.close, threads=_READERS)
        self._watch = HeadWatch(self.head, clock)

    def _reader(self) -> Connection:
        connection = self._file.connect(busy_timeout_ms=_BUSY_MS)
        connection.pragma("query_only", 1)
        return connection

    async def append(self, commits: Sequence[Commit]) -> list[Result]:
        """Store the commits in one transaction with one flush."""
        self._check_open()
        results = await self._writer.call(lambda writer: writer.append(commits))
        for result in reversed(results):
            if isinstance(result, Appended):
                self._watch.appended(result.last)
                break
        return results

    async def read(
        self, tenant: str, stream: str, *, after: Mark | None, limit: int
    ) -> Sequence[Record]:
        """Read through the stream's index."""
        return await self._read(
            lambda reader: reading.read_stream(reader, tenant, stream, after, limit)
        )

    async def read_all(
        self, criteria: Criteria, *, after: Mark | None, limit: int, tenant: str | None = None
    ) -> Page:
        """Read through the tags where all criteria have some, else through the log."""
        return await self._read(
            lambda reader: reading.read_all(reader, criteria, after, limit, tenant)
        )

    async def records(self, first: int, last: Mark) -> Sequence[Record]:
        """Read a part of the log."""
        return await self._read(lambda reader: reading.read_range(reader, first, last))

    async def head(self) -> Mark | None:
        """Read the end of the log."""
        return await self._read(reading.read_head)

    async def wait(self, after: Mark | None, timeout_s: float) -> bool:
        """Wait for an append here, and look for those of other processes."""
        self._check_open()
        return await self._watch.moved(after, timeout_s)

    async def receipt(self, tenant: str, command: str) -> Receipt | None:
        """Look the receipt up."""
        return await self._read(lambda reader: reading.read_receipt(reader, tenant, command))

    async def types(self) -> Mapping[tuple[str, int], int]:
        """Count them, looking through the whole log."""
        return await self._read(reading.read_types)

    async def identity(self) -> UUID:
        """Return what was drawn when the file was made."""
        self._check_open()
        return await self._writer.call(lambda writer: writer.identity)

    async def close(self) -> None:
        """Finish what is queued, then close the file."""
        self._open = False
        self._watch.close()
        if self._file.inherited:
            return  # the threads are the parent's
        await self._readers.close()
        await self._writer.close()

    async def _read(self, query: Callable[[Connection], T]) -> T:
        self._check_open()

        def run(connection: Connection) -> T:
            self._file.check()
            try:
                return query(connection)
            except apsw.Error as error:
                raise failure(f"Reading {self._file.path}", error) from error

        return await self._readers.call(run)

    def _check_open(self) -> None:
        self._file.check_process()
        if not self._open:
            raise StoreUnusable(
                f"Using {self._file.path}: the event store is closed. Open it again to go on."
            )


def _close_writer(writer: Writer | Looker) -> None:
    writer.close()

"""Where facts are kept. Read by: authors of stores; models and apps never see this port.

A store holds records, which are bytes and headers; it never sees a codec. The values here are
`msgspec.Struct`s because a page of 5,000 records is made of them: one costs 130 ns where a
frozen dataclass of eleven fields costs 1,700.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

import msgspec

__all__ = [
    "Appended",
    "Commit",
    "Condition",
    "Conflict",
    "Criteria",
    "Criterion",
    "Duplicate",
    "EventStore",
    "Expectation",
    "Mark",
    "NewRecord",
    "Page",
    "Receipt",
    "Record",
    "Result",
]


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A place in a stream or in the log, and the record that stands there.

    Numbers repeat after an older backup was restored and has grown again; ids do not. So
    whoever compares places compares marks. `None` stands for the place before the first.
    """

    number: int
    record: UUID


class NewRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event as bytes and headers, before the store has given it its place."""

    id: UUID
    stream: str
    type: str
    revision: int
    tags: frozenset[str]
    data: bytes
    metadata: bytes


class Record(NewRecord, frozen=True, kw_only=True, gc=False):
    """An event as it is kept.

    `position` counts the records of the log, `version` those of the stream, both from 1 and
    without gaps. `recorded` is aware, in UTC, and never decreases along the log.
    """

    tenant: str
    position: int
    version: int
    recorded: datetime

    @property
    def in_log(self) -> Mark:
        """Return its place in the log."""
        return Mark(self.position, self.id)

    @property
    def in_stream(self) -> Mark:
        """Return its place in its stream."""
        return Mark(self.version, self.id)


class Criterion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Records of any of these types that carry all of these tags.

    No types means every type, no tags means whatever the tags.
    """

    types: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def meets(self, record: NewRecord) -> bool:
        """Tell whether a record is one of those."""
        return (not self.types or record.type in self.types) and self.tags <= record.tags


Criteria: TypeAlias = tuple[Criterion, ...]
"""Records that meet at least one criterion; the empty tuple is every record."""


class Expectation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The head that a stream must still have; `None`: the stream must not exist."""

    stream: str
    head: Mark | None


class Condition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """No record of the tenant after `after` may meet the criteria.

    This is a dynamic consistency boundary. `after` is the head of the log as it was read
    before the records were queried; where another record stands there now, or none, the
    condition does not hold.
    """

    criteria: Criteria
    after: Mark | None


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The first answer to a command, kept with what it caused.

    `command` is the id as its caller wrote it, `fingerprint` tells another content under the
    same id, `outcome` is the answer in bytes that only its writer reads. The store fills in
    the rest when it stores the receipt: `first` is the position of the commit's first record,
    0 where it has none, and `last` is the head of the log right after the commit. So
    `records(receipt.first, receipt.last)` reads its events again.
    """

    command: str
    fingerprint: bytes
    outcome: bytes
    first: int = 0
    last: Mark | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one command leaves: all of it is stored, or nothing.

    Records of one stream get the versions after its head, in the order given.
    """

    tenant: str = ""
    records: tuple[NewRecord, ...] = ()
    expects: tuple[Expectation, ...] = ()
    condition: Condition | None = None
    receipt: Receipt | None = None


class Appended(msgspec.Struct, frozen=True, gc=False):
    """The commit is durable.

    `first` is the position of its first record, 0 where it has none. `last` is the head of the
    log right after it: its own last record, or where it has none the newest there is.
    """

    first: int
    last: Mark | None


class Conflict(msgspec.Struct, frozen=True, gc=False):
    """Somebody decided first; nothing was stored.

    Both texts are for people: what the commit expected, and what is there.
    """

    expected: str
    found: str


class Duplicate(msgspec.Struct, frozen=True, gc=False):
    """The command has run before; this is its receipt. Nothing was stored now.

    Whether it is the same command is for the caller to see: compare the fingerprints.
    """

    receipt: Receipt


Result: TypeAlias = Appended | Conflict | Duplicate


class Page(msgspec.Struct, frozen=True, gc=False):
    """Records in order, and how far the log was looked through to find them.

    `upto` moves on even where nothing matched, so that a reader with few wanted records
    does not look through the rest again. The next page is read after it. It equals the mark
    that was asked from exactly when the log ends there.
    """

    records: Sequence[Record]
    upto: Mark | None


class EventStore(Protocol):
    """A log of records in one total order, with receipts of what wrote it.

    Every method may also raise `StoreUnusable`: the file was replaced, the process forked,
    the store closed. It says what to do, and trying again does not help.
    """

    async def append(self, commits: Sequence[Commit]) -> list[Result]:
        """Store each commit as one unit, durably, in the order given.

        Each commit is judged after those before it: first its receipt, then the ids of its
        records (stored already: the answer is their `Appended`), then expectations and
        condition. Callers go through `GroupCommit`, which checks limits and forms groups.

        Args:
            commits: Independent of each other; one conflict does not touch the others.

        Returns:
            One result per commit, in the same order.

        Raises:
            CommitRefused: One of the commits cannot be stored as it is, such as an id that
                another record bears. Nothing of this call is stored.
            StorageError: Nothing of this call is known to be stored. Append the same
                commits again; the store recognises what it has.
        """
        ...

    async def read(
        self, tenant: str, stream: str, *, after: Mark | None, limit: int
    ) -> Sequence[Record]:
        """Return the stream's records after a mark, oldest first, at most `limit`.

        Raises:
            StoreChanged: The record at `after` is not the one that stood there.
        """
        ...

    async def read_all(
        self, criteria: Criteria, *, after: Mark | None, limit: int, tenant: str | None = None
    ) -> Page:
        """Return what meets the criteria after a mark, in the order of the log.

        A page may be short, or empty, before the log ends: the store looks through a bounded
        part of it and says with `upto` how far. No transaction stays open between pages.
        Whoever sees a position has seen all before it.

        Args:
            criteria: What is wanted; the empty tuple is every record.
            after: Where to go on; `None` starts at the beginning.
            limit: How many records at most, at least 1.
            tenant: Whose records; `None` is everybody's.

        Raises:
            StoreChanged: The record at `after` is not the one that stood there.
        """
        ...

    async def records(self, first: int, last: Mark) -> Sequence[Record]:
        """Return the records from one position to a mark, both included, oldest first.

        These are the events of a receipt: one commit's, so 1,000 at most.

        Raises:
            StoreChanged: The record at `last` is not the one that stood there.
        """
        ...

    async def head(self) -> Mark | None:
        """Return the place of the newest record."""
        ...

    async def wait(self, after: Mark | None, timeout_s: float) -> bool:
        """Return true as soon as the log's head is not the mark, false after the time.

        An append in the same process wakes it at once. A log that does not hold the mark is
        not at it either, so whoever waits goes on to read and is told that the store changed.
        """
        ...

    async def receipt(self, tenant: str, command: str) -> Receipt | None:
        """Return the first answer to a command, if it has run."""
        ...

    async def types(self) -> Mapping[tuple[str, int], int]:
        """Return how many records the log holds of each type and revision.

        It looks through the whole log, so it is for checks, not for the way of a command.
        """
        ...

    async def identity(self) -> UUID:
        """Return what tells this log from every other, the same for its copies."""
        ...

    async def close(self) -> None:
        """Finish what is being written and let go of the engine; closing again is fine."""
        ...

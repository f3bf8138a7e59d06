"""Small records and commits for the contracts of stores. Read by: authors of contracts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from uuid import UUID

from leftfold.clock import SystemClock
from leftfold.eventstore.port import (
    Appended,
    Commit,
    EventStore,
    Expectation,
    Mark,
    NewRecord,
    Receipt,
    Record,
)

__all__ = [
    "Clocked",
    "ContractClock",
    "append",
    "commit",
    "everything",
    "expects",
    "receipt",
    "record",
]

_chance = SystemClock().random


class ContractClock(SystemClock):
    """The machine's time, unless a test holds it."""

    held: datetime | None = None

    def now(self) -> datetime:
        """Return the held time, else the time of day."""
        return self.held or super().now()


class Clocked:
    """A contract whose store is opened with a clock that it may hold."""

    @cached_property
    def clock(self) -> ContractClock:
        """Return the clock of one test."""
        return ContractClock()


def record(
    stream: str = "Account/ann",
    *,
    type: str = "Deposited",
    tags: Iterable[str] = (),
    data: bytes = b'{"amount":5}',
    id: UUID | None = None,
) -> NewRecord:
    """Return a record with an id of its own."""
    return NewRecord(
        id=id or UUID(int=_chance.getrandbits(128), version=4),
        stream=stream,
        type=type,
        revision=1,
        tags=frozenset(tags),
        data=data,
        metadata=b"{}",
    )


def commit(*records: NewRecord, tenant: str = "") -> Commit:
    """Return a commit that expects nothing."""
    return Commit(tenant=tenant, records=records)


def expects(stream: str, head: Mark | None) -> tuple[Expectation, ...]:
    """Return the expectation of one stream's head."""
    return (Expectation(stream=stream, head=head),)


def receipt(command: str, *, outcome: bytes = b"5", fingerprint: bytes = b"#") -> Receipt:
    """Return a receipt that is not stored yet."""
    return Receipt(command=command, fingerprint=fingerprint, outcome=outcome)


async def append(store: EventStore, *commits: Commit) -> list[Appended]:
    """Append commits that must all be stored."""
    results = await store.append(commits)
    appended = [result for result in results if isinstance(result, Appended)]
    assert len(appended) == len(commits), results
    return appended


async def everything(store: EventStore, *, limit: int = 100) -> Sequence[Record]:
    """Read the whole log, page by page."""
    found: list[Record] = []
    after: Mark | None = None
    while True:
        page = await store.read_all((), after=after, limit=limit)
        found += page.records
        if page.upto == after:
            return found
        after = page.upto

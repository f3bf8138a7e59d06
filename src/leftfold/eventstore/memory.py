"""The event store in memory. Read by: whoever wants to know what a store has to do.

It is the specification: every other store is compared with it. One list is the log, and each
method says in the plainest way what the others must answer as well.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from leftfold.clock import Clock
from leftfold.errors import CommitRefused, StoreMissing, StoreUnusable
from leftfold.eventstore.conflicts import (
    condition_moved,
    condition_not_met,
    id_in_use,
    store_changed,
    stream_moved,
)
from leftfold.eventstore.port import (
    Appended,
    Commit,
    Condition,
    Conflict,
    Criteria,
    Duplicate,
    EventStore,
    Mark,
    NewRecord,
    Page,
    Receipt,
    Record,
    Result,
)

__all__ = ["MemoryEventStore", "open_memory"]

# How many records one page looks through at most.
_WINDOW = 10_000


async def open_memory(url: str, *, clock: Clock, read_only: bool = False) -> EventStore:
    """Open an empty store, which is gone when it is closed.

    Raises:
        StoreMissing: It was to be read only, so there would never be anything in it.
    """
    if read_only:
        raise StoreMissing(
            f"Reading {url!r}: a store in memory lives in the process of its app, and no other "
            f"can look at it. Give the app a file, as sqlite:///shop.db, and look at that."
        )
    return MemoryEventStore(clock)


class MemoryEventStore:
    """A log in a list."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._identity = UUID(int=clock.random.getrandbits(128), version=4)
        self._log: list[Record] = []
        self._streams: dict[tuple[str, str], list[Record]] = {}
        self._ids: dict[UUID, Record] = {}
        self._receipts: dict[tuple[str, str], Receipt] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self._open = True

    async def append(self, commits: Sequence[Commit]) -> list[Result]:
        """Judge and store the commits one after the other."""
        self._check_open()
        before = len(self._log), len(self._receipts)
        try:
            results = [self._append(commit) for commit in commits]
        except CommitRefused:
            self._forget(*before)
            raise
        if len(self._log) > before[0]:
            self._wake()
        return results

    def _append(self, commit: Commit) -> Result:
        tenant, receipt = commit.tenant, commit.receipt
        if receipt and (known := self._receipts.get((tenant, receipt.command))):
            return Duplicate(known)
        if stored := self._stored(commit):
            return stored
        if conflict := self._conflict(commit):
            return conflict
        first = len(self._log) + 1 if commit.records else 0
        for record in commit.records:
            self._add(tenant, record)
        last = self._head()
        if receipt:
            kept = msgspec.structs.replace(receipt, first=first, last=last)
            self._receipts[tenant, receipt.command] = kept
        return Appended(first, last)

    def _stored(self, commit: Commit) -> Appended | None:
        """Return the first answer to records that are stored already, all of them in order."""
        found = [self._ids.get(record.id) for record in commit.records]
        known = [record for record in found if record]
        if not known:
            return None
        first, last = known[0], known[-1]
        same = [(r.tenant, r.position, r.stream, r.type, r.data) for r in known]
        if same != [
            (commit.tenant, position, new.stream, new.type, new.data)
            for position, new in enumerate(commit.records, first.position)
        ]:
            raise id_in_use(first.id, first.position)
        return Appended(first.position, last.in_log)

    def _conflict(self, commit: Commit) -> Conflict | None:
        for expects in commit.expects:
            stream = self._streams.get((commit.tenant, expects.stream))
            found = stream[-1].in_stream if stream else None
            if found != expects.head:
                return stream_moved(expects, found)
        return self._violated(commit.tenant, commit.condition) if commit.condition else None

    def _violated(self, tenant: str, condition: Condition) -> Conflict | None:
        after = condition.after
        if after and (found := self._mark_at(after.number)) != after:
            return condition_moved(after, found)
        for record in self._log[after.number if after else 0 :]:
            if record.tenant == tenant and _meets(condition.criteria, record):
                return condition_not_met(after, record.position)
        return None

    def _add(self, tenant: str, new: NewRecord) -> None:
        stream = self._streams.setdefault((tenant, new.stream), [])
        record = Record(
            id=new.id,
            stream=new.stream,
            type=new.type,
            revision=new.revision,
            tags=new.tags,
            data=new.data,
            metadata=new.metadata,
            tenant=tenant,
            position=len(self._log) + 1,
            version=len(stream) + 1,
            recorded=self._next_time(),
        )
        stream.append(record)
        self._log.append(record)
        self._ids[record.id] = record

    def _next_time(self) -> datetime:
        """Return the time of day, or the newest record's if the clock was set back."""
        now = self._clock.now().astimezone(UTC)
        return max(now, self._log[-1].recorded) if self._log else now

    def _forget(self, length: int, receipts: int) -> None:
        """Take back what a refused call has stored so far."""
        for record in reversed(self._log[length:]):
            del self._ids[record.id]
            self._streams[record.tenant, record.stream].pop()
        del self._log[length:]
        while len(self._receipts) > receipts:
            self._receipts.popitem()

    async def read(
        self, tenant: str, stream: str, *, after: Mark | None, limit: int
    ) -> Sequence[Record]:
        """Return a slice of the stream."""
        self._check_open()
        records = self._streams.get((tenant, stream), [])
        start = after.number if after else 0
        found = records[start - 1].in_stream if 0 < start <= len(records) else None
        _check_mark(after, found, f"stream {stream!r}")
        return records[start : start + limit]

    async def read_all(
        self, criteria: Criteria, *, after: Mark | None, limit: int, tenant: str | None = None
    ) -> Page:
        """Return what meets the criteria in the next part of the log."""
        self._check_open()
        start = after.number if after else 0
        _check_mark(after, self._mark_at(start), "the log")
        records: list[Record] = []
        upto = after
        for record in self._log[start : start + _WINDOW]:
            upto = record.in_log
            if tenant in (None, record.tenant) and _meets(criteria, record):
                records.append(record)
                if len(records) == limit:
                    break
        return Page(records, upto)

    async def records(self, first: int, last: Mark) -> Sequence[Record]:
        """Return a slice of the log."""
        self._check_open()
        _check_mark(last, self._mark_at(last.number), "the log")
        return self._log[first - 1 : last.number]

    async def head(self) -> Mark | None:
        """Return the newest record's place."""
        self._check_open()
        return self._head()

    async def wait(self, after: Mark | None, timeout_s: float) -> bool:
        """Wait for the next append, or for the clock."""
        self._check_open()
        deadline = self._clock.monotonic() + timeout_s
        while self._head() == after:
            left = deadline - self._clock.monotonic()
            if left <= 0 or not self._open:
                return False
            await self._next_append(left)
        return True

    async def _next_append(self, timeout_s: float) -> None:
        appended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(appended)
        timer = self._clock.start(self._clock.sleep(timeout_s), name="leftfold wait")
        try:
            await asyncio.wait([appended, timer], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.discard(appended)
            timer.cancel()

    def _wake(self) -> None:
        for appended in self._waiting:
            if not appended.done():
                appended.set_result(None)

    async def receipt(self, tenant: str, command: str) -> Receipt | None:
        """Look the receipt up."""
        self._check_open()
        return self._receipts.get((tenant, command))

    async def types(self) -> Mapping[tuple[str, int], int]:
        """Count them."""
        self._check_open()
        return Counter((record.type, record.revision) for record in self._log)

    async def identity(self) -> UUID:
        """Return what was drawn when the store was made."""
        self._check_open()
        return self._identity

    async def close(self) -> None:
        """Wake who waits; what was stored is gone."""
        self._open = False
        self._wake()

    def _head(self) -> Mark | None:
        return self._log[-1].in_log if self._log else None

    def _mark_at(self, position: int) -> Mark | None:
        return self._log[position - 1].in_log if 0 < position <= len(self._log) else None

    def _check_open(self) -> None:
        if not self._open:
            raise StoreUnusable("The event store is closed. Open it again to go on.")


def _meets(criteria: Criteria, record: NewRecord) -> bool:
    return not criteria or any(criterion.meets(record) for criterion in criteria)


def _check_mark(wanted: Mark | None, found: Mark | None, where: str) -> None:
    if wanted and found != wanted:
        raise store_changed(where, wanted, found)

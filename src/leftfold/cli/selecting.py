"""Which events are wanted, and how the log is read for them. Read by: `leftfold events`."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from leftfold.cli.failing import WrittenWrong
from leftfold.eventstore.port import Criterion

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from leftfold.eventstore.port import Criteria, EventStore, Mark, Record

__all__ = ["TENANT", "Wanted", "following", "mark_before", "newest", "pages", "time_of"]

TENANT = ""
"""Whose events are shown; nothing writes for any other yet."""

_PAGE = 1_000
_WAIT_S = 60.0
_AGO = re.compile(r"(\d+)([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# Longer than a name may be, so no event has it and a page only tells how far it looked.
_NOTHING: Criteria = (Criterion(types=frozenset({"-" * 129})),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an event must be to be shown; empty means whatever it is."""

    types: frozenset[str] = frozenset()
    stream: str | None = None
    tags: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    """The position that it must be beyond."""

    @property
    def criteria(self) -> Criteria:
        """Return what the store can find by itself."""
        if not self.types and not self.tags:
            return ()
        return (Criterion(types=self.types, tags=self.tags),)

    def meets(self, record: Record) -> bool:
        """Tell whether a record is wanted."""
        return (
            record.position > self.after
            and record.tenant == TENANT
            and (not self.types or record.type in self.types)
            and (self.stream is None or record.stream == self.stream)
            and self.tags <= record.tags
            and (self.since is None or record.recorded >= self.since)
            and not self.is_past(record)
        )

    def is_past(self, record: Record) -> bool:
        """Tell whether a record, and so all after it, came too late."""
        return self.until is not None and record.recorded > self.until


def time_of(text: str, now: datetime) -> datetime:
    """Return the time that a person wrote: an ISO date or time, or how long ago.

    Args:
        text: `2026-11-23`, `2026-11-23T18:00`, `2026-11-23T18:00+01:00`, or `15m`, `2h`, `3d`;
            without a zone it is UTC.
        now: The time of day.

    Raises:
        WrittenWrong: It is neither.
    """
    if ago := _AGO.fullmatch(text):
        try:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        message = (
            f"{text!r} is no time. Write a date or time in UTC, as 2026-11-23 or 2026-11-23T18:00, "
            "or how long ago, as 15m, 2h or 3d."
        )
        raise WrittenWrong(message) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


async def newest(store: EventStore, wanted: Wanted, head: Mark, limit: int) -> list[Record]:
    """Return the newest wanted records up to a head, oldest first."""
    if wanted.stream is not None or wanted.tags:
        last: deque[Record] = deque(maxlen=limit)
        async for page in pages(store, wanted):
            last.extend(record for record in page if record.position <= head.number)
        return list(last)
    records: list[Record] = []
    async for record in _backward(store, head):
        if wanted.since is not None and record.recorded < wanted.since:
            break
        if wanted.meets(record):
            records.append(record)
            if len(records) == limit:
                break
    return records[::-1]


async def _backward(store: EventStore, head: Mark) -> AsyncIterator[Record]:
    window = await store.records(max(1, head.number - _PAGE + 1), head)
    while window:
        for record in reversed(window):
            yield record
        oldest = window[0]
        first = max(1, oldest.position - _PAGE + 1)
        # A place is only named by who stands there, so the oldest is read once more.
        window = (await store.records(first, oldest.in_log))[:-1]


async def pages(store: EventStore, wanted: Wanted) -> AsyncIterator[Sequence[Record]]:
    """Yield what is wanted, oldest first, until the log ends."""
    if wanted.stream is not None:
        found = _pages_of_stream(store, wanted.stream)
    else:
        found = _pages_of_log(store, wanted, await mark_before(store, wanted.after))
    async for page in found:
        if met := [record for record in page if wanted.meets(record)]:
            yield met
        if page and wanted.is_past(page[-1]):
            return


async def following(
    store: EventStore, wanted: Wanted, after: Mark | None
) -> AsyncIterator[Sequence[Record]]:
    """Yield what is wanted after a place, and wait for more for ever."""
    async for page in _pages_of_log(store, wanted, after, forever=True):
        if met := [record for record in page if wanted.meets(record)]:
            yield met


async def _pages_of_log(
    store: EventStore, wanted: Wanted, after: Mark | None, *, forever: bool = False
) -> AsyncIterator[Sequence[Record]]:
    while True:
        page = await store.read_all(wanted.criteria, after=after, limit=_PAGE, tenant=TENANT)
        yield page.records
        if page.upto == after:
            if not forever:
                return
            await store.wait(after, _WAIT_S)
        after = page.upto


async def _pages_of_stream(store: EventStore, stream: str) -> AsyncIterator[Sequence[Record]]:
    after: Mark | None = None
    while page := await store.read(TENANT, stream, after=after, limit=_PAGE):
        yield page
        after = page[-1].in_stream


async def mark_before(store: EventStore, position: int) -> Mark | None:
    """Return the place of a position, or of the newest record if the log ends before."""
    at: Mark | None = None
    reached, criteria, limit = 0, _NOTHING, 1
    while reached < position:
        page = await store.read_all(criteria, after=at, limit=limit)
        if page.upto is None or page.upto == at:
            break
        if page.upto.number > position:
            criteria, limit = (), position - reached
            continue
        at, reached = page.upto, page.upto.number
        limit = max(1, position - reached) if not criteria else 1
    return at

"""Reads the log once for all processors that stand at the same place. Read by: their authors.

Views that are all current, or are all built together, ask for the same page one after the other.
A page is read for what any of those wants who stand at its beginning or will soon come there, and
forgotten when all have passed; each record is decoded once, by the first that wants it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from leftfold.eventstore.port import Criterion
from leftfold.processing.seen import Seen
from leftfold.processing.sharing import can_be_shared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from leftfold.codec.codec import Codec
    from leftfold.eventstore.port import Criteria, EventStore, Mark

__all__ = ["Feed", "Follower", "Stretch"]

_MOST_RECORDS = 2_000
_PAGE_BYTES = 1_500_000
# What is held for those who come after: stored bytes, whose objects take about eight times that.
_HELD_BYTES = 3_000_000
_HELD_PAGES = 50
# Who is no further behind is expected to come along.
_NEAR = 20_000


class Follower(Protocol):
    """Who follows the log."""

    names: frozenset[str] | None
    """The wire names of the events it wants; None is all."""

    @property
    def seen(self) -> Mark | None:
        """Return how far it has come, when it asks for more."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the log, with the records that are wanted of it."""

    records: Sequence[Seen]
    upto: Mark | None


@dataclass(frozen=True, slots=True)
class _Page:
    names: frozenset[str] | None
    stretch: Stretch
    size: int


class Feed:
    """The pages that are being folded."""

    def __init__(self, store: EventStore, codec: Codec, identity: UUID) -> None:
        """Begin with no page."""
        self._store = store
        self._codec = codec
        self._identity = identity
        # Where each follower stands, or will stand when it is done with what it was given.
        self._heading: dict[Follower, Mark | None] = {}
        self._limit = _MOST_RECORDS
        self._shared: dict[str, bool] = {}
        self._pages: dict[Mark | None, _Page] = {}
        self._reading = asyncio.Lock()

    def join(self, follower: Follower) -> None:
        """Count a follower in."""
        self._heading[follower] = follower.seen

    def leave(self, follower: Follower) -> None:
        """Count a follower out."""
        del self._heading[follower]

    async def next(self, follower: Follower) -> Stretch:
        """Return the stretch after a follower; it ends where it begins if nothing is new.

        Raises:
            StoreChanged: Another record stands there now.
        """
        after, names = follower.seen, follower.names
        self._heading[follower] = after
        async with self._reading:
            page = self._pages.get(after)
            if page is None or not _covers(page.names, names):
                page = await self._read(after)
        self._heading[follower] = page.stretch.upto
        records = [
            seen if self._is_shared(seen.record.type) else seen.again()
            for seen in page.stretch.records
            if names is None or seen.record.type in names
        ]
        return Stretch(records, page.stretch.upto)

    async def _read(self, after: Mark | None) -> _Page:
        names = self._wanted_from(_number(after))
        found = await self._store.read_all(_criteria(names), after=after, limit=self._limit)
        records = [Seen(record, self._codec, self._identity) for record in found.records]
        size = sum([len(record.data) for record in found.records])
        page = _Page(names, Stretch(records, found.upto), size)
        if records:
            # Pages of large events are short, since their objects are held while they are folded.
            self._limit = max(1, min(_MOST_RECORDS, _PAGE_BYTES * len(records) // (size + 1)))
        if found.upto != after:
            self._hold(after, page)
        return page

    def _wanted_from(self, number: int) -> frozenset[str] | None:
        """Return what those want who stand at a place, or will soon come there."""
        near = [
            follower.names
            for follower, heading in self._heading.items()
            if number - _NEAR <= _number(heading) <= number
        ]
        return None if None in near else frozenset[str]().union(*(names for names in near if names))

    def _hold(self, after: Mark | None, page: _Page) -> None:
        """Hold a page for those who will come to it, as far as memory allows."""
        last = min(map(_number, self._heading.values()))
        held = {at: p for at, p in self._pages.items() if _number(at) >= last}
        size = page.size + sum(p.size for p in held.values())
        for at in sorted(held, key=_number):
            if size <= _HELD_BYTES and len(held) < _HELD_PAGES:
                break
            size -= held.pop(at).size
        self._pages = held | {after: page}

    def _is_shared(self, name: str) -> bool:
        shared = self._shared.get(name)
        if shared is None:
            cls = self._codec.class_of(name)
            shared = self._shared[name] = cls is not None and can_be_shared(cls)
        return shared


def _number(mark: Mark | None) -> int:
    return mark.number if mark else 0


def _covers(page: frozenset[str] | None, wanted: frozenset[str] | None) -> bool:
    return page is None or (wanted is not None and wanted <= page)


def _criteria(names: frozenset[str] | None) -> Criteria:
    return () if names is None else (Criterion(types=names),)

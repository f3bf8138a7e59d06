"""`leftfold events` and `leftfold show`: what happened. Read by: who changes how events look."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from leftfold.app.inspecting import databases_of, event_store, wiring_of
from leftfold.cli.describing import as_json, data_line, data_lines, moment, printable, story
from leftfold.cli.failing import FINE, CannotDo, WrittenWrong
from leftfold.cli.printing import Columns, Printer, told
from leftfold.cli.selecting import (
    TENANT,
    Wanted,
    following,
    mark_before,
    newest,
    pages,
    time_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from leftfold.app import App
    from leftfold.app.inspecting import Databases
    from leftfold.cli.printing import Cell
    from leftfold.clock import Clock
    from leftfold.eventstore.port import EventStore, Record

__all__ = ["Listing", "list_events", "show_stream"]

_LOOKED_AT_FOR_NAMES = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What `leftfold events` was asked."""

    types: Sequence[str]
    stream: str | None
    tags: Sequence[str]
    since: str | None
    until: str | None
    after: int | None
    limit: int
    everything: bool
    follow: bool
    as_json: bool

    def wanted(self, app: App | None, clock: Clock) -> Wanted:
        """Return which events are meant.

        Raises:
            WrittenWrong: A time or a tag is none, or two options exclude each other.
        """
        if self.follow and self.until is not None:
            raise WrittenWrong("--follow goes on for ever, so it takes no --until. Leave one out.")
        for tag in self.tags:
            if ":" not in tag:
                raise WrittenWrong(f"{tag!r} is no tag. Write name:value, as --tag customer:ann.")
        now = clock.now()
        return Wanted(
            types=_stored_names(app, self.types),
            stream=self.stream,
            tags=frozenset(self.tags),
            since=time_of(self.since, now) if self.since else None,
            until=time_of(self.until, now) if self.until else None,
            after=self.after or 0,
        )


def _stored_names(app: App | None, types: Sequence[str]) -> frozenset[str]:
    """Return the wire names of types; an App also knows its classes by their own names."""
    if app is None or not types:
        return frozenset(types)
    wiring = wiring_of(app)
    wanted = [event for event in wiring.events if event.__name__ in types]
    return frozenset(types) | wiring.codec.names_of(wanted)


async def list_events(app: App | None, database: str | None, listing: Listing, clock: Clock) -> int:
    """Print the events that were asked for, oldest first."""
    wanted = listing.wanted(app, clock)
    table = _EventTable(as_json=listing.as_json)
    databases = databases_of(app, database, None)
    async with event_store(databases, clock) as store:
        async for page in _asked_for(store, wanted, listing):
            table.add(page)
        if table.is_empty:
            told(await _why_nothing(store, wanted, databases))
    return FINE


async def _asked_for(
    store: EventStore, wanted: Wanted, listing: Listing
) -> AsyncIterator[Sequence[Record]]:
    head = await store.head()
    if listing.after is None and not listing.everything:
        yield await newest(store, wanted, head, listing.limit) if head is not None else []
    elif listing.follow:
        head = await mark_before(store, wanted.after)
    else:
        left = listing.limit
        async for page in pages(store, wanted):
            yield page if listing.everything else page[:left]
            left -= len(page)
            if left <= 0 and not listing.everything:
                return
    if listing.follow:
        async for page in following(store, wanted, head):
            yield page


class _EventTable:
    """Events, a line each."""

    def __init__(self, *, as_json: bool) -> None:
        self.is_empty = True
        self._as_json = as_json
        self._printer = Printer()
        self._columns = Columns(
            ("position", "recorded (UTC)", "stream", "type", "data"),
            self._printer.width,
            firm=frozenset({0, 1}),
            right=frozenset({0}),
        )

    def add(self, records: Sequence[Record]) -> None:
        """Print some more."""
        if self._as_json:
            for record in records:
                self._printer.raw(as_json(record))
        else:
            lines = self._columns.lay([_cells(record) for record in records])
            if self.is_empty and lines:
                self._printer.text(self._columns.header())
            for line in lines:
                self._printer.text(line)
        self.is_empty = self.is_empty and not records


def _cells(record: Record) -> Sequence[Cell]:
    return (
        str(record.position),
        (moment(record.recorded), "note"),
        (printable(record.stream), "name"),
        printable(record.type),
        data_line(record),
    )


async def _why_nothing(store: EventStore, wanted: Wanted, databases: Databases) -> str:
    """Return why there was nothing to list, in words that help."""
    if await store.head() is None:
        return f"No event is stored in {databases.events} yet."
    if wanted.types:
        stored = {name for name, _ in await store.types()}
        if missing := sorted(wanted.types - stored):
            return (
                f"No event of type {' or '.join(missing)} is stored. "
                f"{_meant(missing[0], stored, 'Stored types')}"
            )
    return "No event is stored that meets all of these."


def _meant(name: str, known: set[str], what: str) -> str:
    if close := get_close_matches(name, known, n=1):
        return f"Did you mean {close[0]}?"
    return f"{what}: {', '.join(sorted(known))}."


async def show_stream(
    app: App | None, database: str | None, stream: str, clock: Clock, *, as_lines: bool
) -> int:
    """Print the events of one stream, with who, when and why.

    Raises:
        CannotDo: There is no such stream.
    """
    databases = databases_of(app, database, None)
    printer = Printer()
    wanted = Wanted(stream=stream)
    async with event_store(databases, clock) as store:
        count = 0
        async for page in pages(store, wanted):
            for record in page:
                if as_lines:
                    printer.raw(as_json(record))
                else:
                    _tell(record, printer, is_first=not count)
                count += 1
        if not count:
            raise CannotDo(await _no_stream(store, stream, databases))
    return FINE


def _tell(record: Record, printer: Printer, *, is_first: bool) -> None:
    if is_first:
        printer.line((printable(record.stream), "name"))
    printer.line("")
    printer.line(
        (f"{record.version}  {printable(record.type)}", "head"),
        (f"  {moment(record.recorded)} UTC, position {record.position}", "note"),
    )
    for name, value in story(record):
        printer.words(value, label=(f"   {name}", "note"), indent=13)
    for line in data_lines(record):
        printer.words(line, indent=3)


async def _no_stream(store: EventStore, stream: str, databases: Databases) -> str:
    head = await store.head()
    if head is None:
        return f"No event is stored in {databases.events} yet, so there is no stream {stream!r}."
    recent = await store.records(max(1, head.number - _LOOKED_AT_FOR_NAMES + 1), head)
    known = {record.stream for record in recent if record.tenant == TENANT}
    close = get_close_matches(stream, known, n=1)
    advice = (
        f"Did you mean {close[0]}?" if close else f"The newest event is in {recent[-1].stream}."
    )
    return (
        f"There is no stream {stream!r} in {databases.events}. A stream is named by its model and "
        f"key. {advice}"
    )

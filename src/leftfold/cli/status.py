"""`leftfold status`: how far read models have come, and why no further. Read by: its authors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from leftfold.app.inspecting import (
    databases_of,
    event_store,
    places_of,
    processor_states,
    saved_in,
    wiring_of,
)
from leftfold.cli.describing import counted, moment, printable
from leftfold.cli.failing import FINE, FOUND_WRONG
from leftfold.cli.printing import Columns, Printer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leftfold.app import App
    from leftfold.app.inspecting import Databases, ProcessorState
    from leftfold.cli.printing import Cell
    from leftfold.clock import Clock
    from leftfold.eventstore.port import Record

__all__ = ["print_status"]

_STYLES = {
    "current": "good",
    "behind": "warn",
    "stopped": "warn",
    "failed": "bad",
    "astray": "bad",
    "new": "note",
    "unused": "note",
}
_WRONG = {"failed", "astray"}


async def print_status(
    app: App | None,
    database: str | None,
    views: str | None,
    clock: Clock,
    *,
    as_document: bool,
) -> int:
    """Print where each processor stands; the code says whether one has failed."""
    databases = databases_of(app, database, views)
    wiring = wiring_of(app) if app is not None else None
    places = places_of(wiring) if wiring is not None else None
    async with event_store(databases, clock) as store:
        saved = await saved_in(databases, clock)
        head = await store.head()  # after the positions, so that none is beyond it
        newest = (await store.records(head.number, head))[0] if head is not None else None
        states = await processor_states(saved, store, head, places)
        identity = await store.identity()
    printer = Printer()
    if as_document:
        printer.raw(_document(databases, str(identity), newest, states))
    else:
        _print(printer, databases, newest, states)
    return FOUND_WRONG if any(state.state in _WRONG for state in states) else FINE


def _document(
    databases: Databases, identity: str, newest: Record | None, states: Sequence[ProcessorState]
) -> str:
    """Return all as one JSON document."""
    document = {
        "database": databases.events,
        "views": databases.views,
        "store": identity,
        "events": newest.position if newest is not None else 0,
        "newest": newest.recorded if newest is not None else None,
        "processors": [_entry(state) for state in states],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _entry(state: ProcessorState) -> dict[str, object]:
    failure = state.failure
    return {
        "processor": state.place.processor,
        "version": state.place.version,
        "segment": state.place.segment,
        "position": state.position,
        "lag": state.lag,
        "state": state.state,
        "reason": state.reason,
        "owner": state.owner or None,
        "failure": None
        if failure is None
        else {
            "position": failure.number,
            "event": failure.event,
            "type": failure.type,
            "reason": failure.reason,
            "since": failure.since,
            "traceback": failure.traceback,
        },
    }


def _print(
    printer: Printer,
    databases: Databases,
    newest: Record | None,
    states: Sequence[ProcessorState],
) -> None:
    count = newest.position if newest is not None else 0
    at = f", the newest of {moment(newest.recorded)} UTC" if newest is not None else ""
    printer.words(
        f"{databases.events}: {counted(count, 'event')}{at}", label=("events", "note"), indent=8
    )
    printer.words(databases.views, label=("views", "note"), indent=8)
    printer.line("")
    if not states:
        printer.words(
            "No read model has a position there. An app with Views or Projections makes one when "
            "it runs."
        )
        return
    columns = Columns(
        ("processor", "version", "position", "lag", "state"),
        printer.width,
        firm=frozenset({1, 2, 3, 4}),
        right=frozenset({1, 2, 3}),
    )
    lines = columns.lay([_cells(state) for state in states])
    printer.text(columns.header())
    for line in lines:
        printer.text(line)
    for state in states:
        if state.reason:
            _explain(printer, state)


def _cells(state: ProcessorState) -> Sequence[Cell]:
    return (
        (printable(state.place.processor), "name"),
        str(state.place.version),
        str(state.position),
        str(state.lag),
        (state.state, _STYLES[state.state]),
    )


def _explain(printer: Printer, state: ProcessorState) -> None:
    failure = state.failure if state.state == "failed" else None
    printer.line("")
    where = ""
    if failure is not None:
        event = f" at position {failure.number} ({failure.type})" if failure.type else ""
        where = f"{event} since {moment(failure.since)} UTC"
    printer.line(
        (printable(state.place.processor), "name"),
        " ",
        (state.state, _STYLES[state.state]),
        f"{where}:",
    )
    printer.words(printable(state.reason), indent=2)
    if failure is not None:
        printer.words(
            "Correct the code and start the app again: it goes on with this event. "
            "The traceback is in --json.",
            indent=2,
        )

"""What `leftfold check` finds, each kind by a function of its own. Read by: who adds a check."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from leftfold.app.inspecting import places_of, processor_states
from leftfold.app.stored import stored_types
from leftfold.errors import CodecError
from leftfold.eventstore.port import Criterion
from leftfold.messages.message import options_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from leftfold.app.inspecting import ProcessorState, Saved
    from leftfold.app.stored import StoredType
    from leftfold.app.wiring import Wiring
    from leftfold.eventstore.port import EventStore, Mark, Record

__all__ = ["Finding", "check_parts", "check_processors", "check_store"]

_SAMPLES = 100
"""So many events of each type and revision are read as their class, the oldest ones."""
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, or may be."""

    severity: Literal["error", "warning"]
    about: str
    """The kind of finding: one word for each, stable, for programs."""
    message: str


def check_parts(wiring: Wiring, *, store_is_known: bool) -> Iterator[Finding]:
    """Check the App by itself."""
    for event in sorted(wiring.unused, key=lambda e: e.__qualname__):
        yield Finding(
            "warning",
            "unused-event",
            f"{event.__name__} is recorded, but no part evolves or handles it. Fold it, or pass "
            f"{event.__name__} itself to App(...) if that is meant.",
        )
    if store_is_known:
        return  # then the revisions that are really stored are looked at
    for event in sorted(wiring.events, key=lambda e: e.__qualname__):
        options = options_of(event)
        if not wiring.codec.reads(options.name, 1):
            yield Finding(
                "warning",
                "revision",
                f"{event.__name__} is revision {options.revision}, and no Upcaster takes revision "
                "1. That is right if none is stored; give --database to see.",
            )


async def check_store(wiring: Wiring, store: EventStore) -> AsyncIterator[Finding]:
    """Check that what is stored can be read."""
    stored = await stored_types(wiring, store)
    for kind in stored:
        if finding := _of_name(wiring, kind):
            yield finding
    samples = await _samples(store, {(s.type, s.revision) for s in stored if s.readable})
    for records in samples.values():
        if finding := _of_content(wiring, records):
            yield finding
    for finding in _of_streams(wiring, [r for records in samples.values() for r in records]):
        yield finding


def _of_name(wiring: Wiring, stored: StoredType) -> Finding | None:
    if not stored.known:
        known = sorted(options_of(event).name for event in wiring.events)
        close = get_close_matches(stored.type, known, n=1)
        whose = f"If {close[0]} took its place" if close else "If a class took its place"
        return Finding(
            "warning",
            "stored-name",
            f"The store holds {stored.count} {stored.type!r} of revision {stored.revision}, and no "
            f"class answers to that name. {whose}, say so there: formerly=({stored.type!r},). If "
            "it is another App's or a newer release's, all is well.",
        )
    if stored.readable:
        return None
    cls = wiring.codec.class_of(stored.type)
    current = options_of(cls).revision if cls is not None else 0
    if stored.revision > current:
        return Finding(
            "warning",
            "newer-revision",
            f"The store holds {stored.count} {stored.type!r} of revision {stored.revision}, and "
            f"the class is revision {current}. A newer release wrote them; this one stops where "
            "it has to read one.",
        )
    return Finding(
        "error",
        "revision",
        f"The store holds {stored.count} {stored.type!r} of revision {stored.revision}, but the "
        f"class is revision {current} and no chain of Upcasters leads there. Add "
        f"Upcaster({stored.type!r}, revision={stored.revision}, to=...).",
    )


async def _samples(
    store: EventStore, wanted: set[tuple[str, int]]
) -> dict[tuple[str, int], list[Record]]:
    """Return the oldest records of each type and revision, in one walk through the log."""
    samples: dict[tuple[str, int], list[Record]] = {kind: [] for kind in wanted}
    missing: set[tuple[str, int]] = set(wanted)
    after: Mark | None = None
    while missing:
        types = frozenset(name for name, _ in missing)
        page = await store.read_all((Criterion(types=types),), after=after, limit=_PAGE)
        for record in page.records:
            found = samples.get((record.type, record.revision))
            if found is not None and len(found) < _SAMPLES:
                found.append(record)
        missing = {kind for kind in missing if len(samples[kind]) < _SAMPLES}
        if page.upto == after:
            break
        after = page.upto
    return samples


def _of_content(wiring: Wiring, records: Sequence[Record]) -> Finding | None:
    wrong = [(r, why) for r in records if (why := _why_unreadable(wiring, r)) is not None]
    if not wrong:
        return None
    first, why = wrong[0]
    return Finding(
        "error",
        "unreadable",
        f"{len(wrong)} of {len(records)} {first.type!r} that were tried cannot be read. The one at "
        f"position {first.position}: {why}",
    )


def _why_unreadable(wiring: Wiring, record: Record) -> str | None:
    try:
        wiring.codec.decode(record.type, record.revision, record.data)
    except CodecError as error:
        return str(error)
    return None


def _of_streams(wiring: Wiring, records: Sequence[Record]) -> Iterator[Finding]:
    """Look for streams that lost their Aggregate, which was renamed perhaps."""
    models = {model.name for model in wiring.models}
    for aggregate in wiring.aggregates:
        mine = wiring.codec.names_of(e for e in aggregate.events if aggregate.folds(e))
        names = {r.stream.partition("/")[0] for r in records if r.type in mine}
        if names and not names & models:
            name = min(names)
            yield Finding(
                "warning",
                "stream-name",
                f"{aggregate.label} folds events that are stored in streams named {name}/..., and "
                f"it would look for them in {aggregate.name}/... If the class was renamed, keep "
                f'the name of its streams: class {aggregate.label}(Aggregate, name="{name}").',
            )


async def check_processors(
    wiring: Wiring, store: EventStore, saved: Saved, head: Mark | None
) -> AsyncIterator[Finding]:
    """Check that read models go on where they stopped."""
    for misfit in saved.misfits:
        yield Finding("error", "view-table", misfit)
    for place in saved.changed:
        yield Finding(
            "warning",
            "changed-fold",
            f"{place.processor} folds otherwise than when its rows were made, and they stay as "
            f"they are. Write version={place.version + 1} to build them anew, unless old and new "
            "fold come to the same.",
        )
    states = await processor_states(saved, store, head, places_of(wiring))
    for state in states:
        if state.state == "astray":
            yield Finding("error", "position", f"{state.place.processor}: {state.reason}")
    names = {place.processor for place in places_of(wiring)}
    unused = [s for s in states if s.state == "unused" and s.place.processor not in names]
    for state in unused:
        yield _unused(state, [s for s in states if s.state == "new"])


def _unused(state: ProcessorState, new: Sequence[ProcessorState]) -> Finding:
    name = state.place.processor
    message = f"Nobody uses the position of {name!r} (at {state.position})"
    if not new:
        return Finding("warning", "processor", f"{message}; its View or Projection is gone.")
    likely = get_close_matches(name, [s.place.processor for s in new], n=1, cutoff=0.0)[0]
    return Finding(
        "warning",
        "processor",
        f"{message}, and {likely!r} has none, so it would be built anew from the first event. If "
        f'{name} was renamed, keep its name: class {likely}(..., name="{name}").',
    )

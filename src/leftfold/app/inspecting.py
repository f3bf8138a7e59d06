"""Looks at an App and at what it has stored, changing nothing. Read by: the command line.

It works beside running Apps, in a process of its own: what it knows stands in the databases.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from leftfold.app.opening import MEMORY, open_by_url, views_url
from leftfold.app.wiring import Wiring, wire
from leftfold.bus.providing import Services
from leftfold.errors import ConfigurationError, NotRunning, StoreChanged, StoreMissing
from leftfold.processing.leases import is_gone
from leftfold.processing.port import Place
from leftfold.processing.projection import projection_model
from leftfold.processing.viewmodel import view_model
from leftfold.processing.work import ProjectionWork, ViewWork

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from leftfold.app.app import App
    from leftfold.app.definition import Definition
    from leftfold.clock import Clock
    from leftfold.eventstore.port import EventStore, Mark
    from leftfold.processing.port import Failure, ReadSide, Standing
    from leftfold.processing.readmodels import ReadModels
    from leftfold.processing.work import Work

__all__ = [
    "Databases",
    "ProcessorState",
    "Saved",
    "databases_of",
    "event_store",
    "keeps_events",
    "places_of",
    "processor_states",
    "saved_in",
    "wiring_of",
    "works_of",
]

StateWord: TypeAlias = Literal["current", "behind", "stopped", "failed", "astray", "new", "unused"]
"""What a processor can be, seen from outside.

`stopped`: behind, and no process folds it. `astray`: its rows come from another log, or from
events that an older backup took away. `new`: the App has it, the database does not. `unused`:
the other way round.
"""


@dataclass(frozen=True, slots=True)
class Databases:
    """Where events and read models are."""

    events: str
    views: str
    views_named: bool
    """Whether the place of the read models was given, rather than derived from the events'."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What the read side's database says of its processors."""

    standings: Sequence[Standing] = ()
    misfits: Sequence[str] = ()
    """What is wrong with tables that were made for other columns."""
    changed: Sequence[Place] = ()
    """The processors whose folds changed, without a new version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorState:
    """Where a processor stands, and why it does not move, if it does not."""

    place: Place
    position: int
    lag: int
    state: StateWord
    owner: str
    """Which process folds it, empty where none does."""
    reason: str
    failure: Failure | None = None


def databases_of(app: App | None, database: str | None, views: str | None) -> Databases:
    """Return where to look: as given, else as the App was made.

    Raises:
        ConfigurationError: Neither says a place that can be looked at.
    """
    for url in (database, views):
        if url is not None and "://" not in url:
            message = f"{url!r} is no URL of a database. For a file write sqlite:///{url}."
            raise ConfigurationError(message)
    if database is not None:
        return Databases(database, views or views_url(database, None), views is not None)
    if app is None:
        message = (
            "Neither an App nor a database was given. Give one or both: an App as bank:app, a "
            "database as --database sqlite:///bank.db."
        )
        raise ConfigurationError(message)
    definition = _definition(app)
    if definition.database is None or not keeps_events(app):
        message = (
            f"App '{app.name}' keeps its events in memory, where no other process can look. Say "
            "which database is meant: --database sqlite:///bank.db."
        )
        raise ConfigurationError(message)
    named = views if views is not None else definition.views
    return Databases(definition.database, views_url(definition.database, named), named is not None)


def keeps_events(app: App) -> bool:
    """Tell whether an App was made with a database that outlives it."""
    return _definition(app).database not in {None, MEMORY}


def wiring_of(app: App) -> Wiring:
    """Join the parts of an App as if it was to run by itself, with nothing opened.

    Raises:
        ConfigurationError: They do not fit together; the message says what to do.
    """
    definition = _definition(app)
    injectables = app._injectables(_not_running)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return wire(definition, Services(definition.provided()), injectables)


def _definition(app: App) -> Definition:
    # Not public: what an App was made with is for its own package, and this is of it.
    return app._definition  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _not_running() -> ReadModels:
    message = "The App is only looked at."
    raise NotRunning(message)


def works_of(wiring: Wiring) -> list[Work]:
    """Return what the processors of an App do."""
    codec = wiring.codec
    views = [view_model(view) for view in wiring.views]
    projections = [projection_model(projection) for projection in wiring.projections]
    return [
        *(ViewWork(v, codec, Place(v.name, v.version)) for v in views),
        *(ProjectionWork(p, codec, wiring.injector, Place(p.name, p.version)) for p in projections),
    ]


def places_of(wiring: Wiring) -> list[Place]:
    """Return the processors that an App has."""
    return [work.place for work in works_of(wiring)]


@asynccontextmanager
async def event_store(databases: Databases, clock: Clock) -> AsyncGenerator[EventStore]:
    """Open the event store to read only.

    Raises:
        ConfigurationError: No adapter answers to the URL.
        StorageError: There is none, or it cannot be read.
    """
    store: EventStore = await open_by_url(
        "leftfold.eventstores", databases.events, clock, read_only=True
    )
    try:
        yield store
    finally:
        await store.close()


async def saved_in(databases: Databases, clock: Clock, wiring: Wiring | None = None) -> Saved:
    """Read what the read side's database says; none yet says nothing.

    Raises:
        ConfigurationError: No adapter answers to the URL.
        StorageError: It cannot be read, or was named and is not there.
    """
    works = works_of(wiring) if wiring is not None else []
    models = [view_model(view) for view in wiring.views] if wiring is not None else []
    try:
        readside: ReadSide = await open_by_url(
            "leftfold.readsides", databases.views, clock, read_only=True
        )
    except StoreMissing:
        if databases.views_named:
            raise
        return Saved()

    def look() -> Saved:
        snapshot = readside.snapshot()
        try:
            standings = [_without_the_dead(standing) for standing in snapshot.standings()]
            return Saved(standings, snapshot.misfits(models), _changed(works, standings))
        finally:
            snapshot.close()

    try:
        return await readside.run(look)
    finally:
        await readside.close()


def _changed(works: Sequence[Work], standings: Sequence[Standing]) -> list[Place]:
    """Return the processors whose rows were made by other folds than today's."""
    kept = {standing.place: standing.fold for standing in standings}
    return [w.place for w in works if kept.get(w.place, "") not in {"", w.fingerprint()}]


def _without_the_dead(standing: Standing) -> Standing:
    """Return a standing whose owner is a process that may still run."""
    return replace(standing, owner="") if is_gone(standing.owner) else standing


async def processor_states(
    saved: Saved, store: EventStore, head: Mark | None, places: Sequence[Place] | None
) -> list[ProcessorState]:
    """Judge where each processor stands.

    Args:
        saved: What the read side's database says.
        store: The log that they follow.
        head: Its newest record.
        places: The processors that the App has; None where no App was given.
    """
    states = [await _judged(s, store, head, places) for s in saved.standings]
    known = {standing.place for standing in saved.standings}
    lag = head.number if head is not None else 0
    for place in places or ():
        if place not in known:
            reason = "not built yet: the app folds all events into it when it starts"
            states.append(
                ProcessorState(
                    place=place, position=0, lag=lag, state="new", owner="", reason=reason
                )
            )
    return sorted(states, key=lambda s: (s.place.processor, s.place.version, s.place.segment))


async def _judged(
    standing: Standing, store: EventStore, head: Mark | None, places: Sequence[Place] | None
) -> ProcessorState:
    at = standing.position.number if standing.position is not None else 0
    lag = max(0, (head.number if head is not None else 0) - at)
    state, reason = await _state(standing, store, lag)
    if places is not None and standing.place not in places:
        state, reason = "unused", "the App has no View or Projection of this name and version"
    return ProcessorState(
        place=standing.place,
        position=at,
        lag=lag,
        state=state,
        owner=standing.owner,
        reason=reason,
        failure=standing.failure,
    )


async def _state(standing: Standing, store: EventStore, lag: int) -> tuple[StateWord, str]:
    identity = await store.identity()
    if standing.store != identity:
        return "astray", f"its rows are of another store: {standing.store}, and this is {identity}"
    if standing.position is not None:
        try:
            await store.records(standing.position.number, standing.position)
        except StoreChanged as error:
            return "astray", str(error)
    if standing.failure is not None:
        return "failed", standing.failure.reason
    if not lag:
        return "current", ""
    return ("behind", "") if standing.owner else ("stopped", "no running app folds it")

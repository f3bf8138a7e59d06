"""Keeps the read models of an App current, and answers for them. Read by: the App.

It owns a task for each View and Projection, the rows that handlers and callers read, and says
how far each has come, and why one does not move.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from leftfold.bus.injection import qualified
from leftfold.errors import ConfigurationError, LeftfoldError
from leftfold.eventstore.tokens import check_token
from leftfold.messages.metadata import current
from leftfold.processing.feed import Feed
from leftfold.processing.injecting import SQLALCHEMY_CONNECTION, view_named_in
from leftfold.processing.leases import LOOK_EVERY_S, new_owner, this_process
from leftfold.processing.port import Place
from leftfold.processing.processor import Processor
from leftfold.processing.projection import projection_model
from leftfold.processing.readers import EachByItself, OnOneSnapshot
from leftfold.processing.rows import Rows
from leftfold.processing.view import View
from leftfold.processing.viewmodel import view_model
from leftfold.processing.work import ProjectionWork, ViewWork

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from leftfold.bus.injection import Call, Injector
    from leftfold.clock import Clock
    from leftfold.codec.codec import Codec
    from leftfold.eventstore.port import EventStore, Mark
    from leftfold.modeling.signature import Parameter
    from leftfold.processing.port import ReadSide
    from leftfold.processing.progress import Progress
    from leftfold.processing.projection import Projection
    from leftfold.processing.work import Work

__all__ = ["ProcessorStatus", "ReadModels"]

V = TypeVar("V", bound=View)

_log = logging.getLogger("leftfold.processing")
_SNAPSHOT = "leftfold.snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorStatus:
    """Where a processor stands, and why it does not move, if it does not."""

    processor: str
    version: int
    segment: int
    position: int
    lag: int
    state: str
    reason: str


class ReadModels:
    """The Views and Projections of a running App."""

    def __init__(
        self,
        *,
        store: EventStore,
        codec: Codec,
        readside: ReadSide,
        clock: Clock,
        views: Sequence[type[View]],
        projections: Sequence[type[Projection]],
        injector: Injector,
    ) -> None:
        """Compile the parts; nothing runs yet.

        Raises:
            ConfigurationError: One of them cannot work, with what to change.
        """
        self._store = store
        self._codec = codec
        self._readside = readside
        self._clock = clock
        self._identity = UUID(int=0)
        self._owner = ""
        self._views = {view: view_model(view) for view in views}
        self._projections = {p: projection_model(p) for p in projections}
        self._works: dict[Any, Work] = {
            view: ViewWork(model, codec, Place(model.name, model.version))
            for view, model in self._views.items()
        }
        for projection, model in self._projections.items():
            place = Place(model.name, model.version)
            self._works[projection] = ProjectionWork(model, codec, injector, place)
        self._processors: dict[Any, Processor] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Make the tables and begin to follow the log."""
        self._identity = await self._store.identity()
        tables = [table for model in self._projections.values() for table in model.tables]
        await self._readside.prepare(list(self._views.values()), tables, store=self._identity)
        feed = Feed(self._store, self._codec, self._identity)
        process = await self._readside.run(this_process)
        self._owner = new_owner(self._clock, process)
        for part, work in self._works.items():
            self._processors[part] = Processor(
                work,
                store=self._store,
                feed=feed,
                readside=self._readside,
                clock=self._clock,
                owner=self._owner,
            )
        self._tasks = [
            self._clock.start(p.run(), name=f"leftfold {p.place.processor}")
            for p in self._processors.values()
        ]
        if self._readside.shared:
            self._tasks.append(self._clock.start(self._keep_claims(), name="leftfold claims"))
        return self

    async def _keep_claims(self) -> None:
        """Answer for the processors that this process folds, and see which others do."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            try:
                await self._look_around()
            except LeftfoldError as error:
                _log.warning("Looking after claims is tried again: %s", error)
            except Exception:  # noqa: BLE001  who does not answer is taken over, and says so
                _log.exception("Looking after claims is tried again")

    async def _look_around(self) -> None:
        reader = EachByItself(self, self._readside, "")
        standings = {s.place: s for s in await reader.read(lambda s: s.standings())}
        if any(s.owner == self._owner and s.asked > s.beat for s in standings.values()):
            await self._readside.answer(self._owner)
        for processor in self._processors.values():
            if processor.place in standings:
                processor.look(standings[processor.place])

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop following, keep the positions and give the claims free."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for processor in self._processors.values():
            await processor.stop()
        with contextlib.suppress(LeftfoldError):  # others take over after a while
            await self._readside.release(self._owner)
        self._tasks = []

    def rows(self, view: type[V]) -> Rows[V]:
        """Return the rows of a view, for callers outside handlers.

        Raises:
            ConfigurationError: The view is no part of the App.
        """
        metadata = current.get()
        reader = EachByItself(self, self._readside, metadata.tenant if metadata else "")
        return Rows(reader, self._model(view))

    def rows_in(self, call: Call, view: type[V]) -> Rows[V]:
        """Return the rows of a view for one call of a handler, on its snapshot."""
        return Rows(self._snapshot(call), self._model(view))

    async def connection_in(self, call: Call) -> Any:
        """Return a connection that reads on the snapshot of a call."""
        return await self._snapshot(call).connection()

    def _snapshot(self, call: Call) -> OnOneSnapshot:
        found: OnOneSnapshot | None = call.shared.get(_SNAPSHOT)
        if found is None:
            found = OnOneSnapshot(self, self._readside, call.metadata.tenant)
            call.shared[_SNAPSHOT] = found
            assert call.stack is not None  # noqa: S101  handlers that read have one
            call.stack.push_async_callback(found.close)
        return found

    def _model(self, view: type[View]) -> Any:
        model = self._views.get(view)
        if model is None:
            known = ", ".join(v.__name__ for v in self._views) or "none"
            message = (
                f"{view.__name__} is no View of this App (it has: {known}). Pass it to App(...)."
            )
            raise ConfigurationError(message)
        return model

    def views_of(self, parameters: Iterable[Parameter]) -> Sequence[Any]:
        """Return the Views and Projections that a handler with these parameters reads.

        With a Connection it may read any of them.
        """
        annotations = [parameter.annotation for parameter in parameters]
        if any(qualified(a) == SQLALCHEMY_CONNECTION for a in annotations):
            return list(self._processors)
        return [v for a in annotations if (v := view_named_in(a)) is not None]

    async def mark_of(self, token: str) -> Mark | None:
        """Return the place in this App's log that a position token stands for.

        Raises:
            InvalidToken: It is no token of this store.
            StoreChanged: Another event stands there, since an older backup came back.
        """
        mark = check_token(token, self._identity)
        if mark is not None and not any(p.has_read(mark) for p in self._processors.values()):
            await self._store.records(mark.number, mark)
        return mark

    async def wait_current(self, views: Iterable[Any], token: str, timeout_s: float) -> None:
        """Wait until views have come to a position token.

        Raises:
            NotCurrent: One has not in time, or has failed; the words name it.
            InvalidToken: It is no token of this store.
            StoreChanged: Another event stands there, since an older backup came back.
        """
        mark = await self.mark_of(token)
        if mark is None:
            return
        deadline = self._clock.monotonic() + timeout_s
        for view in views:
            left = deadline - self._clock.monotonic()
            await self._processors[view].reach(mark.number, left)

    async def settled(self, timeout_s: float = 60) -> None:
        """Wait until every processor has come to the head of the log.

        Raises:
            NotCurrent: One has not in time, or has failed.
        """
        head = await self._store.head()
        if head is not None:
            for processor in self._processors.values():
                await processor.reach(head.number, timeout_s)

    async def status(self) -> list[ProcessorStatus]:
        """Return where each processor stands."""
        head = await self._store.head()
        at = head.number if head else 0
        return [_status(p.progress, at) for p in self._processors.values()]


def _status(progress: Progress, head: int) -> ProcessorStatus:
    at = progress.seen.number if progress.seen else 0
    return ProcessorStatus(
        processor=progress.place.processor,
        version=progress.place.version,
        segment=progress.place.segment,
        position=at,
        lag=max(0, head - at),
        state=progress.state,
        reason=progress.why(),
    )

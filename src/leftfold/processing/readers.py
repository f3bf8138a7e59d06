"""How rows are reached: each read by itself, or several on one snapshot. Read by: their authors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from leftfold.errors import NotCurrent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leftfold.eventstore.port import Mark
    from leftfold.processing.port import ReadSide, Snapshot
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["EachByItself", "Freshness", "OnOneSnapshot"]

R = TypeVar("R")


class Freshness(Protocol):
    """Who knows how far views have come."""

    async def wait_current(self, views: Iterable[Any], token: str, timeout_s: float) -> None:
        """Wait until views have come to a position token."""
        ...

    async def mark_of(self, token: str) -> Mark | None:
        """Return the place in the log that a position token stands for."""
        ...


class EachByItself:
    """Each read sees the newest state."""

    def __init__(self, freshness: Freshness, readside: ReadSide, tenant: str) -> None:
        """Read a tenant's rows."""
        self.tenant = tenant
        self._freshness = freshness
        self._readside = readside

    def table(self, model: ViewModel) -> Any:
        """Return the table of a view."""
        return self._readside.table(model)

    async def current(self, model: ViewModel, after: str, timeout_s: float) -> None:
        """Wait until the view has come to a position token."""
        await self._freshness.wait_current([model.cls], after, timeout_s)

    async def read(self, work: Callable[[Snapshot], R]) -> R:
        """Run a read on a snapshot of its own."""

        def once() -> R:
            snapshot = self._readside.snapshot()
            try:
                return work(snapshot)
            finally:
                snapshot.close()

        return await self._readside.run(once)


class OnOneSnapshot(EachByItself):
    """All reads see the state at the first of them."""

    def __init__(self, freshness: Freshness, readside: ReadSide, tenant: str) -> None:
        """Read a tenant's rows; the snapshot begins with the first read."""
        super().__init__(freshness, readside, tenant)
        self._one_at_a_time = asyncio.Lock()
        self._snapshot: Snapshot | None = None

    async def current(self, model: ViewModel, after: str, timeout_s: float) -> None:
        """Wait until the view has come to a token, which the snapshot must show as well."""
        opened = self._snapshot is not None
        await super().current(model, after, timeout_s)
        if opened:
            mark = await self._freshness.mark_of(after)
            standings = await self.read(lambda snapshot: snapshot.standings())
            at = next(
                (
                    s.position
                    for s in standings
                    if s.place.processor == model.name and s.place.version == model.version
                ),
                None,
            )
            if mark is not None and (at is None or at.number < mark.number):
                message = (
                    f"{model.label} is read on a snapshot that is older than the token: all reads "
                    "of one query handler see one state. Give after= to the first read, or to "
                    "app.ask(query, after=…)."
                )
                raise NotCurrent(message)

    async def read(self, work: Callable[[Snapshot], R]) -> R:
        """Run a read on the snapshot, one after the other."""
        async with self._one_at_a_time:

            def on_it() -> R:
                if self._snapshot is None:
                    self._snapshot = self._readside.snapshot()
                return work(self._snapshot)

            return await self._readside.run(on_it)

    async def connection(self) -> Any:
        """Return the connection that the snapshot is on."""
        return await self.read(lambda snapshot: snapshot.connection)

    async def close(self) -> None:
        """End the snapshot, once the read under way has ended."""
        async with self._one_at_a_time:
            snapshot, self._snapshot = self._snapshot, None
            if snapshot is not None:
                await self._readside.run(snapshot.close)

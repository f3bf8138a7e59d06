"""Time that stands still until a test moves it. Read by: authors of tests that wait for days."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["VirtualClock"]

T = TypeVar("T")

_PAUSE_S = 1.0
"""Shorter sleeps are pauses of the machinery, in real time; no test waits for them by hand."""


class VirtualClock:
    """A clock that moves only when `advance` is called."""

    def __init__(self, now: datetime | None = None, *, seed: int = 0) -> None:
        """Begin at `now`, by default 2030-01-01 in UTC, with repeatable chance."""
        self.random = random.Random(seed)  # noqa: S311  repeatable on purpose
        self._start = now or datetime(2030, 1, 1, tzinfo=UTC)
        self._passed = timedelta()
        self._order = itertools.count()
        self._sleeping: list[tuple[timedelta, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the time that the test has reached."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Return the seconds that the test has let pass."""
        return self._passed.total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has moved on far enough; short pauses pass by themselves."""
        if seconds < _PAUSE_S:
            await asyncio.sleep(seconds)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        due = self._passed + timedelta(seconds=seconds)
        heapq.heappush(self._sleeping, (due, next(self._order), woken))
        await woken

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `work` beside the caller."""
        return asyncio.create_task(work, name=name)

    async def advance(self, by: timedelta) -> None:
        """Let time pass, waking each sleeper at its moment, in order."""
        until = self._passed + by
        while self._sleeping and self._sleeping[0][0] <= until:
            due, _, woken = heapq.heappop(self._sleeping)
            self._passed = max(self._passed, due)
            if not woken.done():
                woken.set_result(None)
                await asyncio.sleep(0)
        self._passed = until

"""Time, sleep, randomness and task start, behind one port. Read by: whoever waits or asks the time.

Everything that Leftfold does in time goes through a `Clock`, so that a test can hold, move
and repeat it. Nothing else in the package calls `time`, `random` or `asyncio.create_task`.
"""

import asyncio
import random
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

__all__ = ["Clock", "SystemClock"]

T = TypeVar("T")


class Clock(Protocol):
    """Where time, chance and tasks come from."""

    @property
    def random(self) -> random.Random:
        """Return the source of chance."""
        ...

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, for measuring what has passed."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after at least `seconds` of this clock."""
        ...

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `work` beside the caller; whoever starts a task awaits or cancels it."""
        ...


class SystemClock:
    """The machine's own time."""

    def __init__(self) -> None:
        """Seed chance from the machine."""
        self.random = random.Random()  # noqa: S311  jitter and ids, not secrets

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return after at least `seconds`."""
        await asyncio.sleep(seconds)

    def start(self, work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Run `work` beside the caller."""
        return asyncio.create_task(work, name=name)

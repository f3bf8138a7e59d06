"""Waiting for the head of a log to move. Read by: authors of stores.

An append in the same process wakes at once. Other processes are noticed by looking: often
while the log moves, ever more seldom while it does not.
"""

import asyncio
from collections.abc import Awaitable, Callable

from leftfold.clock import Clock
from leftfold.eventstore.port import Mark

__all__ = ["HeadWatch"]

_SHORTEST_S = 0.002
_LONGEST_S = 0.05


class HeadWatch:
    """Tells who waits that the head moved."""

    def __init__(self, head: Callable[[], Awaitable[Mark | None]], clock: Clock) -> None:
        self._head = head
        self._clock = clock
        self._known = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    def appended(self, head: Mark | None) -> None:
        """Say that this process has appended up to `head`."""
        if head is not None and head.number > self._known:
            self._known = head.number
            self._wake()

    async def moved(self, after: Mark | None, timeout_s: float) -> bool:
        """Return true as soon as the head is not at `after`, false after the time."""
        until = self._clock.monotonic() + timeout_s
        look_after_s = _SHORTEST_S
        while True:
            if self._known > (after.number if after else 0) or await self._head() != after:
                return True
            left_s = until - self._clock.monotonic()
            if left_s <= 0 or self._closed:
                return False
            await self._pause(min(look_after_s, left_s))
            look_after_s = min(look_after_s * 2, _LONGEST_S)

    async def _pause(self, seconds: float) -> None:
        """Wait for an append in this process, or for the time to look again."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._clock.start(self._clock.sleep(seconds), name="leftfold watch")
        self._waiting.add(woken)
        try:
            await asyncio.wait([woken, timer], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.discard(woken)
            timer.cancel()

    def close(self) -> None:
        """Let who waits go with what is true now."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for woken in self._waiting:
            if not woken.done():
                woken.set_result(None)

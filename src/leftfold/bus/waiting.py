"""How long a caller waits for an answer. Read by: the bus and the App."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from leftfold.errors import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from leftfold.clock import Clock

__all__ = ["within"]

T = TypeVar("T")


async def within(
    timeout_s: float | None, work: Callable[[], Awaitable[T]], *, clock: Clock, failure: str
) -> T:
    """Await `work` for a limited time of the clock, then cancel it.

    Args:
        timeout_s: The limit; None waits as long as it takes.
        work: What is awaited.
        clock: Where the time is taken from.
        failure: Says in an error what was tried, and what to do next.

    Raises:
        NoAnswer: The time ran out; what was asked may still have happened.
    """
    if timeout_s is None:
        return await work()

    async def answer() -> T:
        return await work()

    running = clock.start(answer(), name="leftfold answer")
    limit = clock.start(clock.sleep(timeout_s), name="leftfold time limit")
    try:
        await asyncio.wait([running, limit], return_when=asyncio.FIRST_COMPLETED)
    finally:
        in_time = running.done()
        limit.cancel()
        if not in_time:
            running.cancel()
            await asyncio.wait([running])
    if running.cancelled() and not in_time:
        message = f"{failure.format(limit=f'{timeout_s:g} s')}"
        raise NoAnswer(message)
    return running.result()

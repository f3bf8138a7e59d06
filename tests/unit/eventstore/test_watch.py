"""Waiting for the head of a log. Read by: authors of stores."""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import pytest

from leftfold.clock import SystemClock
from leftfold.eventstore import Mark
from leftfold.eventstore.watch import HeadWatch

ONE, TWO = Mark(1, UUID(int=1)), Mark(2, UUID(int=2))


class HeldClock(SystemClock):
    """A clock whose sleepers wake when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self.sleeping: list[tuple[float, asyncio.Event]] = []

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self.sleeping.append((self.time + seconds, woken))
        await woken.wait()

    def pass_to_the_next(self) -> float:
        """Move to when the next sleeper wakes, and return how far that was."""
        at, woken = self.sleeping.pop()
        passed = at - self.time
        self.time = at
        woken.set()
        return passed


class Log:
    """What others see of a store: its head, and how often it was looked at."""

    def __init__(self) -> None:
        self.mark: Mark | None = ONE
        self.looks = 0

    async def head(self) -> Mark | None:
        self.looks += 1
        return self.mark


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def watch(log: Log, clock: HeldClock) -> HeadWatch:
    return HeadWatch(log.head, clock)


async def begun(clock: HeldClock, wait: Coroutine[Any, Any, bool]) -> "asyncio.Task[bool]":
    task = asyncio.create_task(wait)
    await settle(clock, 1)
    return task


async def settle(clock: HeldClock, sleepers: int) -> None:
    while len(clock.sleeping) < sleepers:  # noqa: ASYNC110  turns of the loop, no time passes
        await asyncio.sleep(0)


async def test_a_head_that_moved_already_ends_the_wait(watch: HeadWatch) -> None:
    assert await watch.moved(None, 5)
    assert await watch.moved(TWO, 5), "a log that does not reach the mark is not at it"


async def test_no_time_means_one_look(watch: HeadWatch, log: Log) -> None:
    assert not await watch.moved(ONE, 0)
    assert log.looks == 1


async def test_an_append_in_this_process_wakes_at_once_and_needs_no_look(
    watch: HeadWatch, log: Log, clock: HeldClock
) -> None:
    waiting = await begun(clock, watch.moved(ONE, 5))

    watch.appended(TWO)

    assert await waiting
    assert log.looks == 1
    assert clock.time == 0


async def test_an_append_of_another_process_is_found_by_looking(
    watch: HeadWatch, log: Log, clock: HeldClock
) -> None:
    waiting = await begun(clock, watch.moved(ONE, 5))

    log.mark = TWO
    clock.pass_to_the_next()

    assert await waiting
    assert clock.time < 0.01


async def test_a_log_that_rests_is_looked_at_ever_more_seldom(
    watch: HeadWatch, clock: HeldClock
) -> None:
    waiting = await begun(clock, watch.moved(ONE, 60))

    pauses = []
    for _ in range(12):
        pauses.append(clock.pass_to_the_next())
        await settle(clock, 1)

    assert pauses == pytest.approx(sorted(pauses))
    assert pauses[0] < 0.005
    assert pauses[-1] == pytest.approx(pauses[-2])
    assert 0.02 < pauses[-1] < 0.1
    watch.close()
    assert not await waiting


async def test_the_time_is_kept(watch: HeadWatch, clock: HeldClock) -> None:
    waiting = await begun(clock, watch.moved(ONE, 1))

    while not waiting.done():
        if clock.sleeping:
            clock.pass_to_the_next()
        await asyncio.sleep(0)

    assert not await waiting
    assert clock.time == pytest.approx(1)

"""The system's clock keeps the promises of the port. Read by: who writes another Clock."""

import asyncio
from datetime import UTC, timedelta

import pytest

from leftfold.clock import Clock, SystemClock


@pytest.fixture
def clock() -> Clock:
    return SystemClock()


def test_now_is_aware_and_in_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC
    assert clock.now().utcoffset() == timedelta(0)


def test_monotonic_never_goes_back(clock: Clock) -> None:
    seen = [clock.monotonic() for _ in range(1_000)]

    assert seen == sorted(seen)


async def test_sleep_lasts_at_least_its_time_on_the_same_clock(clock: Clock) -> None:
    before = clock.monotonic()

    await clock.sleep(0.01)

    assert clock.monotonic() - before >= 0.01


async def test_sleep_lets_others_run(clock: Clock) -> None:
    seen: list[str] = []

    async def other() -> None:
        seen.append("other")

    task = clock.start(other(), name="other")
    await clock.sleep(0)

    assert seen == ["other"]
    await task


async def test_a_task_runs_beside_its_starter_under_its_name(clock: Clock) -> None:
    async def work() -> str:
        await clock.sleep(0)
        current = asyncio.current_task()
        assert current is not None
        return current.get_name()

    task = clock.start(work(), name="fold views")

    assert not task.done()
    assert await task == "fold views"


async def test_a_task_can_be_cancelled(clock: Clock) -> None:
    task = clock.start(clock.sleep(3_600), name="long")
    await clock.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


def test_chance_is_apart_for_each_clock() -> None:
    one, other = SystemClock(), SystemClock()
    one.random.seed(7)
    other.random.seed(7)

    first = one.random.random()

    assert other.random.random() == first

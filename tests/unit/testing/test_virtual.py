"""The clock of tests: it stands still until it is moved. Read by: its authors."""

import asyncio
from datetime import UTC, datetime, timedelta

from leftfold.testing.virtual import VirtualClock


def test_time_stands_still() -> None:
    start = datetime(2031, 1, 1, tzinfo=UTC)
    clock = VirtualClock(start)
    assert clock.now() == clock.now() == start
    assert clock.monotonic() == 0


async def test_sleepers_wake_in_order_each_at_its_own_time() -> None:
    clock = VirtualClock()
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    tasks = [clock.start(sleep(n, s), name=n) for n, s in (("late", 7200), ("soon", 60))]
    await asyncio.sleep(0)
    await clock.advance(timedelta(hours=1))
    assert woken == [("soon", 60.0)]
    await clock.advance(timedelta(hours=1))
    await asyncio.gather(*tasks)
    assert woken == [("soon", 60.0), ("late", 7200.0)]
    assert clock.monotonic() == 7200


def test_chance_repeats_with_the_seed() -> None:
    assert VirtualClock(seed=7).random.random() == VirtualClock(seed=7).random.random()

"""Ten thousand calls, cancelled at random moments. Read by: who sets time limits."""

import asyncio
import random
from pathlib import Path
from typing import Any

from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.clock import SystemClock
from leftfold.eventstore import Appended, Commit, EventStore, GroupCommit
from leftfold.testing.contracts.records import commit, everything, receipt, record

CALLS = 10_000
CALLERS = 64


class Storm:
    """Calls with time limits that are sometimes too short, and what they were told."""

    def __init__(self, store: EventStore, group: GroupCommit, seed: int) -> None:
        self.store = store
        self.group = group
        self.chance = random.Random(seed)  # noqa: S311  moments to cancel at
        self.left = CALLS
        self.tried: set[Any] = set()
        self.acknowledged: set[Any] = set()
        self.given_up = 0

    async def caller(self, number: int) -> None:
        while self.left > 0:
            self.left -= 1
            limit_s = self.chance.choice([0, 0.0005, 0.001, 0.002, 0.005, 30])
            try:
                async with asyncio.timeout(limit_s):
                    await self.call(number)
            except TimeoutError:
                self.given_up += 1

    async def call(self, number: int) -> None:
        match self.chance.randrange(10):
            case 0:
                await self.store.read("", f"Account/{number}", after=None, limit=10)
            case 1:
                await self.store.wait(await self.store.head(), 0.001)
            case 2:
                await self.group.append(Commit(receipt=receipt(f"{number}-{self.left}")))
            case _:
                new = record(f"Account/{number}")
                self.tried.add(new.id)
                result = await self.group.append(commit(new))
                assert isinstance(result, Appended)
                self.acknowledged.add(new.id)


async def test_a_storm_of_cancellations_loses_and_doubles_nothing(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    store = await open_file(str(tmp_path / "log.db"), clock=SystemClock())
    try:
        async with GroupCommit(store, SystemClock(), max_queued=CALLERS // 2) as group:
            storm = Storm(store, group, seed=7)
            await asyncio.gather(*(storm.caller(number) for number in range(CALLERS)))

            assert isinstance(await group.append(Commit()), Appended), "it still works"
        stored = [kept.id for kept in await everything(store, limit=5_000)]
    finally:
        await store.close()

    assert storm.given_up > CALLS / 20
    assert len(storm.acknowledged) > CALLS / 20
    assert storm.acknowledged <= set(stored) <= storm.tried
    assert len(stored) == len(set(stored))
    assert asyncio.all_tasks() == before, "nothing is left running"

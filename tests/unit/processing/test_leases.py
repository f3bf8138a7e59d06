"""Who folds when several could. Read by: who changes how a processor is taken over."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from leftfold.processing.leases import (
    TIME_TO_LIVE_S,
    claimed,
    is_gone,
    new_owner,
    this_process,
)
from leftfold.processing.port import Claim, Held, Place, Wish
from leftfold.testing.virtual import VirtualClock

PLACE = Place("Statement", 1)


class Claiming:
    """Two owners on one read side, and time that stands still."""

    def __init__(self, readside: Any) -> None:
        self.readside = readside
        self.clock = VirtualClock()
        self.seen: list[Held] = []

    async def first(self, owner: str = "ann") -> Claim:
        await self.readside.prepare([], (), store=UUID(int=1))
        claim = await self.readside.claim(Wish(PLACE, owner, "f"))
        assert isinstance(claim, Claim)
        return claim

    def second(self) -> asyncio.Task[Claim]:
        work = claimed(
            self.readside, Wish(PLACE, "ben", "f"), clock=self.clock, held=self.seen.append
        )
        return self.clock.start(work, name="second")

    async def pass_by(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            await self.clock.advance(timedelta(seconds=0.25))
            await asyncio.sleep(0.02)  # lets the thread of the read side answer


@pytest.fixture
def claiming(log: Any) -> Claiming:
    return Claiming(log.readside)


async def test_a_processor_that_is_given_free_is_claimed_soon(claiming: Claiming) -> None:
    await claiming.first()
    waiting = claiming.second()
    await claiming.pass_by(1)
    assert not waiting.done()

    await claiming.readside.release("ann")

    claim = await asyncio.wait_for(waiting, 5)
    assert (claim.owner, claim.epoch) == ("ben", 2)
    assert claiming.seen[0] == Held(owner="ann", epoch=1, beat=0)


async def test_an_owner_that_answers_keeps_its_processor(claiming: Claiming) -> None:
    await claiming.first()
    waiting = claiming.second()
    for _ in range(3):
        await claiming.pass_by(TIME_TO_LIVE_S - 1)
        await claiming.readside.answer("ann")

    assert not waiting.done()
    waiting.cancel()


async def test_a_silent_owner_is_replaced_after_the_time_to_live(claiming: Claiming) -> None:
    await claiming.first()
    waiting = claiming.second()
    await claiming.pass_by(TIME_TO_LIVE_S - 1)
    assert not waiting.done()

    await claiming.pass_by(2)

    assert (await asyncio.wait_for(waiting, 5)).owner == "ben"


async def test_the_processor_of_a_process_that_is_gone_is_claimed_at_once(
    claiming: Claiming,
) -> None:
    boot, space, _, began = (await asyncio.to_thread(this_process)).split(":")
    await claiming.first(new_owner(claiming.clock, f"{boot}:{space}:999999999:{began}"))

    claim = await asyncio.wait_for(claiming.second(), 5)

    assert claim.owner == "ben"
    assert claiming.clock.monotonic() == 0


def test_a_process_knows_that_it_runs() -> None:
    own = new_owner(VirtualClock(), this_process())

    assert len(own.split(":")) == 5
    assert not is_gone(own)


def test_owners_of_one_process_are_told_apart() -> None:
    clock = VirtualClock()

    assert new_owner(clock, "p") != new_owner(clock, "p")


@pytest.mark.parametrize("owner", ["", "ann", ":uuid", "boot:1:2:3:uuid", "a:b:c"])
def test_of_processes_elsewhere_nothing_is_known(owner: str) -> None:
    assert not is_gone(owner)


def test_another_process_with_the_same_number_is_another() -> None:
    boot, space, number, began, _ = new_owner(VirtualClock(), this_process()).split(":")

    assert is_gone(f"{boot}:{space}:{number}:{int(began) - 1}:uuid")
    assert is_gone(f"{boot}:{space}:999999999:{began}:uuid")

"""A command cancelled at every step of its way: nothing is lost, doubled or left behind.

Read by: authors of the kernel. The loop is stepped by hand, so that each run is cancelled one
step later than the one before, until the command is through.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from unit.modeling.deciding import (
    Account,
    Deciding,
    Deposit,
    Note,
    Notes,
    Open,
    Transfer,
    Transfers,
    deciding,
)

from leftfold.clock import SystemClock
from leftfold.eventstore import Commit, Criteria, Mark, MemoryEventStore, Page, Record, Result
from leftfold.messages import Command

Run = Callable[[Deciding], Awaitable[Any]]


class Stepwise(MemoryEventStore):
    """Gives way before and after everything it does, as a store on a disk would."""

    async def append(self, commits: Sequence[Commit]) -> list[Result]:
        await asyncio.sleep(0)
        results = await super().append(commits)
        await asyncio.sleep(0)
        return results

    async def read(
        self, tenant: str, stream: str, *, after: Mark | None, limit: int
    ) -> Sequence[Record]:
        await asyncio.sleep(0)
        return await super().read(tenant, stream, after=after, limit=limit)

    async def read_all(
        self, criteria: Criteria, *, after: Mark | None, limit: int, tenant: str | None = None
    ) -> Page:
        await asyncio.sleep(0)
        return await super().read_all(criteria, after=after, limit=limit, tenant=tenant)

    async def head(self) -> Mark | None:
        await asyncio.sleep(0)
        return await super().head()


async def cancelled_after(steps: int, work: Awaitable[Any]) -> tuple[bool, Any]:
    """Run `work` for some steps of the loop, then cancel it; say whether it was through."""
    task = asyncio.ensure_future(work)
    for _ in range(steps):
        await asyncio.sleep(0)
    through = task.done()
    task.cancel()
    try:
        return through, await task
    except asyncio.CancelledError:
        return through, None


async def prepared(bank: Deciding) -> None:
    await bank.send(Open(account="a", owner="ann"))
    await bank.send(Open(account="b", owner="bob"))
    await bank.send(Deposit(account="a", amount=10))
    await bank.send(Note(list="l", word="eggs"))


async def forget(bank: Deciding) -> None:
    for stream in ("Account/a", "Account/b", "Notes/l"):
        bank.cache.take(("", stream))


async def overtaken(bank: Deciding) -> None:
    """Let another kernel be first, so that the command is decided twice."""
    async with deciding(Account, Notes, store=bank.store) as other:
        await other.send(Deposit(account="a", amount=0 + 1), id="other")
        await other.send(Note(list="l", word="other"), id="other note")


COMMANDS: dict[str, tuple[Command[Any], Any]] = {
    "flat": (Deposit(account="a", amount=5), 15),
    "changeable": (Note(list="l", word="milk"), 2),
    "new": (Open(account="c", owner="cid"), None),
    "boundary": (Transfer(source="a", target="b", amount=4), 6),
}
BEFORE: dict[str, Run] = {"cached": prepared, "loaded": forget, "overtaken": overtaken}


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("name", COMMANDS)
async def test_a_cancelled_command_is_stored_once_or_not_at_all(name: str, before: str) -> None:
    command, result = COMMANDS[name]
    cancelled = 0
    for steps in range(200):
        async with deciding(Account, Notes, Transfers, store=Stepwise(SystemClock())) as bank:
            await prepared(bank)
            if before != "cached":
                await BEFORE[before](bank)
            at_first = len(await bank.log())
            through, answer = await cancelled_after(steps, bank.send(command, id="it"))
            if through and before != "overtaken":
                assert answer == result

            expected = at_first + (2 if name == "boundary" else 1)
            assert len(await bank.log()) in ({expected} if through else {at_first, expected})
            async with asyncio.timeout(5):
                again = await bank.send(command, id="it")
            if through or before != "overtaken":
                assert again == (answer if through else result)
            assert len(await bank.log()) == expected

            await folded_again_is_what_is_kept(bank)
            if through:
                assert cancelled
                return
            cancelled += 1
    pytest.fail("the command is never through")


async def folded_again_is_what_is_kept(bank: Deciding) -> None:
    """Compare what the next commands see with what a kernel sees that has kept nothing."""
    kept = [
        await bank.send(Deposit(account="a", amount=1)),
        await bank.send(Note(list="l", word="last")),
    ]
    async with deciding(Account, Notes, store=bank.store) as fresh:
        assert await fresh.send(Deposit(account="a", amount=1)) == kept[0] + 1
        assert await fresh.send(Note(list="l", word="very last")) == kept[1] + 1


@pytest.mark.parametrize("victim", [0, 1, 2])
async def test_who_waits_for_a_turn_can_go_without_stopping_others(victim: int) -> None:
    for steps in range(40):
        async with deciding(Account, store=Stepwise(SystemClock())) as bank:
            await bank.send(Open(account="a", owner="ann"))
            commands = [bank.send(Deposit(account="a", amount=10**n), id=f"d{n}") for n in range(3)]
            others = [
                asyncio.ensure_future(command) for n, command in enumerate(commands) if n != victim
            ]
            through, _ = await cancelled_after(steps, commands[victim])
            async with asyncio.timeout(5):
                await asyncio.gather(*others)
                await bank.send(Deposit(account="a", amount=10**victim), id=f"d{victim}")
                assert await bank.send(Deposit(account="a", amount=1_000)) == 1_111
            assert (await bank.types()).count("Deposited") == 4
            if through:
                return
    pytest.fail("the command is never through")

"""Several processes on one file of read models. Read by: who doubts that one folds at a time."""

import asyncio
import signal
import time
from typing import Any

import pytest

PROCESSES = 3


async def grow(bank: Any, program: Any, seed: int, rounds: int = 10) -> None:
    chance = program.chance(seed)
    for _ in range(rounds):
        await program.append(bank.path, program.some_events(chance, 50))


def folding(bank: Any) -> set[int]:
    """Return the processes that fold."""
    return {process for process, _ in bank.owners().values()}


async def moved_on(bank: Any, before: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Wait until no processor is held by who held it, and return who does."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        now: dict[str, tuple[int, int]] = bank.owners()
        if all(now[name][0] not in {0, owner} for name, (owner, _) in before.items()):
            return now
        await asyncio.sleep(0.05)
    pytest.fail(f"after 30 s {bank.owners()} is still {before}")


async def test_one_folds_and_another_takes_over_when_it_is_killed(bank: Any, program: Any) -> None:
    await grow(bank, program, 0)
    processes = {p.pid: p for p in (bank.start() for _ in range(PROCESSES))}
    assert len(folding(bank)) == 1

    for turn in range(1, 5):
        growing = asyncio.create_task(grow(bank, program, turn))
        owner = min(folding(bank))  # those that are left may have shared the processors
        before = {name: held for name, held in bank.owners().items() if held[0] == owner}
        processes.pop(owner).kill()
        began = time.monotonic()
        after = await moved_on(bank, before)
        took_s = time.monotonic() - began
        await growing
        fresh = bank.start()
        processes[fresh.pid] = fresh

        assert took_s < 4, "a process that is gone is not waited for"
        assert all(after[name][1] > before[name][1] for name in before)

    bank.stop_all()
    bank.check()


async def test_a_process_that_was_paused_writes_nothing_when_it_wakes(
    bank: Any, program: Any
) -> None:
    # FIELD-BUGS 9: a zombie writes after losing its lease.
    await grow(bank, program, 0)
    first = bank.start()
    bank.start()
    before = bank.owners()
    assert folding(bank) == {first.pid}

    first.send_signal(signal.SIGSTOP)
    await grow(bank, program, 1)
    after = await moved_on(bank, before)
    await grow(bank, program, 2)
    first.send_signal(signal.SIGCONT)
    await grow(bank, program, 3)
    await asyncio.sleep(1.5)  # what it had in hand is tried now

    assert bank.owners() == after
    assert first.poll() is None
    bank.stop_all()
    bank.check()


async def test_who_does_not_fold_reads_and_waits_for_who_does(bank: Any, program: Any) -> None:
    await grow(bank, program, 0)
    bank.start()
    await grow(bank, program, 1)

    said = bank.check()

    assert {state for *_, state in said["status"]} == {"following"}

"""Each event counts once, whatever is killed. Read by: who doubts G6."""

import signal
from typing import Any

import pytest

ROUNDS = 60


def test_killed_at_any_moment_each_event_counts_once(bank: Any) -> None:
    done = bank.run("kill", ROUNDS, "one")

    assert done.returncode == 0, done.stderr
    said = bank.check()
    assert len(bank.events()) > ROUNDS * 40
    assert {(state, lag) for _, _, lag, state in said["status"]} == {("current", 0)}


@pytest.mark.parametrize(
    ("how", "number"),
    [("fold", 600), ("fold", 1_999), ("projection", 600), ("projection", 1_999)]
    + [("answer", n) for n in range(3, 9)],
)
async def test_killed_between_any_two_steps_each_event_counts_once(
    bank: Any, program: Any, how: str, number: int
) -> None:
    records = program.some_events(program.chance(7), 2_000)
    for place in (600, 1_999):  # the place at which it dies is a deposit
        kind = records[place - 1]
        data = b'{"account":"a1","amount":5}'
        records[place - 1] = type(kind)(
            id=kind.id,
            stream=kind.stream,
            type="Deposited",
            revision=1,
            tags=kind.tags,
            data=data,
            metadata=kind.metadata,
        )
    for start in range(0, 2_000, 500):
        await program.append(bank.path, records[start : start + 500])

    done = bank.run("die", how, number)

    assert done.returncode == -signal.SIGKILL, done.stderr
    bank.check()

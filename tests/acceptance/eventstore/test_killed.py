"""What survives when the process is killed. Read by: who doubts G1, G2 and G5 on SQLite."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import apsw
import pytest

from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.clock import SystemClock
from leftfold.testing.contracts.records import everything

PROGRAM = Path(__file__).parent / "programs" / "killed.py"
ROUNDS = 60


def run_and_kill(path: str, seed: str) -> dict[str, list[int]]:
    command = [sys.executable, PROGRAM, path, str(ROUNDS), seed]
    said: dict[str, list[int]] = json.loads(subprocess.check_output(command))
    return said


@pytest.mark.parametrize("seed", ["one"])
async def test_a_process_killed_at_any_moment_loses_and_doubles_nothing(
    tmp_path: Path, seed: str
) -> None:
    # FIELD-BUGS 6: killed between the commit and its answer, the retry must not append twice.
    path = str(tmp_path / "log.db")
    said = run_and_kill(path, seed)

    store = await open_file(path, clock=SystemClock())
    stored = await everything(store, limit=1_000)
    receipts = {n: await store.receipt("", f"c-{n}") for n in said["tried"]}
    await store.close()

    events = Counter(int(tag[2:]) for kept in stored for tag in kept.tags if tag.startswith("n:"))
    assert len(said["done"]) > ROUNDS
    assert set(said["done"]) <= set(events)
    assert set(events) <= set(said["tried"])
    assert events == {number: number % 3 + 1 for number in events}
    assert {number for number, kept in receipts.items() if kept} == set(events)
    assert [kept.position for kept in stored] == list(range(1, len(stored) + 1))
    connection = apsw.Connection(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()

"""Several processes on one file. Read by: who asks whether they may share it."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.adapters.sqlite.turns import QueuedTurns
from leftfold.clock import SystemClock
from leftfold.errors import StoreUnusable
from leftfold.testing.contracts.records import append, commit, everything, record

PROGRAMS = Path(__file__).parent / "programs"
PROMISED_S = 5.0
PROCESSES = 4


def start(program: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, PROGRAMS / program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begin_together(processes: "Sequence[subprocess.Popen[str]]") -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def answers(processes: "Sequence[subprocess.Popen[str]]") -> list[Any]:
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), outputs
    return [json.loads(output) for output, _ in outputs]


def share(path: Path, seconds: float, *options: str) -> "list[subprocess.Popen[str]]":
    processes = [start("share.py", path, name, seconds, *options) for name in range(PROCESSES)]
    begin_together(processes)
    return processes


async def stored(path: Path) -> list[str]:
    store = await open_file(str(path), clock=SystemClock())
    try:
        found = await everything(store, limit=5_000)
    finally:
        await store.close()
    assert [kept.position for kept in found] == list(range(1, len(found) + 1))
    return [str(kept.id) for kept in found]


def files_of(path: Path) -> list[str]:
    return sorted(found.name for found in path.parent.glob(f"{path.name}*"))


def take_away_what_stands_beside(path: Path) -> None:
    """Remove what the old file left, as whoever restores a copy of a database must."""
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)


@pytest.mark.parametrize("options", [(), ("--slow",)], ids=["this disk", "a slow disk"])
async def test_four_processes_share_a_file_and_nobody_waits_long(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = tmp_path / "log.db"

    said = answers(share(path, 4.0, *options))

    assert max(one["longest"] for one in said) < PROMISED_S
    counts = [len(one["acknowledged"]) for one in said]
    assert min(counts) > max(counts) / 2, "one process starves another"
    acknowledged = [record for one in said for record in one["acknowledged"]]
    assert sorted(acknowledged) == sorted(await stored(path))


def test_without_the_queue_a_process_starves_on_a_slow_disk(tmp_path: Path) -> None:
    processes = share(tmp_path / "log.db", 8.0, "--slow", "--free")

    errors = [process.communicate()[1] for process in processes]

    assert any("another process held the file" in error for error in errors)


async def test_who_holds_a_turn_and_does_not_write_is_passed_by(tmp_path: Path) -> None:
    # As a process does that was stopped while it queued.
    path = tmp_path / "log.db"
    clock = SystemClock()
    store = await open_file(str(path), clock=clock)
    stopped = QueuedTurns(f"{path}-turns", clock, patience_s=1.0)
    stopped.take()
    began = clock.monotonic()

    await append(store, commit(record()))

    assert clock.monotonic() - began < PROMISED_S
    began = clock.monotonic()
    await append(store, commit(record()))
    assert clock.monotonic() - began < 1.0, "the next one waits again"
    stopped.close()
    await store.close()


async def test_a_process_that_is_killed_gives_its_turn_away(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    processes = share(path, 4.0)

    processes[0].send_signal(signal.SIGKILL)
    processes[0].communicate()
    said = answers(processes[1:])

    assert max(one["longest"] for one in said) < PROMISED_S
    acknowledged = {record for one in said for record in one["acknowledged"]}
    assert acknowledged <= set(await stored(path))


@pytest.mark.parametrize("other", ["#", "another content"])
async def test_one_command_at_one_moment_in_two_processes_runs_once(
    tmp_path: Path, other: str
) -> None:
    path = tmp_path / "log.db"
    processes = [start("race.py", path, "a", 200, "#"), start("race.py", path, "b", 200, other)]

    begin_together(processes)
    ours, theirs = answers(processes)

    assert ours == theirs, "both are told the first answer, and which content it was for"
    assert {fingerprint for _, fingerprint in ours} <= {"#", other}
    assert {name for name, _ in ours} == {"a", "b"}, "each was first at least once"
    assert len(await stored(path)) == 200


@pytest.mark.parametrize("moment", ["moved over it", "removed"])
async def test_a_file_replaced_under_running_processes_is_noticed(
    tmp_path: Path, moment: str
) -> None:
    path, other = tmp_path / "log.db", tmp_path / "other.db"
    theirs = record()
    for where, new in ((path, record()), (other, theirs)):
        store = await open_file(str(where), clock=SystemClock())
        await append(store, commit(new))
        await store.close()
    store = await open_file(str(path), clock=SystemClock())
    await append(store, commit(record()))
    processes = share(path, 30.0)

    if moment == "removed":
        path.unlink()
    else:
        other.replace(path)
    errors = [process.communicate()[1] for process in processes]

    assert all("it was replaced or removed while it was open" in error for error in errors)
    with pytest.raises(StoreUnusable, match="replaced or removed"):
        await store.append([commit(record())])
    with pytest.raises(StoreUnusable, match="replaced or removed"):
        await store.head()
    await store.close()
    if moment == "moved over it":
        take_away_what_stands_beside(path)
        assert await stored(path) == [str(theirs.id)]


def test_a_store_is_not_used_after_a_fork(tmp_path: Path) -> None:
    process = start("fork.py", tmp_path / "log.db")

    output, errors = process.communicate()

    assert process.returncode == 0, errors
    appending, reading, waiting, closing, count = output.splitlines()
    for told in (appending, reading, waiting):
        assert told.startswith("StoreUnusable: Using")
        assert "before a fork. Open it after the fork, in the child." in told
    assert closing == "done"
    assert count == "2"


async def test_two_stores_in_one_process_share_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "log.db")
    one = await open_file(path, clock=SystemClock())
    two = await open_file(path, clock=SystemClock())

    await append(one, commit(record()))
    await append(two, commit(record()))

    assert await one.wait(None, 0)
    assert [kept.position for kept in await everything(one)] == [1, 2]
    assert await one.identity() == await two.identity()
    await one.close()
    await append(two, commit(record()))
    await two.close()


async def test_a_copy_has_the_same_identity_and_another_file_has_not(tmp_path: Path) -> None:
    path, copy = tmp_path / "log.db", tmp_path / "copy.db"
    store = await open_file(str(path), clock=SystemClock())
    identity = await store.identity()
    await store.close()
    shutil.copy(path, copy)

    copied = await open_file(str(copy), clock=SystemClock())
    other = await open_file(str(tmp_path / "other.db"), clock=SystemClock())

    assert await copied.identity() == identity
    assert await other.identity() != identity
    await copied.close()
    await other.close()
    assert files_of(copy) == ["copy.db", "copy.db-turns"]

"""Append from eight callers for some seconds, beside other processes. Read by: test_processes.

It begins with a line on its input, and prints what was acknowledged and the longest wait.
"""

import argparse
import asyncio
import json
import sys
import time

import apsw

from leftfold.adapters.sqlite import writing
from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.adapters.sqlite.turns import FreeTurns
from leftfold.clock import SystemClock
from leftfold.eventstore import Appended, GroupCommit
from leftfold.testing.contracts.records import commit, record

CALLERS = 8
SYNC_S = 0.03


class SlowDisk(apsw.VFS):
    """A disk that takes its time to flush."""

    def __init__(self) -> None:
        super().__init__("slow", "unix")

    def xOpen(self, name: object, flags: list[int]) -> "SlowFile":  # noqa: N802  apsw's name
        return SlowFile("unix", name, flags)


class SlowFile(apsw.VFSFile):
    def xSync(self, flags: int) -> None:  # noqa: N802  apsw's name
        time.sleep(SYNC_S)
        super().xSync(flags)


async def main(path: str, name: str, seconds: float, vfs: str | None) -> None:
    store = await open_file(path, clock=SystemClock(), vfs=vfs)
    acknowledged: list[str] = []
    waits: list[float] = []
    async with GroupCommit(store, SystemClock()) as group:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        until = time.monotonic() + seconds

        async def call(caller: int) -> None:
            while (began := time.monotonic()) < until:
                new = record(f"Account/{name}-{caller}")
                result = await group.append(commit(new))
                waits.append(time.monotonic() - began)
                assert isinstance(result, Appended)
                acknowledged.append(str(new.id))

        await asyncio.gather(*(call(caller) for caller in range(CALLERS)))
    await store.close()
    sys.stdout.write(json.dumps({"acknowledged": acknowledged, "longest": max(waits)}))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("path")
    arguments.add_argument("name")
    arguments.add_argument("seconds", type=float)
    arguments.add_argument("--slow", action="store_true", help="flush slowly")
    arguments.add_argument("--free", action="store_true", help="do not queue for turns")
    given = arguments.parse_args()
    if given.free:
        writing.open_turns = lambda *_, **__: FreeTurns()
    disk = SlowDisk() if given.slow else None
    asyncio.run(main(given.path, given.name, given.seconds, "slow" if disk else None))

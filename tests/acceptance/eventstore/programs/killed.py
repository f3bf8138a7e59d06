"""Kill a writing process again and again, and say what it acknowledged. Read by: test_killed.

Usage: killed.py PATH ROUNDS SEED. Each round is a child that repeats the commands of which
nobody knows whether they are stored, then goes on; it is killed with SIGKILL at a random
moment. Prints, as JSON, the numbers of the commands that were tried and acknowledged.
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from uuid import uuid4

from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.clock import SystemClock
from leftfold.eventstore import Appended, Commit, Duplicate, GroupCommit
from leftfold.testing.contracts.records import receipt, record

CALLERS = 8


def commit_of(number: int) -> Commit:
    """Return the command of that number, each time with new event ids, as after a restart."""
    stream = f"Account/{number % 50}"
    tags = [stream, f"n:{number}"]
    # Ids that children of one fork do not share.
    records = tuple(record(stream, tags=tags, id=uuid4()) for _ in range(number % 3 + 1))
    return Commit(records=records, receipt=receipt(f"c-{number}"))


async def write(path: str, numbers: Iterator[int], answers: int) -> None:
    store = await open_file(path, clock=SystemClock())
    async with GroupCommit(store, SystemClock()) as group:

        async def call() -> None:
            for number in numbers:
                os.write(answers, b"tried %d\n" % number)
                result = await group.append(commit_of(number))
                assert isinstance(result, Appended | Duplicate)
                os.write(answers, b"done %d\n" % number)

        await asyncio.gather(*(call() for _ in range(CALLERS)))


def in_child(path: str, first: list[int], start: int, answers: int) -> None:
    def numbers() -> Iterator[int]:
        yield from first
        number = start
        while True:
            yield number
            number += 1

    asyncio.run(write(path, numbers(), answers))


def rounds(path: str, count: int, chance: random.Random) -> dict[str, list[int]]:
    tried: set[int] = set()
    done: set[int] = set()
    for _ in range(count):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            in_child(path, sorted(tried - done), len(tried), writing)
            os._exit(1)
        os.close(writing)
        # From before the file is open to some hundred commits later.
        time.sleep(chance.uniform(0.005, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading) as lines:
            for line in lines:
                word, _, number = line.partition(" ")
                (tried if word == "tried" else done).add(int(number))
    return {"tried": sorted(tried), "done": sorted(done)}


if __name__ == "__main__":
    chance = random.Random(sys.argv[3])  # noqa: S311  moments to kill at
    sys.stdout.write(json.dumps(rounds(sys.argv[1], int(sys.argv[2]), chance)))

"""Run the same commands as another process at the same moment. Read by: test_processes.

Usage: race.py PATH NAME COUNT FINGERPRINT; begins with a line on its input, prints what each
command was answered. `a` runs them forwards and `b` backwards, so that each is first at some.
"""

import asyncio
import json
import sys

from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.clock import SystemClock
from leftfold.eventstore import Commit, Duplicate, GroupCommit
from leftfold.testing.contracts.records import receipt, record


async def main(path: str, name: str, count: int, fingerprint: str) -> None:
    store = await open_file(path, clock=SystemClock())
    answers: dict[int, list[str]] = {}
    async with GroupCommit(store, SystemClock()) as group:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for number in range(count) if name == "a" else reversed(range(count)):
            asked = receipt(f"c-{number}", outcome=name.encode(), fingerprint=fingerprint.encode())
            result = await group.append(Commit(records=(record(),), receipt=asked))
            first = result.receipt if isinstance(result, Duplicate) else asked
            answers[number] = [first.outcome.decode(), first.fingerprint.decode()]
    await store.close()
    sys.stdout.write(json.dumps([answers[number] for number in range(count)]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))

"""Use a store in a child that it came to through a fork. Read by: test_processes.

Usage: fork.py PATH; prints what the child was told, then how many records the parent stored
afterwards.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any

from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.clock import SystemClock
from leftfold.eventstore import EventStore
from leftfold.testing.contracts.records import append, commit, everything, record


def told(asked: Coroutine[Any, Any, Any]) -> str:
    """Take the first step of a call, which is as far as a child may come."""
    try:
        asked.send(None)
    except StopIteration:
        return "done"
    except Exception as error:  # noqa: BLE001  told to the test
        return f"{type(error).__name__}: {error}"
    return "waiting"


def in_child(store: EventStore) -> None:
    child = os.fork()
    if child == 0:
        for asked in (store.append([commit(record())]), store.head(), store.wait(None, 1)):
            os.write(1, f"{told(asked)}\n".encode())
        os.write(1, f"{told(store.close())}\n".encode())
        os._exit(0)
    os.waitpid(child, 0)


async def main(path: str) -> None:
    store = await open_file(path, clock=SystemClock())
    await append(store, commit(record()))
    in_child(store)
    await append(store, commit(record()))
    os.write(1, f"{len(await everything(store))}\n".encode())
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

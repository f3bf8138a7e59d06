"""The -wal beside the file stays short. Read by: who looks at the size of a store."""

import threading
from pathlib import Path
from typing import Any

import apsw
import pytest

from leftfold.adapters.sqlite import writing
from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.clock import SystemClock
from leftfold.testing.contracts.records import append, commit, record

MEGABYTE = 1_000_000


class OverlappingReaders:
    """Two readers of which one always reads, each only for a moment."""

    def __init__(self, path: str) -> None:
        self.connections = [apsw.Connection(path), apsw.Connection(path)]
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.read)

    def read(self) -> None:
        now, then = self.connections
        self.begin(now)
        while not self.stop.wait(0.001):
            self.begin(then)
            now.execute("COMMIT")
            now, then = then, now
        now.execute("COMMIT")
        for connection in self.connections:
            connection.close()

    def begin(self, connection: Any) -> None:
        connection.execute("BEGIN")
        connection.execute("SELECT max(position) FROM events").fetchall()

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()


async def size_after_appending(path: Path, megabytes: int) -> int:
    store = await open_file(str(path), clock=SystemClock())
    large = b"x" * (MEGABYTE // 5)
    await append(store, commit(record()))
    with OverlappingReaders(str(path)):
        for _ in range(megabytes):
            await append(store, commit(*(record(data=large) for _ in range(5))))
        size = size_of(Path(f"{path}-wal"))
    await store.close()
    return size


def size_of(path: Path) -> int:
    return path.stat().st_size


async def test_readers_that_always_overlap_do_not_keep_the_wal_growing(tmp_path: Path) -> None:
    assert await size_after_appending(tmp_path / "log.db", 90) < 60 * MEGABYTE


async def test_without_waiting_for_readers_it_would_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_LONG_PAGES", 10**9)

    assert await size_after_appending(tmp_path / "log.db", 90) > 80 * MEGABYTE

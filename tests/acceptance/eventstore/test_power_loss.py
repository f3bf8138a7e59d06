"""What survives when the power goes. Read by: who doubts G1 on SQLite.

A virtual file system notes what was written since the last sync. A power cut is an image of
what the disk would hold at that moment: of each unsynced write all, nothing or a torn part,
files that were made or removed and whose folder was not synced there or not, and no -shm.
Images are taken between any two calls of SQLite, also in the middle of a commit or a
checkpoint; each must open, be whole, and hold all that was acknowledged before.
"""

import asyncio
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.clock import SystemClock
from leftfold.errors import StorageError
from leftfold.eventstore import Appended, Commit, EventStore, GroupCommit, NewRecord
from leftfold.testing.contracts.records import everything, receipt, record

CALLERS = 8
COMMITS = 150
IMAGES = 40
SECTOR = 512
JOURNALS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL


class Durable:
    """One file as the disk holds it, and what was written to it since its last sync."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.unsynced: list[tuple[int, bytes] | int] = []

    def sync(self) -> None:
        for change in self.unsynced:
            self.apply(self.content, change)
        self.unsynced.clear()

    def lose(self, chance: random.Random) -> None:
        """Sync as a disk that fails does: some of it, and the rest is forgotten."""
        self.content = bytearray(self.after_crash(chance))
        self.unsynced.clear()

    def after_crash(self, chance: random.Random) -> bytes:
        content = bytearray(self.content)
        for change in self.unsynced:
            fate = chance.choice(["all", "nothing", "torn"])
            if fate == "torn" and isinstance(change, tuple):
                offset, data = change
                for start in range(0, len(data), SECTOR):
                    if chance.random() < 0.5:
                        self.apply(content, (offset + start, data[start : start + SECTOR]))
            elif fate != "nothing":
                self.apply(content, change)
        return bytes(content)

    @staticmethod
    def apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
        if isinstance(change, int):
            del content[change:]
            return
        offset, data = change
        if len(content) < offset:
            content.extend(bytes(offset - len(content)))
        content[offset : offset + len(data)] = data


class Disk(apsw.VFS):
    """A disk whose power may go at any call."""

    def __init__(self, name: str, folder: Path, seed: int) -> None:
        super().__init__(name, "unix")
        self.name = name
        self.folder = folder
        self.chance = random.Random(seed)  # noqa: S311  what a broken disk does
        self.files: dict[str, Durable] = {}  # as programs see them
        self.entries: dict[str, Durable] = {}  # as the folder on the disk lists them
        self.cut_after: set[int] = set()
        self.fail_every = 0
        self.syncs = 0
        self.failed_syncs = 0
        self.calls = 0
        self.acknowledged: set[Any] = set()
        self.images: list[tuple[Path, set[Any]]] = []

    def xOpen(self, name: Any, flags: list[int]) -> "DiskFile":  # noqa: N802  apsw's name
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self.files.setdefault(path, Durable())
        return DiskFile(self, path, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802  apsw's
        super().xDelete(name, syncdir)
        self.files.pop(name, None)
        if syncdir:
            self.sync_folder()
        self.called()

    def sync_folder(self) -> None:
        self.entries = dict(self.files)

    def called(self) -> None:
        self.calls += 1
        if self.calls in self.cut_after:
            self.cut()

    def cut(self) -> None:
        """Take an image of what the disk holds if the power goes now."""
        acknowledged = set(self.acknowledged)
        image = self.folder / f"image-{len(self.images)}"
        image.mkdir()
        for path in {*self.files, *self.entries}:
            there, listed = self.files.get(path), self.entries.get(path)
            survivor = there if there is listed or self.chance.random() < 0.5 else listed
            if survivor is not None:
                (image / Path(path).name).write_bytes(survivor.after_crash(self.chance))
        self.images.append((image, acknowledged))


class DiskFile(apsw.VFSFile):
    """An open file of such a disk; it is also written to the real one, for reading."""

    def __init__(self, disk: Disk, path: str, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self.disk = disk
        self.path = path
        self.syncs_folder = bool(flags[0] & JOURNALS)

    @property
    def durable(self) -> Durable:
        return self.disk.files.setdefault(self.path, Durable())

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  apsw's name
        super().xWrite(data, offset)
        self.durable.unsynced.append((offset, bytes(data)))
        self.disk.called()

    def xTruncate(self, newsize: int) -> None:  # noqa: N802  apsw's name
        super().xTruncate(newsize)
        self.durable.unsynced.append(newsize)
        self.disk.called()

    def xSync(self, flags: int) -> None:  # noqa: N802  apsw's name
        disk = self.disk
        disk.called()
        disk.syncs += 1
        if disk.fail_every and disk.syncs % disk.fail_every == 0:
            disk.failed_syncs += 1
            self.durable.lose(disk.chance)
            raise apsw.IOError("the sync failed")
        super().xSync(flags)
        self.durable.sync()
        if self.syncs_folder:  # as SQLite's own does for journals that it has made
            disk.sync_folder()
        disk.called()


@contextmanager
def disk_of(folder: Path, seed: int) -> Iterator[Disk]:
    disk = Disk(f"power-{folder.name}-{seed}", folder, seed)
    try:
        yield disk
    finally:
        disk.unregister()


async def trade(store: EventStore, disk: Disk) -> None:
    """Let callers append, and note what was acknowledged, retrying what failed."""
    async with GroupCommit(store, SystemClock()) as group:
        await asyncio.gather(*(call(group, disk, f"Account/{n}") for n in range(CALLERS)))


async def call(group: GroupCommit, disk: Disk, stream: str) -> None:
    for number in range(COMMITS):
        size = disk.chance.randrange(1, 1_500)
        new: tuple[NewRecord, ...] = tuple(
            record(stream, data=b"x" * size, tags=[stream]) for _ in range(number % 3 + 1)
        )
        commit = Commit(records=new, receipt=receipt(f"{stream}-{number}"))
        while True:
            try:
                result = await group.append(commit)
            except StorageError as error:
                assert error.retryable  # noqa: PT017  any other must not come here
                continue
            break
        assert isinstance(result, Appended)
        disk.acknowledged.update(one.id for one in new)


async def check(image: Path, acknowledged: set[Any]) -> None:
    """Open an image as a program does after the power came back."""
    path = str(image / "log.db")
    store = await open_file(path, clock=SystemClock())
    try:
        stored = await everything(store, limit=1_000)
        receipts = [await store.receipt("", f"Account/{n}-0") for n in range(CALLERS)]
    finally:
        await store.close()
    ids = {kept.id for kept in stored}
    assert acknowledged <= ids, f"{len(acknowledged - ids)} acknowledged records are gone"
    assert [kept.position for kept in stored] == list(range(1, len(stored) + 1))
    for number, kept in enumerate(receipts):
        begun = any(one.stream == f"Account/{number}" for one in stored)
        assert (kept is not None) == begun, "a commit is stored in part"
    connection = apsw.Connection(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


async def run(folder: Path, seed: int, synchronous: Any, fail_every: int = 0) -> Disk:
    """Trade on such a disk, cutting the power at random calls, and check every image."""
    with disk_of(folder, seed) as disk:
        # The first calls make the file; after those about five a commit.
        chance = random.Random(seed)  # noqa: S311  moments to cut at
        disk.cut_after = {*chance.sample(range(1, 60), 10), *chance.sample(range(60, 9_500), 30)}
        path = str(folder / "log.db")
        store = await open_file(path, clock=SystemClock(), synchronous=synchronous, vfs=disk.name)
        disk.fail_every = fail_every
        try:
            await trade(store, disk)
            disk.fail_every = 0
        finally:
            await store.close()
        disk.cut()
        assert len(disk.images) >= IMAGES // 2
        for image, acknowledged in disk.images:
            await check(image, acknowledged)
            shutil.rmtree(image)
        return disk


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_acknowledged_survives_a_power_cut_at_any_call(
    tmp_path: Path, seed: int
) -> None:
    disk = await run(tmp_path, seed, "FULL")

    assert len(disk.acknowledged) == CALLERS * COMMITS * 2


async def test_without_flushes_the_same_cuts_lose_what_was_acknowledged(tmp_path: Path) -> None:
    with pytest.raises((AssertionError, StorageError), match=r"are gone|damaged"):
        await run(tmp_path, 0, "OFF")


@pytest.mark.parametrize("seed", range(2))
async def test_a_sync_that_fails_acknowledges_nothing_and_loses_nothing(
    tmp_path: Path, seed: int
) -> None:
    disk = await run(tmp_path, seed, "FULL", fail_every=11)

    assert disk.failed_syncs > 10
    assert len(disk.acknowledged) == CALLERS * COMMITS * 2

"""What cannot be used changes nothing and says why. Read by: who meets `StoreUnusable`."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from leftfold.adapters.sqlite import mounts, schema
from leftfold.adapters.sqlite.eventstore import open_eventstore, open_file
from leftfold.adapters.sqlite.schema import MIGRATIONS
from leftfold.clock import SystemClock
from leftfold.errors import CommitRefused, StorageError, StoreUnusable
from leftfold.eventstore import Appended, Commit, EventStore, GroupCommit
from leftfold.testing.contracts.records import append, commit, everything, receipt, record

CAP_SYS_ADMIN = 1 << 21
ROOM = 10**8
PROGRAM = Path(__file__).parent / "programs" / "as_nobody.py"


@asynccontextmanager
async def opened(path: Path, vfs: str | None = None) -> AsyncIterator[EventStore]:
    store = await open_file(str(path), clock=SystemClock(), vfs=vfs)
    try:
        yield store
    finally:
        await store.close()


async def make(path: Path, count: int = 1) -> None:
    async with opened(path) as store:
        await append(store, *(commit(record(tags=["a:1"])) for _ in range(count)))


def sql(path: Path, *statements: str) -> list[Any]:
    connection = apsw.Connection(str(path))
    try:
        return [connection.execute(statement).fetchall() for statement in statements][-1]
    finally:
        connection.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    before = contents(folder)
    yield
    assert contents(folder) == before


@pytest.mark.parametrize(
    "content", [b"these are notes, no database " * 40, b"SQLite format 3\x00" + b"\xff" * 5_000]
)
async def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(content)

    with (
        unchanged(tmp_path),
        pytest.raises(StoreUnusable, match="damaged or is no SQLite database"),
    ):
        await open_file(str(path), clock=SystemClock())


async def test_a_file_with_damaged_pages(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await make(path, 200)
    content = bytearray(path.read_bytes())
    content[4_096:] = b"\xa5" * (len(content) - 4_096)
    path.write_bytes(content)

    with pytest.raises(StoreUnusable, match=r"damaged.* Restore the newest copy"):
        async with opened(path) as store:
            await everything(store)
    with pytest.raises(StoreUnusable, match="damaged"):
        async with opened(path) as store:
            await store.append([commit(record())])


async def test_a_schema_of_a_newer_release(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    await make(path)
    sql(path, "PRAGMA journal_mode = DELETE", "PRAGMA user_version = 99")

    with (
        unchanged(tmp_path),
        pytest.raises(StoreUnusable, match=rf"version 99.* knows up to {len(MIGRATIONS)}"),
    ):
        await open_file(str(path), clock=SystemClock())


async def test_a_database_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    sql(path, "CREATE TABLE notes (text)", "INSERT INTO notes VALUES ('milk')")

    with (
        unchanged(tmp_path),
        pytest.raises(StoreUnusable, match="is an SQLite database of something else"),
    ):
        await open_file(str(path), clock=SystemClock())


async def test_an_older_schema_is_brought_up_to_date_in_one_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.db"
    await make(path)

    wrong = (*MIGRATIONS, "CREATE TABLE later (x) STRICT; SELECT no_such_function()")
    monkeypatch.setattr(schema, "MIGRATIONS", wrong)
    with pytest.raises(StorageError, match="Opening"):
        await open_file(str(path), clock=SystemClock())
    assert sql(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]

    right = (*MIGRATIONS, "CREATE TABLE later (x INTEGER) STRICT")
    monkeypatch.setattr(schema, "MIGRATIONS", right)
    async with opened(path) as store:
        assert len(await everything(store)) == 1
    assert sql(path, "PRAGMA user_version") == [(len(right),)]
    assert sql(path, "SELECT * FROM later") == []


async def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with unchanged(tmp_path), pytest.raises(StoreUnusable, match="Check that the folder exists"):
        await open_eventstore(f"sqlite:///{tmp_path}/no/log.db", clock=SystemClock())


def as_nobody(path: Path) -> str:
    return subprocess.check_output([sys.executable, PROGRAM, path], text=True)


@pytest.mark.parametrize("there", [True, False], ids=["with a store", "empty"])
async def test_a_folder_that_may_not_be_written(*, there: bool) -> None:
    # Not below tmp_path, whose parents nobody may not enter.
    folder = Path("/tmp") / f"leftfold-read-only-{there}"  # noqa: S108  made and removed here
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        if there:
            await make(folder / "log.db")
        folder.chmod(0o555)
        with unchanged(folder):
            told = as_nobody(folder / "log.db")
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
    assert "it cannot be opened for writing" in told
    assert "this user may write the file and the folder" in told


async def test_a_queue_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "log.db-turns").mkdir()

    with pytest.raises(StoreUnusable, match=r"log.db-turns, which cannot be opened.* no data"):
        await open_file(str(tmp_path / "log.db"), clock=SystemClock())


class FullDisk(apsw.VFS):
    """A disk with room for some bytes."""

    def __init__(self) -> None:
        super().__init__("full", "unix")
        self.room = ROOM

    def xOpen(self, name: Any, flags: list[int]) -> "FullFile":  # noqa: N802  apsw's name
        return FullFile(self, name, flags)


class FullFile(apsw.VFSFile):
    def __init__(self, disk: FullDisk, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self.disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  apsw's name
        self.disk.room -= len(data)
        if self.disk.room < 0:
            raise apsw.FullError("no room")
        super().xWrite(data, offset)


Resize = Callable[[int], None]


@contextmanager
def pretended(_: Path) -> Iterator[tuple[Resize, str | None]]:
    """Give a disk that says it is full: the portable proof."""
    disk = FullDisk()

    def resize(room: int) -> None:
        disk.room = room

    try:
        yield resize, "full"
    finally:
        disk.unregister()


@contextmanager
def mounted(folder: Path) -> Iterator[tuple[Resize, str | None]]:
    """Give a real small disk, where this user may mount one."""

    def mount(room: int, *, remount: bool = True) -> None:
        options = f"size={room + 600_000}{',remount' if remount else ''}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)

    mount(ROOM, remount=False)
    try:
        yield mount, None
    finally:
        subprocess.run(["umount", folder], check=True)


def may_mount() -> bool:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    capabilities = int(re.findall(r"CapEff:\s*([0-9a-f]+)", status)[0], base=16)
    return bool(capabilities & CAP_SYS_ADMIN)


DISKS = [pretended, mounted] if may_mount() else [pretended]


async def fill(store: EventStore) -> int:
    """Append until the disk is full, and return how many records were acknowledged."""
    for stored in range(100_000):
        try:
            await append(store, commit(record(data=b"x" * 500)))
        except StorageError as error:
            assert "the disk is full. Nothing was stored" in str(error)  # noqa: PT017  when is open
            assert error.retryable  # noqa: PT017  as above
            return stored
    raise AssertionError("the disk was never full")


@pytest.mark.parametrize("room", [0, 5_000, 20_000, 500_000])
@pytest.mark.parametrize("disk", DISKS)
async def test_a_full_disk_loses_nothing_and_is_fine_with_more_room(
    tmp_path: Path, disk: Any, room: int
) -> None:
    with disk(tmp_path) as (resize, vfs):
        async with opened(tmp_path / "log.db", vfs=vfs) as store:
            resize(room)
            stored = await fill(store)
            assert len(await everything(store)) == stored

            resize(ROOM)
            await append(store, commit(record()))
            assert len(await everything(store)) == stored + 1
        async with opened(tmp_path / "log.db") as store:
            assert len(await everything(store)) == stored + 1
        assert sql(tmp_path / "log.db", "PRAGMA integrity_check") == [("ok",)]


async def test_a_network_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = tmp_path / "mountinfo"
    recorded.write_text(f"91 28 0:51 / {tmp_path} rw - nfs4 nas:/share rw,vers=4.2\n")
    monkeypatch.setattr(mounts, "_MOUNTINFO", recorded)

    with unchanged(tmp_path), pytest.raises(StoreUnusable, match=r"network file system \(nfs4\)"):
        await open_file(str(tmp_path / "log.db"), clock=SystemClock())


async def test_a_commit_that_the_engine_refuses_inside_a_group_of_good_ones(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "log.db") as store:
        used = record()
        await append(store, commit(used))
        bad = Commit(records=(record(), record(id=used.id)), receipt=receipt("bad"))
        good = [Commit(records=(record(),), receipt=receipt(f"good-{n}")) for n in range(4)]

        async with GroupCommit(store, SystemClock()) as group:
            calls = [group.append(one) for one in (*good[:2], bad, *good[2:])]
            results = await asyncio.gather(*calls, return_exceptions=True)

        assert [type(result) for result in results] == [
            Appended,
            Appended,
            CommitRefused,
            Appended,
            Appended,
        ]
        assert len(await everything(store)) == 5
        assert await store.receipt("", "bad") is None


async def test_what_is_too_large_never_reaches_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path / "log.db") as store:
        await append(store, commit(record()))
        large = commit(record(data=b"x" * 20_000_000))
        long = commit(record(f"Account/{'k' * 10_240}"))
        async with GroupCommit(store, SystemClock()) as group:
            with pytest.raises(CommitRefused, match="20,000,000 bytes, and the limit is 1 MiB"):
                await group.append(large)
            with pytest.raises(CommitRefused, match="10,240 bytes, and the limit is 512 bytes"):
                await group.append(long)
        assert len(await everything(store)) == 1

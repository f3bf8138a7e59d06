"""A store that is opened to read only, beside one that is written. Read by: who opens files."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import apsw
import pytest

from leftfold.adapters.sqlite import open_eventstore, schema
from leftfold.clock import SystemClock
from leftfold.errors import StoreMissing, StoreUnusable
from leftfold.eventstore import EventStore, open_memory
from leftfold.testing.contracts.records import append, commit, record

CLOCK = SystemClock()


async def look(folder: Path) -> EventStore:
    return await open_eventstore(f"sqlite:///{folder}/log.db", clock=CLOCK, read_only=True)


@pytest.fixture
async def written(tmp_path: Path) -> AsyncIterator[EventStore]:
    """Return a store with one record, open to write."""
    store = await open_eventstore(f"sqlite:///{tmp_path}/log.db", clock=CLOCK)
    await append(store, commit(record()))
    yield store
    await store.close()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


async def test_it_reads_what_is_there_and_sees_what_comes(
    written: EventStore, tmp_path: Path
) -> None:
    looked_at = await look(tmp_path)
    head = await looked_at.head()
    assert head == await written.head()
    assert await looked_at.identity() == await written.identity()

    waiting = asyncio.create_task(looked_at.wait(head, timeout_s=30))
    await append(written, commit(record(type="Closed")))

    assert await waiting
    page = await looked_at.read_all((), after=head, limit=10)
    assert [found.type for found in page.records] == ["Closed"]
    await looked_at.close()


async def test_it_appends_nothing(written: EventStore, tmp_path: Path) -> None:
    looked_at = await look(tmp_path)

    with pytest.raises(StoreUnusable, match="opened to be read only"):
        await looked_at.append([commit(record())])

    await looked_at.close()
    head = await written.head()
    assert head is not None
    assert head.number == 1


async def test_it_leaves_no_file_behind(written: EventStore, tmp_path: Path) -> None:
    await written.close()
    before = contents(tmp_path)

    looked_at = await look(tmp_path)
    await looked_at.head()
    await looked_at.close()

    assert contents(tmp_path) == before


async def test_it_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="there is no such file"):
        await look(tmp_path)

    assert contents(tmp_path) == {}


async def test_a_store_in_memory_has_nothing_to_look_at() -> None:
    with pytest.raises(StoreMissing, match="lives in the process of its app"):
        await open_memory("memory://", clock=CLOCK, read_only=True)


def version(number: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        connection = apsw.Connection(str(path))
        connection.pragma("application_id", 0x4C464553)
        connection.pragma("user_version", number)
        connection.close()

    return write


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.touch, "it is empty"),
        (version(99), "Install the release that wrote it"),
    ],
    ids=["empty", "newer"],
)
async def test_a_file_that_it_would_have_to_change_is_refused_unchanged(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    file = tmp_path / "log.db"
    make(file)
    before = file.read_bytes()

    with pytest.raises(StoreUnusable, match=said):
        await look(tmp_path)

    assert file.read_bytes() == before


async def test_an_older_schema_is_left_for_the_app_to_bring_up_to_date(
    written: EventStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await written.close()
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, "SELECT 1"))

    with pytest.raises(StoreUnusable, match="Start the app on it once"):
        await look(tmp_path)

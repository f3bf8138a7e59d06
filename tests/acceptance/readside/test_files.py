"""What is said of a file of read models that cannot be used. Read by: who changes how it opens."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw
import pytest

from leftfold import NotCurrent, StoreUnusable
from leftfold.adapters.sqlite import open_eventstore
from leftfold.adapters.sqlite.readside import open_readside
from leftfold.clock import SystemClock

CLOCK = SystemClock()


async def refused(path: Path) -> str:
    """Return the words for a file that is refused; it must not be changed."""
    before = digest(path)
    with pytest.raises(StoreUnusable) as caught:
        await open_readside(f"sqlite:///{path}", clock=CLOCK)
    assert digest(path) == before
    return str(caught.value)


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def remove(bank: Any) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(bank.views + ending).unlink(missing_ok=True)


async def test_the_file_of_the_events(tmp_path: Path) -> None:
    store = await open_eventstore(f"sqlite:///{tmp_path}/bank.db", clock=CLOCK)
    await store.close()

    words = await refused(tmp_path / "bank.db")

    assert "for read models: it is an SQLite database of something else" in words
    assert "give views= the path of one that does not exist yet" in words


async def test_the_file_of_another_program(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "other.db"))
    connection.execute("CREATE TABLE contacts (name TEXT)")
    connection.close()

    assert "1 tables and indexes" in await refused(tmp_path / "other.db")


async def test_the_file_of_a_newer_release(tmp_path: Path) -> None:
    path = tmp_path / "bank.views.db"
    await (await open_readside(f"sqlite:///{path}", clock=CLOCK)).close()
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE leftfold_schema SET version = 99")
    connection.close()

    assert "its schema is version 99, and this release" in await refused(path)


async def test_what_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "bank.views.db").write_bytes(
        b"not a database, but long enough to be read as one" * 9
    )

    assert "damaged or is no SQLite database" in await refused(tmp_path / "bank.views.db")


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="Check that the folder exists"):
        await open_readside(f"sqlite:///{tmp_path}/none/bank.views.db", clock=CLOCK)


@pytest.mark.parametrize("how", ["removed", "replaced"])
async def test_a_file_that_is_taken_away_stops_the_views_by_name(
    bank: Any, program: Any, how: str
) -> None:
    chance = program.chance(1)
    await program.append(bank.path, program.some_events(chance, 100))
    async with program.bank(bank.path) as app:
        models = app._running().read_models  # noqa: SLF001  what is waited for is inside
        await models.settled()
        remove(bank)
        if how == "replaced":
            apsw.Connection(bank.views).close()
        await program.append(bank.path, program.some_events(chance, 100))

        with pytest.raises(NotCurrent, match="it was replaced or removed while it was open"):
            await asyncio.wait_for(models.settled(), 10)
        with pytest.raises(StoreUnusable, match="it was replaced or removed"):
            await app.rows(program.Statement).find()


async def test_a_file_of_views_that_is_gone_is_built_anew(bank: Any, program: Any) -> None:
    await program.append(bank.path, program.some_events(program.chance(1), 300))
    bank.check()
    remove(bank)

    bank.check()


async def test_the_file_is_durable_and_for_many_readers(bank: Any, program: Any) -> None:
    async with program.bank(bank.path) as app:
        models = app._running().read_models  # noqa: SLF001  as above
        database = models._readside._database  # noqa: SLF001
        with database.writing.connect() as connection:
            modes = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous")
            ]

    assert modes == ["wal", 2]

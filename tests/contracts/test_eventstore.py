"""The contract of the event store, on every store there is. Read by: authors of stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from leftfold.adapters.sqlite import open_eventstore
from leftfold.eventstore import EventStore, open_memory
from leftfold.testing.contracts.eventstore import EventStoreContract
from leftfold.testing.contracts.records import append, commit, everything, record


class TestMemory(EventStoreContract):
    @pytest.fixture
    async def store(self) -> AsyncIterator[EventStore]:
        store = await open_memory("memory:", clock=self.clock)
        yield store
        await store.close()


class TestSqlite(EventStoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[EventStore]:
        store = await open_eventstore(f"sqlite:///{tmp_path}/log.db", clock=self.clock)
        yield store
        await store.close()

    @pytest.mark.parametrize("position", [2, 3])
    async def test_the_last_record_of_a_stream_and_of_the_log_is_never_removed(
        self, store: EventStore, tmp_path: Path, position: int
    ) -> None:
        # Heads are the records with the highest numbers; this keeps them whatever archives.
        await append(store, commit(record("A/1"), record("A/1"), record("A/2")))
        database = apsw.Connection(f"{tmp_path}/log.db")

        with pytest.raises(apsw.ConstraintError, match="is never removed"):
            database.execute("DELETE FROM events WHERE position = ?", (position,))
        database.execute("DELETE FROM events WHERE position = 1")
        database.close()

        assert [kept.position for kept in await everything(store)] == [2, 3]

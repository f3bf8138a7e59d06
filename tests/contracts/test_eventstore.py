"""The contract of the event store, on every store there is. Read by: authors of stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leftfold.adapters.sqlite import open_eventstore
from leftfold.eventstore import EventStore, open_memory
from leftfold.testing.contracts.eventstore import EventStoreContract


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

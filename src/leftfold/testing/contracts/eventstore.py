"""What every event store must do, as one class of tests. Read by: authors of stores.

Subclass it and give it a fixture `store`: an empty store, opened with `self.clock` and closed
after the test.

    class TestMemory(EventStoreContract):
        @pytest.fixture
        async def store(self) -> AsyncIterator[EventStore]:
            store = await open_memory("memory:", clock=self.clock)
            yield store
            await store.close()
"""

from leftfold.testing.contracts.eventstore_appending import AppendingContract
from leftfold.testing.contracts.eventstore_judging import JudgingContract
from leftfold.testing.contracts.eventstore_reading import ReadingContract

__all__ = ["EventStoreContract"]


class EventStoreContract(AppendingContract, JudgingContract, ReadingContract):
    """Order, ids, receipts, expectations, conditions, pages, waiting."""

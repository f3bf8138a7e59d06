"""What every read side must do, as one class of tests. Read by: authors of read sides.

Subclass it and give it a fixture `readside`: an empty one, opened with `self.clock` and closed
after the test.

    class TestMemory(ReadSideContract):
        @pytest.fixture
        async def readside(self) -> AsyncIterator[ReadSide]:
            readside = await open_readside("memory://", clock=self.clock)
            yield readside
            await readside.close()
"""

from leftfold.testing.contracts.readside_moving import MovingContract
from leftfold.testing.contracts.readside_rows import RowsContract
from leftfold.testing.contracts.readside_selecting import SelectingContract

__all__ = ["ReadSideContract"]


class ReadSideContract(MovingContract, RowsContract, SelectingContract):
    """Claims and moves, what rows keep, how they are selected."""

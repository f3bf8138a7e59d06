"""The contract of the read side, on every database there is. Read by: authors of read sides."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from leftfold.adapters.sqlite.readside import open_readside
from leftfold.processing.port import ReadSide
from leftfold.testing.contracts.readside import ReadSideContract


class TestMemory(ReadSideContract):
    @pytest.fixture
    async def readside(self) -> AsyncIterator[ReadSide]:
        readside = await open_readside("memory://", clock=self.clock)
        yield readside
        await readside.close()


class TestSqlite(ReadSideContract):
    @pytest.fixture
    async def readside(self, tmp_path: Path) -> AsyncIterator[ReadSide]:
        readside = await open_readside(f"sqlite:///{tmp_path}/log.views.db", clock=self.clock)
        yield readside
        await readside.close()

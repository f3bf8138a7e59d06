"""What the shop's tests share: the loop they run on. Read by: authors of tests."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run on asyncio, the only loop that Leftfold promises."""
    return "asyncio"

"""What every test gets: one event loop, the watch on blocking calls, Hypothesis without a clock.

Read by: authors of tests. `async def test_…` needs no mark; anyio runs it on asyncio.
"""

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import HealthCheck, settings

# Two busy cores make single examples slow now and then; only the test's own timeout counts.
settings.register_profile("leftfold", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leftfold")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run on asyncio, the only loop that Leftfold promises."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def no_blocking() -> Iterator[None]:
    """Fail where Leftfold itself blocks the event loop; what a test does is its own business."""
    with blockbuster_ctx("leftfold"):
        yield

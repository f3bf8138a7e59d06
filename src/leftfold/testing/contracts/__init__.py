"""What every implementation of a port must do, as tests. Read by: authors of adapters.

Subclass a contract in a test file of your own and give it the fixture it names.
"""

import pytest

__all__ = []

# So that a failing assertion in a contract shows its values, as in a test file.
pytest.register_assert_rewrite("leftfold.testing.contracts.records")
pytest.register_assert_rewrite("leftfold.testing.contracts.eventstore_appending")
pytest.register_assert_rewrite("leftfold.testing.contracts.eventstore_judging")
pytest.register_assert_rewrite("leftfold.testing.contracts.eventstore_reading")
pytest.register_assert_rewrite("leftfold.testing.contracts.readside_moving")
pytest.register_assert_rewrite("leftfold.testing.contracts.readside_rows")
pytest.register_assert_rewrite("leftfold.testing.contracts.readside_selecting")
pytest.register_assert_rewrite("leftfold.testing.contracts.readside_views")

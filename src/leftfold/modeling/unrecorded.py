"""Finds state that a handler changed without an event, in tests. Read by: authors of test helpers.

Such a change may be seen by the next command, and is lost at the next load.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import msgspec

from leftfold.errors import ConfigurationError
from leftfold.modeling.states import changed_fields, copied

if TYPE_CHECKING:
    from collections.abc import Callable

    from leftfold.modeling.decision import Decision

__all__ = ["watch_state"]


def watch_state(state: Any) -> Callable[[Decision], None]:
    """Remember the state that a handler is given.

    Returns:
        A check for after the decision, which folds what was recorded into the remembered state
        and compares. It raises a ConfigurationError that names the first field which differs.
    """
    if isinstance(state, msgspec.Struct) and not state.__struct_config__.frozen:
        before = copied(state, copy.deepcopy)
    else:
        before = copy.deepcopy(state)

    def check(decision: Decision) -> None:
        for name, should_be, is_ in changed_fields(decision.refold(before), decision.state):
            message = (
                f"{decision.label} changed {name} from {should_be!r} to {is_!r} without an event; "
                f"the change is lost at the next load. Record an event and change {name} in "
                "@evolves."
            )
            raise ConfigurationError(message)

    return check

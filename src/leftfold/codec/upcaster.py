"""Reads events that were stored in an older form. Read by: whoever changes an event.

An Upcaster turns the JSON values of one revision into those of the next; chains are followed
from the stored revision to the class's.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import calling_module, place_of

__all__ = ["Upcaster", "chains_of"]


class Upcaster:
    """Turns one revision of an event's values into the next."""

    def __init__(
        self, name: str, /, *, revision: int, to: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> None:
        """Take a step from `revision` to the next.

        Args:
            name: The event's wire name.
            revision: The revision that `to` takes.
            to: Given the stored values, returns those of `revision + 1`.
        """
        self.name = name
        self.revision = revision
        self.to = to
        self.module = calling_module()

    def __repr__(self) -> str:
        """Return what it takes and where its function stands."""
        return f"Upcaster({self.name!r}, revision={self.revision}) ({place_of(self.to)})"


def chains_of(
    upcasters: Iterable[Upcaster], events: Mapping[str, tuple[str, int]]
) -> dict[str, dict[int, Upcaster]]:
    """Return the steps of each event, by wire name and by the revision each takes.

    Args:
        upcasters: All that the App was given.
        events: The wire name and the revision of each event that it knows, by every name that
            the event has or had.

    Raises:
        ConfigurationError: A step is given twice, leads nowhere, or one in between is missing.
    """
    chains: dict[str, dict[int, Upcaster]] = {}
    for upcaster in upcasters:
        if upcaster.name not in events:
            message = f"{upcaster}: no event has this wire name. Correct the name, or remove it."
            raise ConfigurationError(message)
        steps = chains.setdefault(events[upcaster.name][0], {})
        if upcaster.revision in steps:
            other = steps[upcaster.revision]
            message = f"{upcaster} and {other} take the same revision. Remove one."
            raise ConfigurationError(message)
        steps[upcaster.revision] = upcaster
    for name, steps in chains.items():
        _check_chain(name, steps, newest=events[name][1])
    return chains


def _check_chain(name: str, steps: Mapping[int, Upcaster], *, newest: int) -> None:
    if max(steps) >= newest:
        message = (
            f"Upcaster for {name!r} from revision {max(steps)} leads to {max(steps) + 1}, but the "
            f"class is revision {newest}. Write revision={max(steps) + 1} at the class."
        )
        raise ConfigurationError(message)
    for revision in range(min(steps), newest):
        if revision not in steps:
            message = (
                f"The upcasters of {name!r} have a gap: none takes revision {revision}. "
                f"Add Upcaster({name!r}, revision={revision}, to=…)."
            )
            raise ConfigurationError(message)

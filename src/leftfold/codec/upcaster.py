"""Reads events that were stored in an older form. Read by: whoever changes an event.

An Upcaster turns the JSON values of one revision into those of the next; chains are followed
from the stored revision to the class's.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import place_of

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
        self.module: str = sys._getframe(1).f_globals.get("__name__", "")  # noqa: SLF001  the maker

    def __repr__(self) -> str:
        """Return what it takes and where its function stands."""
        return f"Upcaster({self.name!r}, revision={self.revision}) ({place_of(self.to)})"


def chains_of(
    upcasters: Iterable[Upcaster], revisions: Mapping[str, int]
) -> dict[str, dict[int, Upcaster]]:
    """Return the steps of each wire name, by the revision they take.

    Args:
        upcasters: All that the App was given.
        revisions: The revision of each event that it knows, by wire name.

    Raises:
        ConfigurationError: A step is given twice, leads nowhere, or one in between is missing.
    """
    chains: dict[str, dict[int, Upcaster]] = {}
    for upcaster in upcasters:
        steps = chains.setdefault(upcaster.name, {})
        if upcaster.revision in steps:
            other = steps[upcaster.revision]
            message = f"{upcaster} and {other} take the same revision. Remove one."
            raise ConfigurationError(message)
        steps[upcaster.revision] = upcaster
    for name, steps in chains.items():
        _check_chain(name, steps, revisions)
    return chains


def _check_chain(name: str, steps: Mapping[int, Upcaster], revisions: Mapping[str, int]) -> None:
    if name not in revisions:
        message = (
            f"Upcaster for {name!r}: no event has this wire name. Correct the name, or remove it."
        )
        raise ConfigurationError(message)
    newest = revisions[name]
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

"""What stands between an event's JSON values and its bytes. Read by: authors of a further step.

Writing goes through the steps in order, reading in reverse. A type for which no step has
anything to do is encoded and decoded straight, without the way over values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from leftfold.errors import CodecError
from leftfold.messages.narrowing import is_mapping

if TYPE_CHECKING:
    from leftfold.codec.upcaster import Upcaster

__all__ = ["Step", "Upcast", "Values", "dumped", "loaded"]

Values: TypeAlias = dict[str, Any]


class Step(Protocol):
    """One change between a class's values and the stored ones, and its reverse."""

    @property
    def writes(self) -> bool:
        """Tell whether `dump` does anything."""
        ...

    def reads(self, revision: int) -> bool:
        """Tell whether `load` does anything to what is stored in this revision."""
        ...

    def dump(self, values: Values) -> Values:
        """Return the values as they are stored."""
        ...

    def load(self, values: Values, revision: int) -> Values:
        """Return the values as the class of today has them.

        Raises:
            CodecError: What is stored cannot be brought there.
        """
        ...


def dumped(steps: Sequence[Step], values: Values) -> Values:
    """Take values through the steps, as they are written."""
    for step in steps:
        values = step.dump(values)
    return values


def loaded(steps: Sequence[Step], values: Values, revision: int) -> Values:
    """Take stored values back through the steps, in reverse."""
    for step in reversed(steps):
        values = step.load(values, revision)
    return values


class Upcast:
    """Brings values of an older revision to the class's, one Upcaster after the other."""

    writes = False

    def __init__(
        self, name: str, cls: str, revision: int, upcasters: Mapping[int, Upcaster]
    ) -> None:
        """Take a wire name, the class that answers to it, its revision and the chain there."""
        self._name = name
        self._cls = cls
        self._revision = revision
        self._upcasters = upcasters

    def reads(self, revision: int) -> bool:
        """Tell whether a stored revision is another than the class's."""
        return revision != self._revision

    def leads_from(self, revision: int) -> bool:
        """Tell whether a stored revision can be brought to the class's."""
        if revision > self._revision:
            return False
        return all(step in self._upcasters for step in range(revision, self._revision))

    def dump(self, values: Values) -> Values:
        """Return the values: what is written is always the newest revision."""
        return values

    def load(self, values: Values, revision: int) -> Values:
        """Return the values of the newest revision."""
        if revision > self._revision:
            message = (
                f"A stored {self._name!r} has revision {revision}, newer than {self._cls} "
                f"with {self._revision}. It was written by a newer release; deploy that one."
            )
            raise CodecError(message)
        for step in range(revision, self._revision):
            values = self._step(values, revision, step)
        return values

    def _step(self, values: Values, revision: int, step: int) -> Values:
        upcaster = self._upcasters.get(step)
        if upcaster is None:
            message = (
                f"A stored {self._name!r} has revision {revision}, {self._cls} has "
                f"{self._revision}, and no Upcaster takes revision {step}. "
                f"Add Upcaster({self._name!r}, revision={step}, to=…)."
            )
            raise CodecError(message)
        try:
            values = upcaster.to(dict(values))
        except Exception as error:
            message = f"{upcaster} failed: {error.__class__.__name__}: {error}"
            raise CodecError(message) from error
        if not is_mapping(values):
            message = f"{upcaster} returned {values!r}, not a dict. End it with return."
            raise CodecError(message)
        return values

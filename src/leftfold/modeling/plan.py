"""What the kernel asks of a model, whatever its kind. Read by: authors of kinds of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from leftfold.eventstore.port import Criteria, Criterion

if TYPE_CHECKING:
    from collections.abc import Callable

    from leftfold.eventstore.port import Record
    from leftfold.messages.message import Command, Event
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.decision import Decision, Folds
    from leftfold.modeling.handling import CommandHandler

__all__ = ["NOTHING", "DecidingModel", "StreamOwner", "Subject"]

NOTHING: Criteria = (Criterion(types=frozenset({"\x1f"})),)
"""Meets no record: the command carries none of the tags, so there is nothing to read."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What one command is decided on: a stream, or what meets some criteria.

    `key` is the model's key as text; `locks` are the names under which commands of this
    process take turns.
    """

    key: str
    stream: str
    locks: tuple[str, ...]
    criteria: Criteria | None = None
    tags: Mapping[str, frozenset[str]] | None = None


class StreamOwner(Protocol):
    """A model in whose streams others may record: an Aggregate, compiled."""

    @property
    def label(self) -> str:
        """Return what errors call it."""
        ...

    def folds(self, event: type[Event]) -> bool:
        """Tell whether it folds events of a type."""
        ...

    def stream_of(self, event: Event) -> str:
        """Return its stream that an event belongs to.

        Raises:
            ConfigurationError: The event has no field that holds the key.
        """
        ...


class DecidingModel(Protocol):
    """A model compiled: what it handles and folds, and how."""

    @property
    def name(self) -> str:
        """Return the first part of its streams."""
        ...

    @property
    def label(self) -> str:
        """Return what errors call it."""
        ...

    @property
    def handlers(self) -> Mapping[type[Command[Any]], CommandHandler]:
        """Return its handlers, by what they decide."""
        ...

    @property
    def events(self) -> frozenset[type[Event]]:
        """Return the events that it folds, and those that its handlers name."""
        ...

    @property
    def copy(self) -> Callable[[Any], Any] | None:
        """Return what copies a state cheaply; None: it is loaded anew after a refusal."""
        ...

    def subject(self, handler: CommandHandler, command: Command[Any]) -> Subject:
        """Return what the command is decided on."""
        ...

    def blank(self, command: Command[Any]) -> Any:
        """Return the state before the first event."""
        ...

    def admit(
        self, handler: CommandHandler, subject: Subject, *, exists: bool, ended: bool
    ) -> None:
        """Refuse a command that needs a thing which is missing, or the other way round.

        Raises:
            Rejected: NotFound or AlreadyExists.
        """
        ...

    def decide(
        self,
        handler: CommandHandler,
        decision: Decision,
        command: Command[Any],
        extra: dict[str, Any],
    ) -> Any:
        """Run the handler; what it records is in the decision afterwards."""
        ...

    def fold(
        self,
        state: Any,
        record: Record,
        event: Event,
        subject: Subject,
        metadata: Callable[[], Metadata],
    ) -> Any:
        """Return the state after a stored event."""
        ...

    def folds(self, event: type[Event]) -> bool:
        """Tell whether the model folds events of a type."""
        ...

    def ends(self, event: type[Event]) -> bool:
        """Tell whether an event of a type ends the thing."""
        ...

    def applier(self, subject: Subject) -> Folds:
        """Return what folds the events that the decision records."""
        ...

    def streams(
        self, decision: Decision, subject: Subject, aggregates: Sequence[StreamOwner]
    ) -> Sequence[str]:
        """Return the stream of each recorded event, in order.

        Args:
            decision: What was recorded.
            subject: What the command was decided on.
            aggregates: Those of the App, whose streams may take events of a Boundary.
        """
        ...

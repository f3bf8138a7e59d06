"""An Aggregate, compiled. Read by: authors of the kernel.

Its stream is folded into one instance, on which the handlers run as methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leftfold.errors import AlreadyExists, ConfigurationError, NotFound
from leftfold.messages.keys import key_reader, key_text, stream_name
from leftfold.modeling.folding import (
    check_built,
    check_options,
    evolvers_of,
    refuse_same_event,
    required_fields,
)
from leftfold.modeling.handling import handlers_of
from leftfold.modeling.model import unset_instance
from leftfold.modeling.naming import events_named_in
from leftfold.modeling.plan import Subject
from leftfold.modeling.states import shallow_copier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leftfold.eventstore.port import Record
    from leftfold.messages.keys import KeySource
    from leftfold.messages.message import Command, Event
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.decision import Decision, Folds
    from leftfold.modeling.handling import CommandHandler
    from leftfold.modeling.plan import StreamOwner

__all__ = ["AggregateModel", "aggregate_model"]

OPTIONS = {
    "handles": frozenset({"key", "new", "missing_ok"}),
    "evolves": frozenset({"key", "ends"}),
}
ADVICE = {
    "tags": "An Aggregate is found by its key; a rule over tags is a Boundary.",
    "each": "It belongs to a View; loop over the elements in the method.",
    "name": "The class's name= names the stream.",
}


class AggregateModel:
    """How commands find an Aggregate's stream, fold it and are decided."""

    def __init__(self, cls: Any) -> None:
        """Compile the class.

        Raises:
            ConfigurationError: It cannot work, with what to change.
        """
        options = cls.__leftfold__
        self.cls = cls
        self.name: str = options.name
        self.label: str = cls.__name__
        check_options(cls, OPTIONS, ADVICE)
        self.handlers = {h.command: h for h in handlers_of(cls)}
        self._evolvers = refuse_same_event(evolvers_of(cls))
        self._required = required_fields(cls)
        self._check_builder()
        self._keys = {c: self._reader(h) for c, h in self.handlers.items()}
        self._event_keys: dict[type[Event], Callable[[Any], tuple[object, ...]]] = {}
        named = {e for h in self.handlers.values() for e in events_named_in(h.function, cls)}
        self.events = frozenset({*self._evolvers, *named})
        self.copy = shallow_copier(cls)

    def _check_builder(self) -> None:
        if self._required and hasattr(self.cls, "__post_init__"):
            message = (
                f"{self.label} has a __post_init__ and fields without default "
                f"({self._required[0]}), which are not set before an event builds the state. Do it "
                "in @evolves methods."
            )
            raise ConfigurationError(message)
        if not self._required or any(e.builds for e in self._evolvers.values()):
            return
        field = self._required[0]
        event = next(iter(self._evolvers), None)
        name = event.__name__ if event is not None else f"{self.label}Opened"
        message = (
            f"{self.label}.{field} has no default and no classmethod builds the state. Give a "
            f"default, or add @evolves @classmethod def opened(cls, event: {name}) -> Self."
        )
        raise ConfigurationError(message)

    def _reader(self, handler: CommandHandler) -> Callable[[Any], tuple[object, ...]]:
        role = handler.role
        if role.new and role.missing_ok:
            message = f"{handler.label}: new=True and missing_ok=True exclude each other. Keep one."
            raise ConfigurationError(message)
        source = self._source(role.key)
        fields = handler.command.__struct_fields__
        return key_reader(handler.label, handler.command, fields, source, decorator="handles")

    def _source(self, given: KeySource | None) -> KeySource:
        source: KeySource = given if given is not None else self.cls.__leftfold__.key
        if not source:
            message = (
                f"class {self.label}(Aggregate) has no key. Name the field of its commands that "
                f'holds it: class {self.label}(Aggregate, key="id").'
            )
            raise ConfigurationError(message)
        return source

    def subject(self, handler: CommandHandler, command: Command[Any]) -> Subject:
        """Return the stream that the command's key names."""
        key = key_text(self._keys[handler.command](command))
        stream = stream_name(self.name, key)
        return Subject(key=key, stream=stream, locks=(stream,))

    def blank(self, command: Command[Any]) -> Any:  # noqa: ARG002  a Boundary takes fields from it
        """Return an instance with its defaults, the other fields unset."""
        return unset_instance(self.cls, self._required) if self._required else self.cls()

    def admit(
        self, handler: CommandHandler, subject: Subject, *, exists: bool, ended: bool
    ) -> None:
        """Refuse what needs an aggregate that is missing, or a free key that is taken."""
        role = handler.role
        if role.new:
            if exists:
                message = f"{self.label} {subject.key!r} exists already."
                raise AlreadyExists(message)
        elif ended:
            message = f"{self.label} {subject.key!r} has ended."
            raise NotFound(message)
        elif not exists and not role.missing_ok:
            message = f"There is no {self.label} {subject.key!r}."
            raise NotFound(message)

    def decide(
        self,
        handler: CommandHandler,
        decision: Decision,
        command: Command[Any],
        extra: dict[str, Any],
    ) -> Any:
        """Call the handler on the state."""
        return handler.function(decision.state, command, **extra)

    def apply(self, state: Any, event: Event, metadata: Callable[[], Metadata]) -> Any:
        """Fold an event that was just recorded into the instance that the handler holds."""
        evolver = self._evolvers.get(type(event))
        if evolver is None:
            return state
        after = evolver.fold(self.cls, state, event, metadata)
        if after is not state:
            check_built(self.cls, evolver.label, after)
            for name in self.cls.__struct_fields__:
                setattr(state, name, getattr(after, name))
        return state

    def fold(
        self,
        state: Any,
        record: Record,  # noqa: ARG002  a Boundary looks at its tags
        event: Event,
        subject: Subject,  # noqa: ARG002
        metadata: Callable[[], Metadata],
    ) -> Any:
        """Return the state after a stored event."""
        evolver = self._evolvers[type(event)]
        after = evolver.fold(self.cls, state, event, metadata)
        if after is not state:
            check_built(self.cls, evolver.label, after)
        return after

    def folds(self, event: type[Event]) -> bool:
        """Tell whether the aggregate folds events of a type."""
        return event in self._evolvers

    def ends(self, event: type[Event]) -> bool:
        """Tell whether an event of a type ends the aggregate."""
        evolver = self._evolvers.get(event)
        return evolver is not None and evolver.marked.role.ends

    def applier(self, subject: Subject) -> Folds:  # noqa: ARG002  a Boundary needs its tags
        """Return what folds the events that the decision records."""
        return self

    def streams(
        self,
        decision: Decision,
        subject: Subject,
        aggregates: Sequence[StreamOwner],  # noqa: ARG002  a Boundary looks among them
    ) -> Sequence[str]:
        """Return the aggregate's own stream, for each event."""
        return [subject.stream] * len(decision.recorded)

    def stream_of(self, event: Event) -> str:
        """Return the stream of this Aggregate that an event belongs to.

        Raises:
            ConfigurationError: The event has no field that holds the key.
        """
        reader = self._event_keys.get(type(event))
        if reader is None:
            reader = self._event_keys[type(event)] = self._event_key(type(event))
        return stream_name(self.name, key_text(reader(event)))

    def _event_key(self, event: type[Event]) -> Callable[[Any], tuple[object, ...]]:
        evolver = self._evolvers.get(event)
        given = evolver.marked.role.key if evolver is not None else None
        source = self._source(given)
        label = evolver.label if evolver is not None else self.label
        return key_reader(label, event, event.__struct_fields__, source, decorator="evolves")


def aggregate_model(cls: Any) -> AggregateModel:
    """Return the class compiled, once."""
    compiled: dict[str, Any] = cls.__leftfold__.compiled
    if "aggregate" not in compiled:
        compiled["aggregate"] = AggregateModel(cls)
    model: AggregateModel = compiled["aggregate"]
    return model

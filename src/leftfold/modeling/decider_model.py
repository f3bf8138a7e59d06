"""A Decider, compiled. Read by: authors of the kernel."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any, get_args

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import checked_name
from leftfold.messages.keys import key_reader, key_text, stream_name
from leftfold.messages.message import Event, options_of
from leftfold.messages.narrowing import is_several
from leftfold.modeling.handling import CommandHandler
from leftfold.modeling.naming import events_named_in
from leftfold.modeling.plan import Subject
from leftfold.modeling.roles import Role
from leftfold.modeling.signature import result_of, signature_of
from leftfold.modeling.states import is_immutable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leftfold.eventstore.port import Record
    from leftfold.messages.message import Command
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.decider import Decider
    from leftfold.modeling.decision import Decision, Folds
    from leftfold.modeling.plan import StreamOwner
    from leftfold.modeling.signature import Signature

__all__ = ["DeciderModel", "decider_model"]

_TAKES = {"decide": ("command", "state"), "evolve": ("state", "event")}


def _same(state: Any) -> Any:
    return state


class DeciderModel:
    """How commands find a Decider's stream, fold it and are decided."""

    def __init__(self, decider: Decider[Any, Any, Any]) -> None:
        """Read the message types from the annotations of the functions.

        Raises:
            ConfigurationError: They do not say which messages, or are async.
        """
        self._decider = decider
        self.name = checked_name("Decider", decider.name)
        self.label = f"Decider({self.name!r})"
        signature = self._signature("decide", decider.decide)
        evolve = self._signature("evolve", decider.evolve)
        self._folded = self._events(evolve)
        # Its functions should be pure; where a state can be changed all the same, none is shared.
        self.copy = _same if is_immutable(evolve.returns) else None
        self.handlers = self._handlers(signature)
        self._keys = {
            c: key_reader(self.label, c, c.__struct_fields__, decider.key, decorator="handles")
            for c in self.handlers
        }
        named = events_named_in(decider.decide)
        self.events = frozenset({*self._folded, *_events_in(signature.returns), *named})

    def _signature(self, name: str, function: Callable[..., Any]) -> Signature:
        label = f"{self.label}.{name}"
        wanted = _TAKES[name]
        positional = {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD}
        given = [
            p
            for p in inspect.signature(function).parameters.values()
            if p.default is p.empty or p.kind in positional
        ]
        if len(given) != len(wanted) or any(p.kind not in positional for p in given):
            message = (
                f"{label} takes ({', '.join(p.name for p in given)}), but it is called with the "
                f"{' and the '.join(wanted)}. Write def {name}({', '.join(wanted)})."
            )
            raise ConfigurationError(message)
        signature = signature_of(function, label=label, bound=name == "evolve", injected=False)
        if signature.is_async:
            message = (
                f"{label} is async. Deciders decide without I/O, because a decision may run again."
            )
            raise ConfigurationError(message)
        return signature

    def _events(self, signature: Signature) -> frozenset[type[Event]]:
        for event in signature.messages:
            if options_of(event).kind != "Event" or event is Event:
                message = (
                    f"{self.label}.evolve takes {event.__name__}, which is no event of yours. "
                    "Annotate the class of an event, or a union of them."
                )
                raise ConfigurationError(message)
        events: frozenset[Any] = frozenset(signature.messages)
        return events

    def _handlers(self, signature: Signature) -> dict[type[Command[Any]], CommandHandler]:
        found: dict[type[Command[Any]], CommandHandler] = {}
        for command in signature.messages:
            if options_of(command).kind != "Command" or result_of(command) is not type(None):
                message = (
                    f"{self.label}.decide takes {command.__name__}, but a Decider answers "
                    "Command[None] only. Change the command, or use an Aggregate."
                )
                raise ConfigurationError(message)
            typed: Any = command
            found[typed] = CommandHandler(
                label=f"{self.label}.decide",
                command=typed,
                function=self._decider.decide,
                role=Role(kind="handles"),
                parameters=(),
            )
        return found

    def subject(self, handler: CommandHandler, command: Command[Any]) -> Subject:
        """Return the stream that the command's key names."""
        key = key_text(self._keys[handler.command](command))
        stream = stream_name(self.name, key)
        return Subject(key=key, stream=stream, locks=(stream,))

    def blank(self, command: Command[Any]) -> Any:  # noqa: ARG002
        """Return the initial state."""
        initial = self._decider.initial
        return initial if self.copy is not None else copy.deepcopy(initial)

    def admit(
        self, handler: CommandHandler, subject: Subject, *, exists: bool, ended: bool
    ) -> None:
        """Let every command through: a Decider says itself what a missing stream means."""

    def decide(
        self,
        handler: CommandHandler,
        decision: Decision,
        command: Command[Any],
        extra: dict[str, Any],  # noqa: ARG002  pure functions take nothing else
    ) -> Any:
        """Record what `decide` returns."""
        events: object = handler.function(command, decision.state)
        if not is_several(events):
            message = (
                f"{handler.label} returned {events!r}, not a list of events. Return [] where "
                "nothing happens."
            )
            raise ConfigurationError(message)
        for event in events:
            decision.record(event)

    def apply(self, state: Any, event: Event, metadata: Callable[[], Metadata]) -> Any:  # noqa: ARG002
        """Return the state after an event that was just decided."""
        return self._decider.evolve(state, event) if type(event) in self._folded else state

    def fold(
        self,
        state: Any,
        record: Record,  # noqa: ARG002
        event: Event,
        subject: Subject,  # noqa: ARG002
        metadata: Callable[[], Metadata],  # noqa: ARG002
    ) -> Any:
        """Return the state after a stored event."""
        return self._decider.evolve(state, event)

    def folds(self, event: type[Event]) -> bool:
        """Tell whether `evolve` takes events of a type."""
        return event in self._folded

    def ends(self, event: type[Event]) -> bool:  # noqa: ARG002
        """Return false: an end is a state like any other here."""
        return False

    def applier(self, subject: Subject) -> Folds:  # noqa: ARG002  a Boundary needs its tags
        """Return what folds the events that the decision records."""
        return self

    def streams(
        self,
        decision: Decision,
        subject: Subject,
        aggregates: Sequence[StreamOwner],  # noqa: ARG002  a Boundary looks among them
    ) -> Sequence[str]:
        """Return the Decider's own stream, for each event."""
        return [subject.stream] * len(decision.recorded)


def _events_in(annotation: Any) -> set[type[Event]]:
    """Return the event classes that an annotation names, as `list[Opened | Closed]` does."""
    found: set[type[Event]] = set()
    waiting = [annotation]
    while waiting:
        part = waiting.pop()
        waiting += get_args(part)
        if isinstance(part, type) and issubclass(part, Event) and part is not Event:
            found.add(part)
    return found


def decider_model(decider: Decider[Any, Any, Any]) -> DeciderModel:
    """Return the Decider compiled, once."""
    if "model" not in decider.compiled:
        decider.compiled["model"] = DeciderModel(decider)
    model: DeciderModel = decider.compiled["model"]
    return model

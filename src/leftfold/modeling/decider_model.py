"""A Decider, compiled. Read by: authors of the kernel."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_args

from leftfold.errors import ConfigurationError
from leftfold.messages.keys import key_reader, key_text, stream_name
from leftfold.messages.message import Event, options_of
from leftfold.modeling.handling import CommandHandler, events_named_in
from leftfold.modeling.plan import Subject
from leftfold.modeling.roles import Role
from leftfold.modeling.signature import result_of, signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leftfold.eventstore.port import Record
    from leftfold.messages.message import Command
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.aggregate_model import AggregateModel
    from leftfold.modeling.decider import Decider
    from leftfold.modeling.decision import Decision, Folds

__all__ = ["DeciderModel", "decider_model"]


def _same(state: Any) -> Any:
    return state


class DeciderModel:
    """How commands find a Decider's stream, fold it and are decided."""

    def __init__(self, decider: Decider[Any, Any, Any]) -> None:
        """Read the message types from the annotations of the functions.

        Raises:
            ConfigurationError: They do not say which messages, or are async.
        """
        self.name = self.label = decider.name
        self.copy = _same  # its functions are pure: no state is ever changed
        self._decider = decider
        self._folded = self._events()
        self.handlers = self._handlers()
        fields = {c: c.__struct_fields__ for c in self.handlers}
        self._keys = {
            c: key_reader(f"Decider({self.name!r})", c, fields[c], decider.key, decorator="handles")
            for c in self.handlers
        }
        returned = {e for e in self._returned() if isinstance(e, type) and issubclass(e, Event)}
        self.events = frozenset({*self._folded, *returned, *events_named_in(decider.decide)})

    def _events(self) -> frozenset[type[Event]]:
        evolve = self._decider.evolve
        parameters = list(inspect.signature(evolve).parameters.values())
        swapped = parameters[1:2]
        if not swapped:
            message = f"Decider({self.name!r}): evolve takes a state and an event."
            raise ConfigurationError(message)
        label = f"Decider({self.name!r}).evolve"
        signature = signature_of(evolve, label=label, bound=True)
        for event in signature.messages:
            if options_of(event).kind != "Event":
                message = f"{label} takes {event.__name__}, which is no Event."
                raise ConfigurationError(message)
        events: frozenset[Any] = frozenset(signature.messages)
        return events

    def _handlers(self) -> dict[type[Command[Any]], CommandHandler]:
        decide = self._decider.decide
        label = f"Decider({self.name!r}).decide"
        signature = signature_of(decide, label=label, bound=False)
        if signature.is_async:
            message = (
                f"{label} is async. Deciders decide without I/O, because a decision may run again."
            )
            raise ConfigurationError(message)
        found: dict[type[Command[Any]], CommandHandler] = {}
        for command in signature.messages:
            if options_of(command).kind != "Command" or result_of(command) is not type(None):
                message = (
                    f"{label} takes {command.__name__}, but a Decider answers Command[None] only. "
                    "Change the command, or use an Aggregate."
                )
                raise ConfigurationError(message)
            typed: Any = command
            found[typed] = CommandHandler(
                label=label,
                command=typed,
                function=decide,
                role=Role(kind="handles"),
                parameters=(),
            )
        return found

    def _returned(self) -> list[Any]:
        signature = signature_of(self._decider.decide, label=self.label, bound=False)
        stack, leaves = [signature.returns], list[Any]()
        while stack:
            annotation = stack.pop()
            inside = get_args(annotation)
            stack += inside
            leaves += [] if inside else [annotation]
        return leaves

    def subject(self, handler: CommandHandler, command: Command[Any]) -> Subject:
        """Return the stream that the command's key names."""
        key = key_text(self._keys[handler.command](command))
        stream = stream_name(self.name, key)
        return Subject(key=key, stream=stream, locks=(stream,))

    def blank(self, command: Command[Any]) -> Any:  # noqa: ARG002
        """Return the initial state."""
        return self._decider.initial

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
        for event in handler.function(command, decision.state):
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
        aggregates: Sequence[AggregateModel],  # noqa: ARG002  a Boundary looks among them
    ) -> Sequence[str]:
        """Return the Decider's own stream, for each event."""
        return [subject.stream] * len(decision.recorded)


def decider_model(decider: Decider[Any, Any, Any]) -> DeciderModel:
    """Return the Decider compiled, once."""
    if "model" not in decider.compiled:
        decider.compiled["model"] = DeciderModel(decider)
    model: DeciderModel = decider.compiled["model"]
    return model

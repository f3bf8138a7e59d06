"""given(…).when(…).then(…): tests of models as sentences, without a store. Read by: everyone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

from leftfold.clock import SystemClock
from leftfold.codec.codec import Codec
from leftfold.codec.envelope import encode_envelope
from leftfold.errors import ConfigurationError, Rejected
from leftfold.eventstore.port import Record
from leftfold.messages.ids import Ids
from leftfold.messages.message import Command, Event
from leftfold.messages.metadata import Metadata
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.aggregate_model import aggregate_model
from leftfold.modeling.boundary import Boundary
from leftfold.modeling.boundary_model import boundary_model
from leftfold.modeling.cache import Folded
from leftfold.modeling.decider import Decider
from leftfold.modeling.decider_model import decider_model
from leftfold.modeling.decision import Decision
from leftfold.modeling.loading import fold_records
from leftfold.modeling.unrecorded import watch_state
from leftfold.processing.view import View
from leftfold.testing.comparing import side_by_side

if TYPE_CHECKING:
    from leftfold.modeling.handling import CommandHandler
    from leftfold.modeling.plan import DecidingModel, Subject
    from leftfold.testing.given_view import GivenView

__all__ = ["GivenModel", "Then", "given"]

R = TypeVar("R")
V = TypeVar("V", bound=View)

START = datetime(2030, 1, 1, tzinfo=UTC)


@overload
def given(
    model: type[Aggregate | Boundary] | Decider[Any, Any, Any],
    /,
    *events: Event,
    at: datetime | None = None,
) -> GivenModel: ...
@overload
def given(model: type[V], /, *events: Event, at: datetime | None = None) -> GivenView[V]: ...
def given(model: Any, /, *events: Any, at: datetime | None = None) -> Any:
    """Begin a test: these events have happened.

    Args:
        model: What is tested: an Aggregate, a Boundary, a Decider or a View.
        events: What has happened, oldest first.
        at: When, for folds that take `Metadata`.

    Raises:
        ConfigurationError: The model cannot work, or is none.
    """
    if isinstance(model, Decider):
        return GivenModel(decider_model(model), events, at)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(model, type):
        if issubclass(model, Aggregate):
            return GivenModel(aggregate_model(model), events, at)
        if issubclass(model, Boundary):
            return GivenModel(boundary_model(model), events, at)
        if issubclass(model, View):
            from leftfold.testing.given_view import given_view

            return given_view(model, events, at)
    message = f"given() takes an Aggregate, a Boundary, a Decider or a View, not {model!r}."
    raise ConfigurationError(message)


class GivenModel:
    """A model with a past, waiting for a command."""

    def __init__(
        self, model: DecidingModel, events: tuple[Event, ...], at: datetime | None
    ) -> None:
        """Take the past; `at` is its time."""
        self._model = model
        self._events = events
        self._at = at or START
        self._ids = Ids(SystemClock())
        known = {*model.events, *(type(event) for event in events)}
        self._codec = Codec(sorted(known, key=lambda cls: cls.__qualname__))

    def when(
        self, command: Command[R], /, *, at: datetime | None = None, actor: str | None = None
    ) -> Then[R]:
        """Have the command decided.

        Args:
            command: What is asked.
            at: The time of the decision, by default that of the events.
            actor: On whose behalf.

        Raises:
            ConfigurationError: The model does not handle the command.
        """
        handler = self._model.handlers.get(type(command))
        if handler is None:
            known = ", ".join(c.__name__ for c in self._model.handlers) or "none"
            message = (
                f"{self._model.label} does not handle {type(command).__name__} "
                f"(it handles: {known})."
            )
            raise ConfigurationError(message)
        id_ = self._ids.new()
        metadata = Metadata(id=id_, time=at or self._at, actor=actor, correlation=id_)
        return self._decided(handler, command, metadata)

    def _decided(self, handler: CommandHandler, command: Command[R], metadata: Metadata) -> Then[R]:
        subject = self._model.subject(handler, command)
        state, exists, ended = self._folded(command, subject)
        decision = Decision(
            state,
            folds=self._model.applier(subject),
            codec=self._codec,
            ids=self._ids,
            metadata=metadata,
            label=handler.label,
        )
        check = watch_state(state)
        try:
            self._model.admit(handler, subject, exists=exists, ended=ended)
            with decision.running():
                extra = _injected(handler, metadata)
                result = self._model.decide(handler, decision, command, extra)
        except Rejected as refusal:
            return Then(handler.label, (), None, refusal)
        check(decision)
        recorded = tuple(sealed.event for sealed, _, _ in decision.recorded)
        return Then(handler.label, recorded, result, None)

    def _folded(self, command: Command[Any], subject: Subject) -> tuple[Any, bool, bool]:
        records = self._records(subject)
        folded = Folded(self._model.blank(command), None)
        fold_records(self._model, subject, folded, records, self._codec)
        return folded.state, bool(records), folded.ended

    def _records(self, subject: Subject) -> list[Record]:
        envelope = encode_envelope(Metadata(id=self._ids.new(), time=self._at))
        records: list[Record] = []
        for number, event in enumerate(self._events, 1):
            sealed = self._codec.seal(event)
            record = Record(
                id=self._ids.new(),
                stream=subject.stream,
                type=sealed.type,
                revision=sealed.revision,
                tags=sealed.tags,
                data=sealed.data,
                metadata=envelope,
                tenant="",
                position=number,
                version=number,
                recorded=self._at,
            )
            if subject.criteria is None or any(c.meets(record) for c in subject.criteria):
                records.append(record)
        return records


def _injected(handler: CommandHandler, metadata: Metadata) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    for parameter in handler.parameters:
        if parameter.annotation is not Metadata:
            name = getattr(parameter.annotation, "__name__", str(parameter.annotation))
            message = (
                f"{handler.label} asks for {name} (parameter '{parameter.name}'), which given() "
                "cannot provide. Test it in a TestApp with provide=."
            )
            raise ConfigurationError(message)
        extra[parameter.name] = metadata
    return extra


class Then(Generic[R]):
    """What came of the command, to be compared with what should have."""

    def __init__(
        self, label: str, events: tuple[Event, ...], result: Any, refusal: Rejected | None
    ) -> None:
        """Take the outcome."""
        self._label = label
        self._events = events
        self._result = result
        self._refusal = refusal

    def then(self, *events: Event) -> Self:
        """Expect exactly these events, in this order; none: nothing happened.

        Raises:
            AssertionError: Others were recorded, or the command was refused.
        """
        __tracebackhide__ = True
        self._expect_accepted(events)
        if self._events != events:
            title = f"{self._label} recorded other events than expected."
            raise AssertionError(side_by_side(title, events, self._events))
        return self

    def returns(self, result: R, /) -> Self:
        """Expect this answer.

        Raises:
            AssertionError: Another was given, or the command was refused.
        """
        __tracebackhide__ = True
        self._expect_accepted((result,))
        if self._result != result:
            title = f"{self._label} returned another answer than expected."
            raise AssertionError(side_by_side(title, (result,), (self._result,)))
        return self

    def rejected(self, error: type[Rejected] = Rejected, /, *, match: str | None = None) -> Self:
        """Expect a refusal.

        Args:
            error: Its class, or one that it derives from.
            match: A regular expression that its words must contain.

        Raises:
            AssertionError: The command was accepted, or refused otherwise.
        """
        __tracebackhide__ = True
        expected = f"{error.__name__}({match or '…'})"
        if self._refusal is None:
            title = f"{self._label} accepted the command, but a refusal was expected."
            raise AssertionError(side_by_side(title, (_Plain(expected),), self._events))
        words = str(self._refusal)
        if not isinstance(self._refusal, error) or (match and not re.search(match, words)):
            title = f"{self._label} refused otherwise than expected."
            raise AssertionError(side_by_side(title, (_Plain(expected),), (self._refusal,)))
        return self

    def _expect_accepted(self, expected: tuple[object, ...]) -> None:
        __tracebackhide__ = True
        if self._refusal is not None:
            title = f"{self._label} refused the command."
            raise AssertionError(side_by_side(title, expected, (self._refusal,)))


class _Plain:
    """A text that shows itself without quotes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

"""A Boundary, compiled. Read by: authors of the kernel.

Its state is folded from the events that carry any of its tags, up to the head of the log as it
was read first; its commit holds only if nothing that would be folded came after that head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leftfold.errors import ConfigurationError
from leftfold.eventstore.port import Criterion
from leftfold.messages.message import options_of
from leftfold.messages.tags import tag_names, tag_reader
from leftfold.modeling.aggregate_model import aggregate_model
from leftfold.modeling.folding import Evolver, check_options, evolvers_of, required_fields
from leftfold.modeling.handling import events_named_in, handlers_of
from leftfold.modeling.plan import Subject
from leftfold.modeling.states import shallow_copier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from leftfold.eventstore.port import Record
    from leftfold.messages.message import Command, Event
    from leftfold.messages.metadata import Metadata
    from leftfold.messages.tags import Tags
    from leftfold.modeling.aggregate_model import AggregateModel
    from leftfold.modeling.decision import Decision, Folds
    from leftfold.modeling.handling import CommandHandler

__all__ = ["BoundaryModel", "boundary_model"]

OPTIONS = {"handles": frozenset({"tags"}), "evolves": frozenset({"tags"})}
_EXISTENCE = "Existence is a fold of its own here: a field that an @evolves method sets."
ADVICE = {
    "new": _EXISTENCE,
    "missing_ok": _EXISTENCE,
    "key": "A Boundary is found by tags; write @handles(tags=…) where a command's fields differ.",
    "ends": _EXISTENCE,
}


class BoundaryModel:
    """How commands find a Boundary's events, fold them and are decided."""

    def __init__(self, cls: Any) -> None:
        """Compile the class.

        Raises:
            ConfigurationError: It cannot work, with what to change.
        """
        self.cls = cls
        self.name: str = cls.__leftfold__.name
        self.label: str = cls.__name__
        check_options(cls, OPTIONS, ADVICE)
        self.handlers = {h.command: h for h in handlers_of(cls)}
        self._evolvers = self._grouped(evolvers_of(cls))
        self._required = required_fields(cls)
        self._readers = {c: self._command_tags(h) for c, h in self.handlers.items()}
        self._check_required()
        named = {e for h in self.handlers.values() for e in events_named_in(h.function)}
        self.events = frozenset({*self._evolvers, *named})
        self.copy = shallow_copier(cls)

    def _grouped(self, evolvers: list[Evolver]) -> dict[type[Event], list[Evolver]]:
        grouped: dict[type[Event], list[Evolver]] = {}
        for evolver in evolvers:
            self._check_tags(evolver)
            others = grouped.setdefault(evolver.event, [])
            for other in others:
                if set(self._names(other)) & set(self._names(evolver)) or not self._names(evolver):
                    message = (
                        f"{evolver.event.__name__} is folded by {other.label} and {evolver.label} "
                        "for the same tags. Fold it in one method, or give each its own "
                        "@evolves(tags=…)."
                    )
                    raise ConfigurationError(message)
            others.append(evolver)
        return grouped

    def _names(self, evolver: Evolver) -> tuple[str, ...]:
        narrowed = evolver.marked.role.tags
        return tag_names(self.cls.__leftfold__.tags if narrowed is None else narrowed)

    def _check_tags(self, evolver: Evolver) -> None:
        own, event = tag_names(self.cls.__leftfold__.tags), evolver.event.__name__
        for name in self._names(evolver):
            if name not in own:
                message = (
                    f"{evolver.label}: '{name}' is no tag of {self.label} (it has: "
                    f"{', '.join(own) or 'none'}). Name one of these in @evolves(tags=…)."
                )
                raise ConfigurationError(message)
        declared = tag_names(options_of(evolver.event).tags)
        missing = [name for name in self._names(evolver) if name not in declared]
        if missing and (evolver.marked.role.tags is not None or len(missing) == len(own)):
            has = f"declares only {', '.join(declared)}" if declared else "declares no tags"
            message = (
                f"{self.label} folds {event} by tag '{missing[0]}', but {event} {has}, so it would "
                f'never be found. Write class {event}(Event, tags=("{missing[0]}",)). '
                "Events already stored need leftfold retag."
            )
            raise ConfigurationError(message)

    def _command_tags(self, handler: CommandHandler) -> dict[str, Callable[[Any], frozenset[str]]]:
        own: Tags = self.cls.__leftfold__.tags
        given = handler.role.tags if handler.role.tags is not None else own
        if set(tag_names(given)) - set(tag_names(own)):
            message = (
                f"{handler.label}: @handles(tags=…) names {', '.join(tag_names(given))}, but "
                f"{self.label} has the tags {', '.join(tag_names(own)) or 'none'}. Use its names."
            )
            raise ConfigurationError(message)
        fields = handler.command.__struct_fields__
        single: Mapping[str, Any] = (
            dict(given) if isinstance(given, dict) else {n: n for n in given}
        )
        return {
            name: tag_reader(f"{handler.label}: {handler.command.__name__}", fields, {name: source})
            for name, source in single.items()
        }

    def _check_required(self) -> None:
        for command, handler in self.handlers.items():
            for field in self._required:
                if field not in command.__struct_fields__:
                    message = (
                        f"{self.label}.{field} has no default, so it comes from the command, but "
                        f"{command.__name__} ({handler.label}) has no field '{field}' (it has: "
                        f"{', '.join(command.__struct_fields__) or 'none'}). Give a default, or "
                        "rename the field."
                    )
                    raise ConfigurationError(message)

    def subject(self, handler: CommandHandler, command: Command[Any]) -> Subject:
        """Return the criteria that the command's tags make."""
        tags = {name: read(command) for name, read in self._readers[handler.command].items()}
        flat = frozenset(tag for values in tags.values() for tag in values)
        criteria: list[Criterion] = []
        for name, values in tags.items():
            types = self._types(name)
            criteria += [
                Criterion(types=types, tags=frozenset({tag})) for tag in sorted(values) if types
            ]
        if not tag_names(self.cls.__leftfold__.tags):
            criteria = [Criterion(types=self._types(None))]
        first = next((tag for values in tags.values() for tag in sorted(values)), "all:all")
        key = first.partition(":")[2]
        return Subject(
            key=key,
            stream=f"{self.name}/{key}",
            locks=tuple(f"{self.name}#{tag}" for tag in flat) or (f"{self.name}#",),
            criteria=tuple(criteria) or (_NOTHING,),
            tags=tags,
        )

    def _types(self, name: str | None) -> frozenset[str]:
        return frozenset(
            stored
            for event, evolvers in self._evolvers.items()
            if name is None or any(name in self._names(e) for e in evolvers)
            for stored in (options_of(event).name, *options_of(event).formerly)
        )

    def blank(self, command: Command[Any]) -> Any:
        """Return an instance whose required fields come from the command."""
        return self.cls(**{name: getattr(command, name) for name in self._required})

    def admit(
        self, handler: CommandHandler, subject: Subject, *, exists: bool, ended: bool
    ) -> None:
        """Let every command through: existence is for the fold to say."""

    def decide(
        self,
        handler: CommandHandler,
        decision: Decision,
        command: Command[Any],
        extra: dict[str, Any],
    ) -> Any:
        """Call the handler on the state."""
        return handler.function(decision.state, command, **extra)

    def fold(
        self,
        state: Any,
        record: Record,
        event: Event,
        subject: Subject,
        metadata: Callable[[], Metadata],
    ) -> Any:
        """Return the state after a stored event."""
        return self._fold(state, record.tags, event, subject, metadata)

    def _fold(
        self,
        state: Any,
        tags: frozenset[str],
        event: Event,
        subject: Subject,
        metadata: Callable[[], Metadata],
    ) -> Any:
        wanted = subject.tags or {}
        for evolver in self._evolvers.get(type(event), ()):
            names = self._names(evolver)
            if not names or any(tags & wanted.get(name, frozenset()) for name in names):
                state = self._in_place(state, evolver.fold(self.cls, state, event, metadata))
        return state

    def _in_place(self, state: Any, after: Any) -> Any:
        if after is not state:
            for name in self.cls.__struct_fields__:
                setattr(state, name, getattr(after, name))
        return state

    def applier(self, subject: Subject) -> Folds:
        """Return what folds an event that was just recorded for this subject."""
        return _Applier(self._fold, subject)

    def folds(self, event: type[Event]) -> bool:
        """Tell whether the Boundary folds events of a type."""
        return event in self._evolvers

    def ends(self, event: type[Event]) -> bool:  # noqa: ARG002
        """Return false: an end is a field like any other here."""
        return False

    def streams(
        self, decision: Decision, subject: Subject, aggregates: Sequence[AggregateModel]
    ) -> Sequence[str]:
        """Return the stream of each event: an Aggregate's that folds it, or its own."""
        return [
            _stream(decision.label, sealed.event, to, aggregates) or subject.stream
            for sealed, _, to in decision.recorded
        ]


def _stream(label: str, event: Event, to: Any, aggregates: Sequence[AggregateModel]) -> str | None:
    if to is not None:
        return aggregate_model(to).stream_of(event)
    takers = [a for a in aggregates if a.folds(type(event))]
    if len(takers) > 1:
        names = " and ".join(a.label for a in takers)
        message = (
            f"{label} recorded {type(event).__name__}, which {names} fold. Say whose stream "
            f"takes it: self.record(…, to={takers[0].label})."
        )
        raise ConfigurationError(message)
    return takers[0].stream_of(event) if takers else None


class _Applier:
    """Folds recorded events by the tags that they carry and the command names."""

    __slots__ = ("_fold", "_subject")

    def __init__(self, fold: Callable[..., Any], subject: Subject) -> None:
        self._fold = fold
        self._subject = subject

    def apply(self, state: Any, event: Event, metadata: Callable[[], Metadata]) -> Any:
        """Return the state after the event."""
        tags = options_of(type(event)).read_tags(event)
        return self._fold(state, tags, event, self._subject, metadata)


_NOTHING = Criterion(types=frozenset({"\x1f"}))
"""Meets no record: the command carries none of the tags, so there is nothing to wait for."""


def boundary_model(cls: Any) -> BoundaryModel:
    """Return the class compiled, once."""
    compiled: dict[str, Any] = cls.__leftfold__.compiled
    if "boundary" not in compiled:
        compiled["boundary"] = BoundaryModel(cls)
    model: BoundaryModel = compiled["boundary"]
    return model

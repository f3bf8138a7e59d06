"""A Boundary, compiled. Read by: authors of the kernel.

Its state is folded from the events that carry any of its tags, up to the head of the log as it
was read first; its commit holds only if nothing that would be folded came after that head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from leftfold.errors import ConfigurationError
from leftfold.eventstore.port import Criterion
from leftfold.messages.keys import checked_text, stream_name
from leftfold.messages.message import options_of
from leftfold.messages.narrowing import is_mapping
from leftfold.messages.tags import tag_lister, tag_names
from leftfold.modeling.aggregate_model import aggregate_model
from leftfold.modeling.folding import (
    Evolver,
    check_built,
    check_options,
    evolvers_of,
    required_fields,
)
from leftfold.modeling.handling import handlers_of
from leftfold.modeling.naming import events_named_in
from leftfold.modeling.plan import NOTHING, Subject
from leftfold.modeling.states import shallow_copier

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from leftfold.eventstore.port import Record
    from leftfold.messages.message import Command, Event
    from leftfold.messages.metadata import Metadata
    from leftfold.messages.tags import Tags
    from leftfold.modeling.decision import Decision, Folds
    from leftfold.modeling.handling import CommandHandler
    from leftfold.modeling.plan import StreamOwner

    _Evolvers: TypeAlias = dict[type[Event], list[tuple[Evolver, tuple[str, ...]]]]

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
        self._types = {name: self._stored(name) for name in tag_names(cls.__leftfold__.tags)}
        self._required = required_fields(cls)
        self._readers = {c: self._command_tags(h) for c, h in self.handlers.items()}
        self._check_required()
        named = {e for h in self.handlers.values() for e in events_named_in(h.function, cls)}
        self.events = frozenset({*self._evolvers, *named})
        self.copy = shallow_copier(cls)

    def _grouped(self, evolvers: list[Evolver]) -> _Evolvers:
        grouped: _Evolvers = {}
        for evolver in evolvers:
            names = self._names(evolver)
            self._check_tags(evolver)
            others = grouped.setdefault(evolver.event, [])
            for other, other_names in others:
                if set(other_names) & set(names) or not names:
                    message = (
                        f"{evolver.event.__name__} is folded by {other.label} and {evolver.label} "
                        "for the same tags. Fold it in one method, or give each its own "
                        "@evolves(tags=…)."
                    )
                    raise ConfigurationError(message)
            others.append((evolver, names))
        return grouped

    def _names(self, evolver: Evolver) -> tuple[str, ...]:
        narrowed = evolver.marked.role.tags
        if isinstance(narrowed, str):
            message = f'{evolver.label}: write @evolves(tags=("{narrowed}",)), a tuple.'
            raise ConfigurationError(message)
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

    def _command_tags(self, handler: CommandHandler) -> dict[str, Callable[[Any], list[str]]]:
        own: Tags = self.cls.__leftfold__.tags
        given = handler.role.tags if handler.role.tags is not None else own
        if set(tag_names(given)) - set(tag_names(own)):
            message = (
                f"{handler.label}: @handles(tags=…) names {', '.join(tag_names(given))}, but "
                f"{self.label} has the tags {', '.join(tag_names(own)) or 'none'}. Use its names."
            )
            raise ConfigurationError(message)
        fields = handler.command.__struct_fields__
        single: Mapping[str, Any] = given if is_mapping(given) else {name: name for name in given}
        return {
            name: tag_lister(f"{handler.label}: {handler.command.__name__}", fields, {name: source})
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
        criteria = tuple(
            Criterion(types=self._types[name], tags=frozenset({tag}))
            for name, values in tags.items()
            for tag in dict.fromkeys(values)
            if self._types[name]
        )
        flat = [tag for values in tags.values() for tag in values]
        for tag in flat:
            checked_text(tag.partition(":")[2], "value of a tag")
        key = flat[0].partition(":")[2] if flat else "all"
        if not self._types and self._evolvers:  # tags=() folds every event of its types
            criteria = (Criterion(types=self._stored(None)),)
        return Subject(
            key=key,
            stream=stream_name(self.name, key),
            locks=tuple(f"{self.name}#{tag}" for tag in flat) or (f"{self.name}#",),
            criteria=criteria or NOTHING,
            tags={name: frozenset(values) for name, values in tags.items()},
        )

    def _stored(self, name: str | None) -> frozenset[str]:
        """Return under which names the events are stored that are folded by a tag; None: any."""
        return frozenset(
            stored
            for event, evolvers in self._evolvers.items()
            if name is None or any(name in names for _, names in evolvers)
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
        for evolver, names in self._evolvers.get(type(event), ()):
            if not names or any(tags & wanted.get(name, frozenset()) for name in names):
                self._in_place(evolver, state, evolver.fold(self.cls, state, event, metadata))
        return state

    def _in_place(self, evolver: Evolver, state: Any, after: Any) -> None:
        """Give the state what was built, since the handler holds it."""
        if after is not state:
            check_built(self.cls, evolver.label, after)
            for name in self.cls.__struct_fields__:
                setattr(state, name, getattr(after, name))

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
        self, decision: Decision, subject: Subject, aggregates: Sequence[StreamOwner]
    ) -> Sequence[str]:
        """Return the stream of each event: an Aggregate's that folds it, or its own."""
        return [
            _stream(decision.label, sealed.event, to, aggregates) or subject.stream
            for sealed, _, to in decision.recorded
        ]


def _stream(label: str, event: Event, to: Any, aggregates: Sequence[StreamOwner]) -> str | None:
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


def boundary_model(cls: Any) -> BoundaryModel:
    """Return the class compiled, once."""
    compiled: dict[str, Any] = cls.__leftfold__.compiled
    if "boundary" not in compiled:
        compiled["boundary"] = BoundaryModel(cls)
    model: BoundaryModel = compiled["boundary"]
    return model

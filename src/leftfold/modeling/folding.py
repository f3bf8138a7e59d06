"""Compiles `@evolves` methods of models that decide. Read by: authors of kinds of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import place_of
from leftfold.messages.message import Event, options_of
from leftfold.messages.metadata import Metadata
from leftfold.modeling.handling import refuse_yielding
from leftfold.modeling.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leftfold.modeling.model import Marked, ModelType

__all__ = [
    "Evolver",
    "check_built",
    "check_options",
    "evolvers_of",
    "refuse_same_event",
    "required_fields",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolver:
    """A fold of one event type: a method changes the state, a classmethod builds it."""

    label: str
    event: type[Event]
    function: Callable[..., Any]
    builds: bool
    takes_metadata: bool
    marked: Marked

    def fold(self, cls: type, state: Any, event: Event, metadata: Callable[[], Metadata]) -> Any:
        """Return the state after the event: a new one where it builds, else the same."""
        extra = (metadata(),) if self.takes_metadata else ()
        if self.builds:
            return self.function(cls, event, *extra)
        self.function(state, event, *extra)
        return state


def evolvers_of(cls: Any) -> list[Evolver]:
    """Return a model's folds, one for each event type that a method names.

    Raises:
        ConfigurationError: A method's annotations do not say which events it folds.
    """
    return [e for m in cls.__leftfold__.marked if m.role.kind == "evolves" for e in _of(cls, m)]


def _of(cls: Any, marked: Marked) -> Iterable[Evolver]:
    label = f"{cls.__name__}.{marked.name}"
    signature = signature_of(marked.function, label=label, bound=True, owner=cls)
    if signature.is_async:
        message = f"{label} is async. A fold only changes state, without I/O; write a plain def."
        raise ConfigurationError(message)
    refuse_yielding(label, marked.function)
    for parameter in signature.parameters:
        if parameter.annotation is not Metadata:
            message = (
                f"{label}: a fold takes the event and, if it wants, Metadata; not "
                f"'{parameter.name}'. Put what it needs into the event."
            )
            raise ConfigurationError(message)
    for event in signature.messages:
        if options_of(event).kind != "Event" or event is Event:
            message = (
                f"{label} evolves {event.__name__}, which is no event of yours. Annotate the "
                "class of an event, or a union of them."
            )
            raise ConfigurationError(message)
        yield Evolver(
            label=label,
            event=event,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  kind is Event
            function=marked.function,
            builds=marked.is_classmethod,
            takes_metadata=bool(signature.parameters),
            marked=marked,
        )


def check_options(
    cls: ModelType, allowed: dict[str, frozenset[str]], advice: dict[str, str]
) -> None:
    """Refuse decorator options that mean nothing in this kind of model.

    Args:
        cls: The model.
        allowed: The options of `handles` and of `evolves`.
        advice: What to do instead, by option.

    Raises:
        ConfigurationError: With the advice.
    """
    options = cls.__leftfold__
    article = "an" if options.kind[0] in "AEIOU" else "a"
    for marked in options.marked:
        for option in sorted(marked.role.given() - allowed[marked.role.kind]):
            known = ", ".join(sorted(allowed[marked.role.kind])) or "none"
            message = (
                f"{cls.__name__}.{marked.name}: @{marked.role.kind}({option}=…) means nothing in "
                f"{article} {options.kind}. {advice.get(option, f'Known here: {known}.')}"
            )
            raise ConfigurationError(message)


def check_built(cls: type, label: str, built: object) -> None:
    """Refuse what a building classmethod returned, if that is no state.

    Raises:
        ConfigurationError: With what it returned.
    """
    if not isinstance(built, cls):
        message = f"{label} returned {built!r}, not a {cls.__name__}. End it with return cls(...)."
        raise ConfigurationError(message)


def refuse_same_event(evolvers: Iterable[Evolver]) -> dict[type[Event], Evolver]:
    """Return the folds by event type.

    Raises:
        ConfigurationError: Two methods fold the same type.
    """
    found: dict[type[Event], Evolver] = {}
    for evolver in evolvers:
        other = found.setdefault(evolver.event, evolver)
        if other is not evolver:
            message = (
                f"{evolver.event.__name__} is folded by {other.label} ({place_of(other.function)}) "
                f"and {evolver.label} ({place_of(evolver.function)}). Fold it in one method."
            )
            raise ConfigurationError(message)
    return found


def required_fields(cls: Any) -> tuple[str, ...]:
    """Return the fields of a model that have no default."""
    defaults = len(cls.__struct_defaults__)
    names: tuple[str, ...] = cls.__struct_fields__
    optional = dict(zip(names[len(names) - defaults :], cls.__struct_defaults__, strict=True))
    return tuple(n for n in names if n not in optional or _is_nodefault(optional[n]))


def _is_nodefault(default: object) -> bool:
    return type(default).__name__ == "NoDefaultType" or repr(default) == "NODEFAULT"

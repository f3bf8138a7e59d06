"""What an App is made of, sorted by kind. Read by: authors of wiring."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from leftfold.bus.functions import FreeFunction, free_function
from leftfold.codec.upcaster import Upcaster
from leftfold.errors import ConfigurationError
from leftfold.messages.message import Message, options_of
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.boundary import Boundary
from leftfold.modeling.decider import Decider
from leftfold.modeling.roles import role_of
from leftfold.processing.projection import Projection
from leftfold.processing.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from leftfold.messages.message import Event

__all__ = ["Parts", "sorted_parts"]


@dataclass(slots=True)
class Parts:
    """The parts of one App, not those of Apps inside it."""

    aggregates: list[type[Aggregate]] = field(default_factory=list[type[Aggregate]])
    boundaries: list[type[Boundary]] = field(default_factory=list[type[Boundary]])
    deciders: list[Decider[Any, Any, Any]] = field(default_factory=list[Decider[Any, Any, Any]])
    views: list[type[View]] = field(default_factory=list[type[View]])
    projections: list[type[Projection]] = field(default_factory=list[type[Projection]])
    functions: list[FreeFunction] = field(default_factory=list[FreeFunction])
    upcasters: list[Upcaster] = field(default_factory=list[Upcaster])
    messages: list[type[Message]] = field(default_factory=list[type[Message]])
    apps: list[Any] = field(default_factory=list[Any])
    names: list[str] = field(default_factory=list[str])
    """Every part as the user wrote it, for errors."""

    def events(self) -> Iterator[type[Event]]:
        """Yield the event classes that were passed themselves."""
        for message in self.messages:
            if options_of(message).kind == "Event":
                yield message  # type: ignore[misc]  # pyright: ignore[reportReturnType]  kind is Event


_CLASSES: tuple[tuple[type, str], ...] = (
    (Aggregate, "aggregates"),
    (Boundary, "boundaries"),
    (View, "views"),
    (Projection, "projections"),
    (Message, "messages"),
)


def sorted_parts(app: str, parts: Iterable[object], app_type: type) -> Parts:
    """Sort what was passed to an App.

    Args:
        app: The App's name, for errors.
        parts: What was passed; of a module, what it defines is taken.
        app_type: The class of Apps.

    Raises:
        ConfigurationError: Something passed is no part.
    """
    found, seen = Parts(), set[int]()
    for part in parts:
        inside = _defined_in(part) if isinstance(part, ModuleType) else (part,)
        found.names.append(_name(part))
        for single in inside:
            if id(single) not in seen:
                seen.add(id(single))
                _sort(app, found, single, app_type)
    return found


def _sort(app: str, found: Parts, part: object, app_type: type) -> None:
    if isinstance(part, type):
        for kind, words in _CLASSES:
            if issubclass(part, kind) and part is not kind:
                getattr(found, words).append(part)
                return
    elif isinstance(part, Decider):
        found.deciders.append(part)  # pyright: ignore[reportUnknownArgumentType]
        return
    elif isinstance(part, Upcaster):
        found.upcasters.append(part)
        return
    elif isinstance(part, app_type):
        found.apps.append(part)
        return
    elif isinstance(part, FunctionType):
        found.functions.append(free_function(part))
        return
    message = (
        f"App {app!r}: {_name(part)} is no part. A part is a class that derives from Aggregate, "
        "Boundary, View, Projection or a message; a Decider or Upcaster; a function marked "
        "@handles; a module that defines such; or another App."
    )
    raise ConfigurationError(message)


def _defined_in(module: ModuleType) -> Iterator[object]:
    for value in vars(module).values():
        if isinstance(value, type):
            kind = next((k for k, _ in _CLASSES if issubclass(value, k)), None)
            if kind is not None and value.__module__ == module.__name__ and _is_whole(value):
                yield value
        elif isinstance(value, FunctionType):
            if value.__module__ == module.__name__ and role_of(value) is not None:
                yield value
        elif isinstance(value, (Decider, Upcaster)) and value.module == module.__name__:
            yield value


def _is_whole(cls: type) -> bool:
    """Tell whether a class does anything, rather than only being a base for others."""
    if issubclass(cls, (Aggregate, Boundary, View)):
        return bool(cls.__leftfold__.marked)
    return True


def _name(part: object) -> str:
    if isinstance(part, (Decider, Upcaster)):
        return repr(part)  # pyright: ignore[reportUnknownArgumentType]
    name = getattr(part, "__name__", None) or getattr(part, "name", None)
    return str(name) if name else repr(part)

"""Joins the parts of an App: who handles what, and what is wrong with it. Read by: the App.

It is done twice with the same code: when the App is made, to find mistakes, and when it
starts, with the services and rows that are then there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from leftfold.bus.bus import Handling
from leftfold.bus.functions import Runner
from leftfold.bus.injection import Call, Injector
from leftfold.bus.providing import Services
from leftfold.codec.codec import Codec
from leftfold.errors import ConfigurationError, NotRunning
from leftfold.messages.declaration import place_of
from leftfold.messages.message import Message, options_of
from leftfold.modeling.aggregate_model import AggregateModel, aggregate_model
from leftfold.modeling.boundary_model import boundary_model
from leftfold.modeling.decider_model import decider_model
from leftfold.modeling.kernel import Route
from leftfold.processing.projection import projection_model
from leftfold.processing.viewmodel import view_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from leftfold.app.definition import Context, Definition
    from leftfold.app.parts import Parts
    from leftfold.bus.injection import Injectable, Source
    from leftfold.codec.upcaster import Upcaster
    from leftfold.messages.message import Event
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.handling import CommandHandler
    from leftfold.modeling.plan import DecidingModel
    from leftfold.processing.projection import Projection
    from leftfold.processing.readmodels import ReadModels
    from leftfold.processing.view import View

__all__ = ["UnusedEventWarning", "Wiring", "check_wiring", "warn_of_unused", "wire"]


class UnusedEventWarning(UserWarning):
    """An event is recorded that nothing folds, handles or names as a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """An App's parts, joined."""

    handlers: Mapping[type[Message], Handling]
    codec: Codec
    events: frozenset[type[Event]]
    upcasters: tuple[Upcaster, ...]
    aggregates: tuple[AggregateModel, ...]
    models: tuple[DecidingModel, ...]
    views: tuple[type[View], ...]
    projections: tuple[type[Projection], ...]
    injector: Injector
    part_names: str
    unused: frozenset[type[Event]]


def wire(definition: Definition, services: Services, injectables: Sequence[Injectable]) -> Wiring:
    """Join the parts of an App and of those inside it.

    Args:
        definition: What the App was made with.
        services: What is provided.
        injectables: What else handlers may ask for.

    Raises:
        ConfigurationError: A message has two handlers, a name is used twice, nothing provides
            what a handler asks for, or a chain of upcasters has a gap.
    """
    contexts = list(definition.contexts())
    injector = Injector(services, injectables)
    models = tuple(model for c in contexts for model in _models(c.parts))
    handlers = _handlers(contexts, injector, services, injectables)
    views = tuple(_unique(v for c in contexts for v in c.parts.views))
    projections = tuple(_unique(p for c in contexts for p in c.parts.projections))
    _check_names(models, handlers, views, projections)
    folded = _folded(models, views, projections)
    recorded = frozenset(e for m in models for e in m.events)
    passed = frozenset(e for c in contexts for e in c.parts.events())
    events = folded | recorded | passed
    upcasters = tuple(_unique(u for c in contexts for u in c.parts.upcasters))
    return Wiring(
        handlers=handlers,
        codec=Codec(sorted(events, key=lambda e: e.__qualname__), upcasters),
        events=events,
        upcasters=upcasters,
        aggregates=tuple(m for m in models if isinstance(m, AggregateModel)),
        models=models,
        views=views,
        projections=projections,
        injector=injector,
        part_names=", ".join(name for c in contexts for name in c.parts.names),
        unused=recorded - folded - passed,
    )


def _folded(
    models: Iterable[DecidingModel],
    views: Iterable[type[View]],
    projections: Iterable[type[Projection]],
) -> frozenset[type[Event]]:
    return frozenset(
        chain(
            (event for model in models for event in model.events if model.folds(event)),
            (event for view in views for event in view_model(view).events),
            (event for p in projections for event in projection_model(p).events),
        )
    )


def _handlers(
    contexts: Iterable[Context],
    injector: Injector,
    services: Services,
    injectables: Sequence[Injectable],
) -> Mapping[type[Message], Handling]:
    plain = Injector(services, [i for i in injectables if isinstance(i, _GivenLater)])
    handlers = _Handlers()
    for context in contexts:
        for model in _models(context.parts):
            for handler in model.handlers.values():
                route = Route(model=model, handler=handler, inject=_inject(handler, plain))
                handlers.add(handler.command, handler.place, route, context)
        for function in context.parts.functions:
            runner = Runner(function, injector)
            for message in function.signature.messages:
                handlers.add(message, function.place, runner, context)
    return handlers.found


def check_wiring(
    definition: Definition,
    injectables: Callable[[Callable[[], ReadModels]], Sequence[Injectable]],
    *,
    complete: bool,
) -> None:
    """Find what is wrong with an App when it is made.

    Args:
        definition: What it was made with.
        injectables: What handlers may ask for beside services.
        complete: Whether nothing can be added any more, since it has a database and so is the
            outermost; an App that may still be put inside another may lack services.

    Raises:
        ConfigurationError: As `wire`.
    """
    extra = list(injectables(_not_yet))
    services = Services(definition.provided())
    if complete:
        services.check()
    else:
        extra.append(_GivenLater())
    wire(definition, services, extra)


def _not_yet() -> ReadModels:
    message = "The App is not running."
    raise NotRunning(message)


class _GivenLater:
    """Stands for services that an App around this one may provide."""

    words = "what an App around it provides"

    def source(
        self,
        annotation: Any,
        *,
        is_async: bool,  # noqa: ARG002  nothing is known of it yet
        kind: str,  # noqa: ARG002
        label: str,  # noqa: ARG002
    ) -> Source | None:
        """Accept every class."""
        return (lambda _call: None) if isinstance(annotation, type) else None


def warn_of_unused(name: str, wiring: Wiring) -> None:
    """Warn of events that nothing folds or handles."""
    for event in sorted(wiring.unused, key=lambda e: e.__qualname__):
        message = (
            f"App '{name}': {event.__name__} is recorded, but no part evolves or handles it. "
            f"Fold it, or pass {event.__name__} itself to App(...) if that is meant."
        )
        warnings.warn(message, UnusedEventWarning, stacklevel=4)


def _models(parts: Parts) -> Iterator[DecidingModel]:
    yield from (aggregate_model(cls) for cls in parts.aggregates)
    yield from (boundary_model(cls) for cls in parts.boundaries)
    yield from (decider_model(decider) for decider in parts.deciders)


def _unique(parts: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(parts))


class _Handlers:
    """The handlers found so far, each message with its one."""

    def __init__(self) -> None:
        self.found: dict[type[Message], Handling] = {}
        self._places: dict[type[Message], str] = {}

    def add(self, message: type[Message], place: str, by: Route | Runner, context: Context) -> None:
        if message in self.found:
            kind = options_of(message).kind.lower()
            other = self._places[message]
            if other == place:
                return
            two = "commands" if kind == "command" else "queries"
            text = (
                f"{message.__name__} is handled by {other} and {place}. A {kind} has one "
                f"handler; remove one, or use two {two}."
            )
            raise ConfigurationError(text)
        self.found[message] = Handling(by=by, interceptors=context.intercept)
        self._places[message] = place


def _inject(handler: CommandHandler, injector: Injector) -> Callable[[Metadata], dict[str, Any]]:
    if not handler.parameters:
        return _nothing
    _refuse_io(handler)
    sources = injector.sources(
        handler.parameters, label=handler.label, is_async=False, kind="Command"
    )
    return partial(_injected, sources)


def _nothing(_metadata: Metadata) -> dict[str, Any]:
    return {}


def _injected(sources: Any, metadata: Metadata) -> dict[str, Any]:
    call = Call(metadata)
    return {name: source(call) for name, source in sources}


_IO = {"Rows", "BlockingRows", "Connection", "App", "TestApp"}


def _refuse_io(handler: CommandHandler) -> None:
    for parameter in handler.parameters:
        name = getattr(parameter.annotation, "__name__", str(parameter.annotation))
        if name in _IO and not parameter.annotation.__module__.startswith("__main__"):
            message = (
                f"{handler.label} asks for {name} (parameter '{parameter.name}'), but a model "
                "decides without I/O, because a decision may run again. Read in a free @handles "
                "function, then send a command with what was found."
            )
            raise ConfigurationError(message)


def _check_names(
    models: Iterable[DecidingModel],
    handlers: Iterable[type[Message]],
    views: Iterable[type[View]],
    projections: Iterable[type[Projection]],
) -> None:
    _refuse_twice("stream name", ((m.name, m.label, m) for m in models))
    _refuse_twice("wire name", ((options_of(h).name, _whole(h), h) for h in handlers))
    readers = (
        *((view_model(v).name, _whole(v), v) for v in views),
        *((projection_model(p).name, _whole(p), p) for p in projections),
    )
    _refuse_twice("processor name", readers)


def _refuse_twice(what: str, named: Iterable[tuple[str, str, object]]) -> None:
    found: dict[str, tuple[str, object]] = {}
    for name, label, subject in named:
        other = found.setdefault(name, (label, subject))
        if other[1] is not subject:
            message = (
                f"The {what} {name!r} is used by {other[0]} and {label} in one store. Give one of "
                "them another name=."
            )
            raise ConfigurationError(message)


def _whole(cls: type) -> str:
    return f"{cls.__qualname__} ({place_of(cls)})"

"""How a handler gets what it asks for, by the type of each parameter. Read by: authors of parts.

Parameters are resolved to sources once, when the App is made; a call then only asks each
source. Layers above add sources of their own (rows, connections) through `Injectable`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from leftfold.errors import ConfigurationError
from leftfold.messages.metadata import Metadata

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from leftfold.bus.providing import Services
    from leftfold.modeling.signature import Parameter

__all__ = ["Call", "Injectable", "Injector", "Source", "qualified"]


class Call:
    """One handling of one message: its metadata, and what lives as long.

    `stack` is entered for handlers that asked for something that must be closed again;
    `shared` holds what several parameters of one call use together, a snapshot for example.
    """

    __slots__ = ("metadata", "shared", "stack")

    def __init__(self, metadata: Metadata, stack: AsyncExitStack | None = None) -> None:
        """Begin the handling of a message."""
        self.metadata = metadata
        self.stack = stack
        self.shared: dict[object, Any] = {}


Source: TypeAlias = Callable[[Call], Any]
"""Gives one parameter's value for one call; those of layers above may return an awaitable."""


class Injectable(Protocol):
    """Something that handlers may ask for by type."""

    words: str
    """How an error lists it, as `Rows[...]`."""

    def source(self, annotation: Any, *, is_async: bool, kind: str, label: str) -> Source | None:
        """Return the source for this annotation, or None if it is not this one's.

        Args:
            annotation: What is asked for.
            is_async: Whether the handler runs on the event loop.
            kind: What it handles: "Command", "Query" or "Event".
            label: What errors call it.

        Raises:
            ConfigurationError: It is this one's, but not allowed in such a handler.
        """
        ...


def qualified(annotation: Any) -> str:
    """Return the qualified name of a class, which need not be imported to be known."""
    return f"{getattr(annotation, '__module__', '')}.{getattr(annotation, '__qualname__', '')}"


class Injector:
    """Resolves parameters to sources: Metadata, services, what layers above add."""

    def __init__(self, services: Services, extra: Sequence[Injectable]) -> None:
        """Take what is provided, and the sources of other layers."""
        self._services = services
        self._extra = extra

    def sources(
        self, parameters: Sequence[Parameter], *, label: str, is_async: bool, kind: str
    ) -> tuple[tuple[str, Source], ...]:
        """Return a source for each parameter of a handler; see `Injectable.source`.

        Raises:
            ConfigurationError: Nothing provides a type that is asked for.
        """
        asker = {"label": label, "is_async": is_async, "kind": kind}
        return tuple((p.name, self._source(p, asker)) for p in parameters)

    def _source(self, parameter: Parameter, asker: dict[str, Any]) -> Source:
        annotation = parameter.annotation
        if annotation is Metadata:
            return lambda call: call.metadata
        if annotation in self._services:
            return lambda _call: self._services[annotation]
        for injectable in self._extra:
            source = injectable.source(annotation, **asker)
            if source is not None:
                return source
        name = getattr(annotation, "__name__", str(annotation))
        built_in = ", ".join(["Metadata", *(i.words for i in self._extra)])
        message = (
            f"{asker['label']} asks for {name} (parameter '{parameter.name}'), which nothing "
            f"provides. Add App(..., provide={{{name}: ...}}). Built in: {built_in}."
        )
        raise ConfigurationError(message)

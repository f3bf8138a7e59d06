"""What `provide=` gives: instances, and functions that make or yield them. Read by: who injects.

Services are made when the App starts, each after those it asks for, and what was yielded is
closed in reverse order when it stops.
"""

from __future__ import annotations

import inspect
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from leftfold.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Services"]


class Services:
    """The provided services of an App, by type."""

    def __init__(self, provide: Mapping[type[Any], object]) -> None:
        """Take what the App provides, not yet made.

        Raises:
            ConfigurationError: A value is neither an instance of its type nor a function.
        """
        self._given = dict(provide)
        self._made: dict[type[Any], Any] = {}
        for kind, value in self._given.items():
            if not isinstance(value, kind) and not callable(value):
                message = (
                    f"provide={{{kind.__name__}: {value!r}}}: the value is neither a "
                    f"{kind.__name__} nor a function that makes or yields one."
                )
                raise ConfigurationError(message)

    def __contains__(self, kind: Any) -> bool:
        """Tell whether a type is provided."""
        return kind in self._given

    def __getitem__(self, kind: type[Any]) -> Any:
        """Return the service of a type; the App must be running."""
        return self._made[kind]

    async def open(self, stack: AsyncExitStack) -> None:
        """Make all services; `stack` closes what was yielded.

        Raises:
            ConfigurationError: Two need each other, or one asks for what nothing provides.
        """
        self._made.clear()
        for kind in self._given:
            await self._make(kind, stack, ())

    async def _make(self, kind: type[Any], stack: AsyncExitStack, path: tuple[type, ...]) -> Any:
        if kind in self._made:
            return self._made[kind]
        value = self._given[kind]
        if isinstance(value, kind):
            self._made[kind] = value
            return value
        if kind in path:
            names = " → ".join(k.__name__ for k in (*path[path.index(kind) :], kind))
            message = f"provide: {names}: these need each other. Break the circle."
            raise ConfigurationError(message)
        factory: Callable[..., Any] = value  # type: ignore[assignment]  # pyright: ignore  checked above
        extra = await self._extra(kind, factory, stack, (*path, kind))
        self._made[kind] = await _entered(factory, extra, stack)
        return self._made[kind]

    async def _extra(
        self,
        kind: type[Any],
        factory: Callable[..., Any],
        stack: AsyncExitStack,
        path: tuple[type, ...],
    ) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        for name, asked in _asked(factory).items():
            if asked not in self._given:
                message = (
                    f"provide: what makes {kind.__name__} asks for "
                    f"{getattr(asked, '__name__', asked)} (parameter '{name}'), which nothing "
                    "provides. Add it to provide=."
                )
                raise ConfigurationError(message)
            extra[name] = await self._make(asked, stack, path)
        return extra


def _asked(factory: Callable[..., Any]) -> dict[str, Any]:
    """Return the parameters that a factory must be given, with their types."""
    function: Any = vars(factory).get("__init__", factory) if isinstance(factory, type) else factory
    try:
        hints = get_type_hints(function)
        parameters = inspect.signature(factory).parameters.values()
    except (NameError, TypeError, ValueError):
        return {}
    return {
        p.name: _first(hints[p.name])
        for p in parameters
        if p.default is p.empty
        and p.name in hints
        and p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}
    }


def _first(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is not None else annotation


async def _entered(
    factory: Callable[..., Any], extra: dict[str, Any], stack: AsyncExitStack
) -> Any:
    if inspect.isasyncgenfunction(factory):
        return await stack.enter_async_context(asynccontextmanager(factory)(**extra))
    if inspect.isgeneratorfunction(factory):
        return stack.enter_context(contextmanager(factory)(**extra))
    made = factory(**extra)
    return await made if inspect.isawaitable(made) else made

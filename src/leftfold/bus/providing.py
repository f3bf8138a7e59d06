"""What `provide=` gives: instances, and functions that make or yield them. Read by: who injects.

Services are made when the App starts, each after those it asks for, and what was yielded is
closed in reverse order when it stops.
"""

from __future__ import annotations

import inspect
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import place_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping

__all__ = ["Services"]


class Services:
    """The provided services of an App, by type."""

    def __init__(self, provide: Mapping[type[Any], object]) -> None:
        """Take what the App provides, not yet made.

        Raises:
            ConfigurationError: A value is neither an instance of its type nor a function, or
                what a function asks for cannot be told.
        """
        self._given = dict(provide)
        self._made: dict[type[Any], Any] = {}
        self._asked: dict[type[Any], Mapping[str, Any]] = {}
        for kind, value in self._given.items():
            if _is_instance(value, kind):
                continue
            if not callable(value):
                message = (
                    f"provide={{{_name(kind)}: {value!r}}}: the value is neither a {_name(kind)} "
                    "nor a function that makes or yields one."
                )
                raise ConfigurationError(message)
            self._asked[kind] = _asked(kind, value)

    def __contains__(self, kind: Any) -> bool:
        """Tell whether a type is provided."""
        return kind in self._given

    def __getitem__(self, kind: type[Any]) -> Any:
        """Return the service of a type; the App must be running."""
        return self._made[kind]

    def check(self) -> None:
        """Find what could not be made, before anything is.

        Raises:
            ConfigurationError: Two need each other, or one asks for what nothing provides.
        """
        for kind in self._given:
            self._check(kind, ())

    def _check(self, kind: type[Any], path: tuple[type[Any], ...]) -> None:
        if kind in path:
            names = " → ".join(_name(k) for k in (*path[path.index(kind) :], kind))
            message = f"provide: {names}: these need each other. Break the circle."
            raise ConfigurationError(message)
        for name, asked in self._asked.get(kind, {}).items():
            if asked not in self._given:
                message = (
                    f"provide: what makes {_name(kind)} asks for {_name(asked)} (parameter "
                    f"'{name}'), which nothing provides. Add it to provide=."
                )
                raise ConfigurationError(message)
            self._check(asked, (*path, kind))

    async def open(self, stack: AsyncExitStack) -> None:
        """Make all services; `stack` closes what was yielded.

        Raises:
            ConfigurationError: As `check`, or a function gave nothing.
        """
        self.check()
        self._made.clear()
        for kind in self._given:
            await self._make(kind, stack)

    async def _make(self, kind: type[Any], stack: AsyncExitStack) -> Any:
        if kind not in self._made:
            made: Any = self._given[kind]
            if kind in self._asked:
                asked = self._asked[kind]
                extra = {name: await self._make(other, stack) for name, other in asked.items()}
                made = await _entered(made, extra, kind, stack)
            if made is None:
                message = f"provide: what makes {_name(kind)} gave None. Return or yield it."
                raise ConfigurationError(message)
            self._made[kind] = made
        return self._made[kind]


def _is_instance(value: object, kind: Any) -> bool:
    try:
        return isinstance(value, kind)
    except TypeError:  # a Protocol cannot be asked
        return not (inspect.isroutine(value) or inspect.isclass(value))


def _name(kind: Any) -> str:
    return str(getattr(kind, "__name__", kind))


def _asked(kind: type[Any], factory: Callable[..., Any]) -> dict[str, Any]:
    """Return the parameters that a factory must be given, with their types."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except ValueError:
        return {}  # written in C, so it asks for nothing that has a type here
    needed = [
        p
        for p in parameters
        if p.default is p.empty and p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}
    ]
    if not needed:
        return {}
    hints = _hints(kind, factory)
    for parameter in needed:
        if parameter.name not in hints or parameter.kind is parameter.POSITIONAL_ONLY:
            message = (
                f"provide: what makes {_name(kind)} ({place_of(factory)}) has a parameter "
                f"'{parameter.name}' without a type or a name to give it by. Annotate it with a "
                "provided type, or give it a default."
            )
            raise ConfigurationError(message)
    return {p.name: _plain(hints[p.name]) for p in needed}


def _hints(kind: type[Any], factory: Any) -> dict[str, Any]:
    subjects = [factory]
    if inspect.isclass(factory):
        subjects = [s for s in (vars(factory).get("__init__"), factory.__init__) if s]
        subjects = [s for s in subjects if hasattr(s, "__annotations__")] or [factory]
    elif not hasattr(factory, "__annotations__"):
        subjects = [getattr(factory, "func", None) or type(factory).__call__]
    try:
        return get_type_hints(subjects[0], include_extras=True)
    except NameError as error:
        message = (
            f"provide: what makes {_name(kind)} ({place_of(factory)}): the annotation "
            f"'{error.name}' cannot be resolved. It is imported under TYPE_CHECKING or defined "
            "inside a function; import it at module level."
        )
        raise ConfigurationError(message) from error


def _plain(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


async def _entered(
    factory: Callable[..., Any], extra: dict[str, Any], kind: type[Any], stack: AsyncExitStack
) -> Any:
    made: Any = factory(**extra)
    if inspect.isasyncgen(made):
        stack.push_async_callback(_finish, made, _name(kind))
        return await anext(made, None)
    if inspect.isgenerator(made):
        stack.callback(_finish_plainly, made, _name(kind))
        return next(made, None)
    if inspect.isawaitable(made):
        made = await made
    if _is_instance(made, kind):
        return made
    # A function that is decorated as a context manager already.
    if isinstance(made, AbstractAsyncContextManager):
        return await stack.enter_async_context(made)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(made, AbstractContextManager):
        return stack.enter_context(made)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return made


async def _finish(generator: AsyncIterable[Any], name: str) -> None:
    """Run what stands behind the yield, whatever the App was stopped by."""
    async for _ in generator:
        raise _twice(name)


def _finish_plainly(generator: Iterable[Any], name: str) -> None:
    for _ in generator:
        raise _twice(name)


def _twice(name: str) -> ConfigurationError:
    return ConfigurationError(f"provide: what makes {name} yields twice. Yield one, once.")

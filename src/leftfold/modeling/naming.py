"""Which events a handler's code names, so that the codec knows them. Read by: compilers of models.

An event that a handler records must be readable later, also where nothing folds it. What is
found is a guess from the compiled code: names of the module, of its functions that the handler
calls, of the class's methods, of enclosing functions. What it misses can be passed to the App.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

from leftfold.messages.message import Event

__all__ = ["events_named_in"]


def events_named_in(function: Callable[..., Any], owner: type | None = None) -> set[type[Event]]:
    """Return the event classes that a function's code names.

    Args:
        function: A handler.
        owner: The class it stands in, whose methods it may call.
    """
    found: set[type[Event]] = set()
    waiting: list[Any] = [function]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        waiting += [inner] if (inner := getattr(current, "__wrapped__", None)) else []
        for value in _named(current, owner):
            if isinstance(value, type) and issubclass(value, Event):
                if value is not Event:
                    found.add(value)
            elif isinstance(value, types.FunctionType) and _same_module(value, function):
                waiting.append(value)
    return found


def _same_module(called: types.FunctionType, function: Callable[..., Any]) -> bool:
    return called.__module__ == getattr(function, "__module__", None)


def _named(function: Any, owner: type | None) -> Iterator[Any]:
    """Yield what the names in a function stand for, and in the functions inside it."""
    scope: dict[str, Any] = getattr(function, "__globals__", {})
    closed = _closed_over(function)
    yield from getattr(function, "__defaults__", None) or ()
    codes = [code] if (code := getattr(function, "__code__", None)) else []
    while codes:
        code = codes.pop()
        codes += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
        yield from (closed.get(name) for name in code.co_freevars)
        yield from _reached([scope.get(name) for name in code.co_names], code.co_names)
        yield from _reached([closed.get(name) for name in code.co_freevars], code.co_names)
        if owner is not None:
            members = (vars(base).get(name) for name in code.co_names for base in owner.__mro__)
            yield from (getattr(member, "__func__", member) for member in members)


def _reached(values: list[Any], names: tuple[str, ...]) -> Iterator[Any]:
    """Yield the values, and what the names stand for in those of them that are modules."""
    seen: set[int] = set()
    while values:
        value = values.pop()
        if isinstance(value, types.ModuleType):
            if id(value) not in seen:
                seen.add(id(value))
                values += [vars(value).get(name) for name in names]
        else:
            yield value


def _closed_over(function: Any) -> dict[str, Any]:
    closed: dict[str, Any] = {}
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    for name, cell in zip(names, getattr(function, "__closure__", None) or (), strict=False):
        try:
            closed[name] = cell.cell_contents
        except ValueError:  # assigned only after the function was made
            continue
    return closed

"""Gives handlers the rows of views, and Projections their connection. Read by: authors of parts.

All reads of one query handler see one snapshot: it begins with the first read and ends with the
handler. A handler of commands reads the newest rows each time, since what it sends changes them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, get_args, get_origin

from leftfold.bus.injection import qualified
from leftfold.errors import ConfigurationError
from leftfold.processing.rows import BlockingRows, Rows
from leftfold.processing.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from leftfold.bus.injection import Call, Injectable, Source

__all__ = ["CONNECTION", "SQLALCHEMY_CONNECTION", "ReadsRows", "row_injectables", "view_named_in"]

R = TypeVar("R")
V = TypeVar("V", bound=View)

CONNECTION = "leftfold.connection"
SQLALCHEMY_CONNECTION = "sqlalchemy.engine.base.Connection"


class ReadsRows(Protocol):
    """What rows and connections are taken from, while the App runs."""

    def rows(self, view: type[V]) -> Rows[V]:
        """Return the rows of a view, each read by itself."""
        ...

    def rows_in(self, call: Call, view: type[V]) -> Rows[V]:
        """Return the rows of a view, all reads of the call on one snapshot."""
        ...

    async def connection_in(self, call: Call) -> Any:
        """Return a connection that reads on the snapshot of the call."""
        ...


def row_injectables(read_models: Callable[[], ReadsRows]) -> Sequence[Injectable]:
    """Return what handlers may ask for: Rows, BlockingRows and Connection."""
    return (_Rows(read_models), _BlockingRows(read_models), _Connection(read_models))


def view_named_in(annotation: Any) -> type[View] | None:
    """Return the view whose rows an annotation asks for."""
    if get_origin(annotation) not in {Rows, BlockingRows}:
        return None
    (view,) = get_args(annotation)
    return view if isinstance(view, type) and issubclass(view, View) else None


def _asks_for(kind: type, annotation: Any, label: str) -> type[View] | None:
    """Return the view, if an annotation is rows of this kind.

    Raises:
        ConfigurationError: It names no view.
    """
    if annotation is not kind and get_origin(annotation) is not kind:
        return None
    view = view_named_in(annotation)
    if view is None:
        message = (
            f"{label} asks for {kind.__name__} of no View ({annotation}). Name one in the "
            f"brackets: {kind.__name__}[CustomerOrder]."
        )
        raise ConfigurationError(message)
    return view


class _Rows:
    words = "Rows[...]"

    def __init__(self, read_models: Callable[[], ReadsRows]) -> None:
        self._read_models = read_models

    def source(self, annotation: Any, *, is_async: bool, kind: str, label: str) -> Source | None:
        view = _asks_for(Rows, annotation, label)
        if view is None:
            return None
        if not is_async:
            message = (
                f"{label} is a plain def and asks for Rows[{view.__name__}], whose methods are "
                f"awaited. Ask for BlockingRows[{view.__name__}], or write async def."
            )
            raise ConfigurationError(message)
        return lambda call: _rows(self._read_models(), call, view, kind)


class _BlockingRows:
    words = "BlockingRows[...]"

    def __init__(self, read_models: Callable[[], ReadsRows]) -> None:
        self._read_models = read_models

    def source(self, annotation: Any, *, is_async: bool, kind: str, label: str) -> Source | None:
        view = _asks_for(BlockingRows, annotation, label)
        if view is None:
            return None
        if is_async:
            message = (
                f"{label} is async and asks for BlockingRows[{view.__name__}], which would block "
                f"the event loop. Ask for Rows[{view.__name__}]."
            )
            raise ConfigurationError(message)
        if kind == "Event":
            message = (
                f"{label} is replayed and asks for BlockingRows[{view.__name__}], which is not at "
                "its position. Read what it wrote itself, with its Connection."
            )
            raise ConfigurationError(message)
        return lambda call: self._blocking(call, view, kind)

    def _blocking(self, call: Call, view: type[View], kind: str) -> BlockingRows[Any]:
        loop = asyncio.get_running_loop()

        def run(work: Coroutine[Any, Any, R]) -> R:
            return asyncio.run_coroutine_threadsafe(work, loop).result()

        return BlockingRows(_rows(self._read_models(), call, view, kind), run)


def _rows(read_models: ReadsRows, call: Call, view: type[V], kind: str) -> Rows[V]:
    return read_models.rows_in(call, view) if kind == "Query" else read_models.rows(view)


class _Connection:
    words = "Connection"

    def __init__(self, read_models: Callable[[], ReadsRows]) -> None:
        self._read_models = read_models

    def source(self, annotation: Any, *, is_async: bool, kind: str, label: str) -> Source | None:
        if qualified(annotation) != SQLALCHEMY_CONNECTION:
            return None
        if is_async:
            message = (
                f"{label} is async and asks for Connection, which would block the event loop. "
                "Write a plain def, which runs in a worker thread."
            )
            raise ConfigurationError(message)
        if kind == "Event":
            return lambda call: call.shared[CONNECTION]
        if kind == "Query":
            return lambda call: self._read_models().connection_in(call)
        message = (
            f"{label} handles a command and asks for Connection. Commands change nothing but "
            "events; read with BlockingRows[...], write in a Projection."
        )
        raise ConfigurationError(message)

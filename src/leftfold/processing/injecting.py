"""Gives handlers the rows of views, and Projections the connection they write on.

Read by: authors of parts, for what may be asked for where. All reads of one query handler see one
snapshot: it begins with the first read and ends with the handler.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from leftfold.bus.injection import qualified
from leftfold.errors import ConfigurationError
from leftfold.processing.rows import BlockingRows, Rows
from leftfold.processing.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from leftfold.bus.injection import Call, Injectable, Source
    from leftfold.processing.readmodels import ReadModels

__all__ = ["CONNECTION", "SQLALCHEMY_CONNECTION", "row_injectables", "view_named_in"]

R = TypeVar("R")

CONNECTION = "leftfold.connection"
SQLALCHEMY_CONNECTION = "sqlalchemy.engine.base.Connection"


def row_injectables(read_models: Callable[[], ReadModels]) -> Sequence[Injectable]:
    """Return what handlers may ask for: Rows, BlockingRows and Connection."""
    return (_Rows(read_models), _BlockingRows(read_models), _Connection(read_models))


def view_named_in(annotation: Any) -> type[View] | None:
    """Return the view whose rows an annotation asks for."""
    if get_origin(annotation) not in {Rows, BlockingRows}:
        return None
    (view,) = get_args(annotation)
    return view if isinstance(view, type) and issubclass(view, View) else None


def _view(annotation: Any, label: str) -> type[View]:
    view = view_named_in(annotation)
    if view is None:
        message = (
            f"{label} asks for {annotation}. Name a View in the brackets: Rows[CustomerOrder]."
        )
        raise ConfigurationError(message)
    return view


class _Rows:
    words = "Rows[...]"

    def __init__(self, read_models: Callable[[], ReadModels]) -> None:
        self._read_models = read_models

    def source(self, annotation: Any, *, is_async: bool, label: str) -> Source | None:
        if annotation is not Rows and get_origin(annotation) is not Rows:
            return None
        view = _view(annotation, label)
        if not is_async:
            message = (
                f"{label} is a plain def and asks for Rows[{view.__name__}], whose methods are "
                f"awaited. Ask for BlockingRows[{view.__name__}], or write async def."
            )
            raise ConfigurationError(message)
        return lambda call: self._read_models().rows_in(call, view)


class _BlockingRows:
    words = "BlockingRows[...]"

    def __init__(self, read_models: Callable[[], ReadModels]) -> None:
        self._read_models = read_models

    def source(self, annotation: Any, *, is_async: bool, label: str) -> Source | None:
        if annotation is not BlockingRows and get_origin(annotation) is not BlockingRows:
            return None
        view = _view(annotation, label)
        if is_async:
            message = (
                f"{label} is async and asks for BlockingRows[{view.__name__}], which would block "
                f"the event loop. Ask for Rows[{view.__name__}]."
            )
            raise ConfigurationError(message)
        return lambda call: self._blocking(call, view)

    def _blocking(self, call: Call, view: type[View]) -> BlockingRows[Any]:
        if CONNECTION in call.shared:
            message = (
                f"A Projection asks for BlockingRows[{view.__name__}]. Other read models are not "
                "at its position, so a rebuild would differ; read what it wrote itself, with its "
                "Connection."
            )
            raise ConfigurationError(message)
        loop = asyncio.get_running_loop()

        def run(work: Coroutine[Any, Any, R]) -> R:
            return asyncio.run_coroutine_threadsafe(work, loop).result()

        return BlockingRows(self._read_models().rows_in(call, view), run)


class _Connection:
    words = "Connection"

    def __init__(self, read_models: Callable[[], ReadModels]) -> None:
        self._read_models = read_models

    def source(self, annotation: Any, *, is_async: bool, label: str) -> Source | None:
        if qualified(annotation) != SQLALCHEMY_CONNECTION:
            return None
        if is_async:
            message = (
                f"{label} is async and asks for Connection, which would block the event loop. "
                "Write a plain def, which runs in a worker thread."
            )
            raise ConfigurationError(message)
        return self._connection

    def _connection(self, call: Call) -> Any:
        if CONNECTION in call.shared:
            return call.shared[CONNECTION]
        return self._read_models().connection_in(call)

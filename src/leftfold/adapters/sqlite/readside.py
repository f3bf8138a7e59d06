"""Read models on SQLite: in a file of their own, or in memory. Read by: the entry points."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING

from leftfold.adapters.sqlalchemy import Database, Driver, SqlReadSide
from leftfold.adapters.sqlite import dbapi
from leftfold.adapters.sqlite.looking import LookedAtFile
from leftfold.adapters.sqlite.storefile import path_of
from leftfold.adapters.sqlite.viewsfile import VIEWS_ID, ViewsFile
from leftfold.errors import StoreMissing

if TYPE_CHECKING:
    from collections.abc import Callable

    from leftfold.clock import Clock
    from leftfold.processing.port import ReadSide

__all__ = ["open_readside"]

_BUSY_MS = 5_000
_NUMBERS = itertools.count(1)


async def open_readside(url: str, *, clock: Clock, read_only: bool = False) -> ReadSide:
    """Open the database of the read models.

    Args:
        url: `sqlite:///bank.views.db`, or `memory:`.
        clock: The App's.
        read_only: Open what is there, beside who folds; nothing is made or changed.

    Raises:
        StoreMissing: There is no such database, and `read_only` makes none.
        StoreUnusable: It cannot be used as it is.
    """
    if url.startswith("sqlite:"):
        path = path_of(url)
        return await SqlReadSide.open(
            lambda: Database(_file(path, read_only=read_only)), clock, read_only=read_only
        )
    if read_only:
        message = f"Reading {url!r}: read models in memory live in the process of their app."
        raise StoreMissing(message)
    return await SqlReadSide.open(lambda: Database(_memory()), clock)


def _file(path: str, *, read_only: bool) -> Driver:
    """Return how a file is opened, through the SQLite library that the event store uses."""
    file = LookedAtFile(path) if read_only else ViewsFile(path)
    return _driver(
        path,
        lambda: dbapi.Connection(file.connect(busy_timeout_ms=_BUSY_MS)),
        check=file.check,
        shared=True,
    )


def _memory() -> Driver:
    """Return how a database is opened that is gone when it is closed."""
    name = f"leftfold-{next(_NUMBERS)}"
    return _driver(
        "the database in memory", lambda: dbapi.connect_memory(name), check=_nothing, shared=False
    )


def _nothing() -> None:
    """Find nothing wrong: nobody else reaches what is in memory."""


def _driver(
    place: str,
    connect: Callable[[], dbapi.Connection],
    *,
    check: Callable[[], None],
    shared: bool,
) -> Driver:
    return Driver(
        place=place,
        dialect="sqlite://",
        module=sys.modules[dbapi.__name__],
        connect=connect,
        begin_writing="BEGIN IMMEDIATE",
        only_read="PRAGMA query_only = ON",
        claim=f"PRAGMA application_id = {VIEWS_ID}",
        shared=shared,
        check=check,
        is_failure=lambda error: isinstance(error, dbapi.OperationalError),
        failure=dbapi.failure_of,
    )

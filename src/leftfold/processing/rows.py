"""Rows: what a View holds, for queries. Read by: everyone who asks a View.

row = await rows.get("o-1", after=receipt.token)
page = await rows.find(customer="c").order_by("-placed_at").page(20)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec

from leftfold.errors import ConfigurationError, NotFound
from leftfold.processing.paging import decode_page_token, encode_page_token
from leftfold.processing.port import Selected
from leftfold.processing.values import Misfit
from leftfold.processing.view import View

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator

    from sqlalchemy import ColumnElement, Table

    from leftfold.processing.port import Snapshot
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["BlockingRows", "BlockingSelection", "Page", "Reader", "Rows", "Selection"]

T = TypeVar("T")
R = TypeVar("R")
V = TypeVar("V", bound=View)

# How many rows `async for` fetches with one hop to a worker thread.
_CHUNK = 500


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some rows, and the token of the page after them, None where they are the last."""

    items: list[T]
    next: str | None = None


class Reader(Protocol):
    """How rows are reached: each read by itself, or all of a handler on one snapshot."""

    tenant: str

    def table(self, model: ViewModel) -> Table:
        """Return the table of a view."""
        ...

    async def current(self, model: ViewModel, after: str, timeout_s: float) -> None:
        """Wait until the view has come to a position token.

        Raises:
            NotCurrent: It has not in time.
        """
        ...

    async def read(self, work: Callable[[Snapshot], R]) -> R:
        """Run a read in a worker thread."""
        ...


class Rows(Generic[V]):
    """The rows of a View."""

    def __init__(self, reader: Reader, model: ViewModel) -> None:
        """Read the rows of a compiled view through `reader`."""
        self._reader = reader
        self._model = model

    @property
    def table(self) -> Table:
        """Return SQLAlchemy's table, for joins and subqueries; it reads as the fields do."""
        return self._reader.table(self._model)

    async def get(self, *key: object, after: str | None = None, timeout_s: float = 5) -> V | None:
        """Return the row with this key, or None.

        Args:
            *key: The key, its parts one after the other.
            after: A position token: what it stands for is seen.
            timeout_s: How long to wait for that.

        Raises:
            NotCurrent: The view did not come that far in time.
        """
        wanted = _key(self._model, key)
        if after is not None:
            await self._reader.current(self._model, after, timeout_s)
        model, tenant = self._model, self._reader.tenant
        row: V | None = await self._reader.read(lambda s: s.get(model, tenant, wanted))
        return row

    async def get_one(self, *key: object, after: str | None = None, timeout_s: float = 5) -> V:
        """Return the row with this key; see `get`.

        Raises:
            NotFound: There is none.
            NotCurrent: The view did not come that far in time.
        """
        row = await self.get(*key, after=after, timeout_s=timeout_s)
        if row is None:
            shown = key[0] if len(key) == 1 else key
            message = f"There is no {self._model.label} {shown!r}."
            raise NotFound(message)
        return row

    def find(self, *where: ColumnElement[bool], **equals: object) -> Selection[V]:
        """Select rows; await the selection for a list, or go through it with `async for`.

        Args:
            *where: SQLAlchemy terms, as `rows.table.c.total > 5`.
            **equals: Values of columns.

        Raises:
            ConfigurationError: There is no such column.
        """
        selected = Selected(
            model=self._model,
            tenant=self._reader.tenant,
            where=where,
            equals=_equals(self._model, equals),
            order=tuple((name, "asc") for name in self._model.key),
        )
        return Selection(self._reader, selected)


def _key(model: ViewModel, key: tuple[object, ...]) -> Any:
    if len(key) != len(model.key):
        message = (
            f"{model.label} has the key ({', '.join(model.key)}), and {len(key)} values were "
            f"given. Write get({', '.join(model.key)})."
        )
        raise ConfigurationError(message)
    wanted = key if len(model.key) > 1 else next(iter(key))
    model.encode_key(wanted)
    return wanted


def _equals(model: ViewModel, equals: dict[str, object]) -> dict[str, Any]:
    for name, value in equals.items():
        column = model.column.get(name)
        if column is None and name in {"after", "timeout_s"}:
            message = (
                f"find({name}=…): a selection takes no position token. Ask with it: "
                "app.ask(query, after=token) or rows.get(key, after=token); a page token goes to "
                ".page(size, after=…)."
            )
            raise ConfigurationError(message)
        if column is None:
            raise ConfigurationError(f"find({name}=…): {model.unknown(name)}")
        try:
            if value is not None:
                column.encode(value)
        except Misfit as error:
            message = f"find({name}=…): {model.label}.{name} cannot be {error}."
            raise ConfigurationError(message) from error
    return dict(equals)


@dataclass(frozen=True)
class Selection(Generic[V]):
    """Rows that meet some terms, in an order that always ends with the key."""

    _reader: Reader
    _selected: Selected

    def order_by(self, *columns: str) -> Selection[V]:
        """Sort by columns, `-column` from high to low; None is before everything.

        Raises:
            ConfigurationError: There is no such column.
        """
        model = self._selected.model
        order: dict[str, Any] = {}
        for text in columns:
            name = text.removeprefix("-")
            column = model.column.get(name)
            if column is None or column.kind == "json":
                raise ConfigurationError(f"order_by({text!r}): {model.unknown(name)}")
            order.setdefault(name, "desc" if text.startswith("-") else "asc")
        for name in model.key:
            order.setdefault(name, "asc")
        return replace(self, _selected=replace(self._selected, order=tuple(order.items())))

    def limit(self, n: int, /, *, offset: int = 0) -> Selection[V]:
        """Take at most `n` rows, after leaving out `offset`."""
        if n < 0 or offset < 0:
            message = f"limit({n}, offset={offset}): neither can be negative."
            raise ConfigurationError(message)
        return replace(self, _selected=replace(self._selected, limit=n, offset=offset))

    async def page(self, size: int, /, *, after: str | None = None) -> Page[V]:
        """Return one page.

        Args:
            size: How many rows at most.
            after: The token that the page before gave as `next`; None for the first.

        Raises:
            InvalidToken: The token is of another sort or filter.
        """
        if size < 1 or self._selected.limit is not None:
            message = f"page({size}): a page has at least one row, and takes no limit() before it."
            raise ConfigurationError(message)
        return await self._reader.read(partial(_page, self._selected, size, after))

    async def first(self) -> V | None:
        """Return the first row, or None."""
        rows = await self._list(replace(self._selected, limit=_least(self._selected.limit, 1)))
        return rows[0] if rows else None

    async def count(self) -> int:
        """Return how many rows meet the terms, whatever the limit."""
        selected = self._selected
        return await self._reader.read(lambda snapshot: snapshot.count(selected))

    async def _list(self, selected: Selected) -> list[V]:
        rows: list[V] = await self._reader.read(lambda snapshot: snapshot.select(selected))
        return rows

    def __await__(self) -> Generator[Any, None, list[V]]:
        """Return all rows."""
        return self._list(self._selected).__await__()

    async def __aiter__(self) -> AsyncIterator[V]:
        """Go through the rows, some fetched at a time."""
        selected, left = self._selected, self._selected.limit
        while left is None or left > 0:
            size = _least(left, _CHUNK)
            rows = await self._list(replace(selected, limit=size))
            for row in rows:
                yield row
            if len(rows) < size:
                return
            left = None if left is None else left - size
            beyond = tuple(getattr(rows[-1], name) for name, _ in selected.order)
            selected = replace(selected, beyond=beyond, offset=0)


def _least(limit: int | None, size: int) -> int:
    return size if limit is None else min(limit, size)


def _page(selected: Selected, size: int, after: str | None, snapshot: Snapshot) -> Page[Any]:
    fingerprint = snapshot.fingerprint(selected)
    if after is not None:
        selected = replace(selected, beyond=decode_page_token(after, selected, fingerprint))
    rows = snapshot.select(replace(selected, limit=size + 1))
    if len(rows) <= size:
        return Page(items=rows)
    items = rows[:size]
    return Page(items=items, next=encode_page_token(selected, items[-1], fingerprint))


class BlockingRows(Generic[V]):
    """The rows of a View for plain functions: the same calls, without await."""

    def __init__(self, rows: Rows[V], run: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        """Read through `rows`, whose calls `run` carries to the event loop."""
        self._rows = rows
        self._run = run

    @property
    def table(self) -> Table:
        """Return SQLAlchemy's table; see `Rows.table`."""
        return self._rows.table

    def get(self, *key: object, after: str | None = None, timeout_s: float = 5) -> V | None:
        """Return the row with this key, or None; see `Rows.get`."""
        row: V | None = self._run(self._rows.get(*key, after=after, timeout_s=timeout_s))
        return row

    def get_one(self, *key: object, after: str | None = None, timeout_s: float = 5) -> V:
        """Return the row with this key; see `Rows.get_one`."""
        row: V = self._run(self._rows.get_one(*key, after=after, timeout_s=timeout_s))
        return row

    def find(self, *where: ColumnElement[bool], **equals: object) -> BlockingSelection[V]:
        """Select rows; see `Rows.find`."""
        return BlockingSelection(self._rows.find(*where, **equals), self._run)


class BlockingSelection(Generic[V]):
    """A selection for plain functions."""

    def __init__(
        self, selection: Selection[V], run: Callable[[Coroutine[Any, Any, Any]], Any]
    ) -> None:
        """Read through `selection`."""
        self._selection = selection
        self._run = run

    def order_by(self, *columns: str) -> BlockingSelection[V]:
        """Sort by columns; see `Selection.order_by`."""
        return BlockingSelection(self._selection.order_by(*columns), self._run)

    def limit(self, n: int, /, *, offset: int = 0) -> BlockingSelection[V]:
        """Take at most `n` rows; see `Selection.limit`."""
        return BlockingSelection(self._selection.limit(n, offset=offset), self._run)

    def page(self, size: int, /, *, after: str | None = None) -> Page[V]:
        """Return one page; see `Selection.page`."""
        page: Page[V] = self._run(self._selection.page(size, after=after))
        return page

    def first(self) -> V | None:
        """Return the first row, or None."""
        row: V | None = self._run(self._selection.first())
        return row

    def count(self) -> int:
        """Return how many rows meet the terms."""
        count: int = self._run(self._selection.count())
        return count

    def __iter__(self) -> Iterator[V]:
        """Go through the rows."""
        rows: list[V] = self._run(_all(self._selection))
        return iter(rows)


async def _all(selection: Selection[V]) -> list[V]:
    return await selection

"""Answers what is asked of views, on one state of them. Read by: authors of the read side."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, true

from leftfold.adapters.sqlalchemy import positions
from leftfold.adapters.sqlalchemy.schema import made_for
from leftfold.adapters.sqlalchemy.tables import misfit_of
from leftfold.processing.viewmodel import TENANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from leftfold.adapters.sqlalchemy.engine import Database
    from leftfold.adapters.sqlalchemy.rows import ViewRows
    from leftfold.processing.port import Selected, Standing
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["SqlSnapshot"]


class SqlSnapshot:
    """Reads on one connection, inside one transaction."""

    def __init__(self, database: Database, rows: dict[str, ViewRows]) -> None:
        """Begin it."""
        self._database = database
        self._rows = rows
        self._connection = database.begin_reading()

    @property
    def connection(self) -> Connection:
        """Return the connection that it reads on."""
        return self._connection

    def get(self, model: ViewModel, tenant: str, key: Any) -> Any | None:
        """Return the row with this key."""
        found = self._rows[model.table].load(self._connection, tenant, [key])
        return next(iter(found.values()), None)

    def select(self, selected: Selected) -> list[Any]:
        """Return rows."""
        table = self._rows[selected.model.table].table
        statement = select(*[table.c[name] for name in selected.model.names])
        statement = statement.where(*_terms(selected, table)).order_by(*_order(selected, table))
        if selected.limit is not None or selected.offset:
            statement = statement.limit(selected.limit).offset(selected.offset)
        cls, names = selected.model.cls, selected.model.names
        found = self._connection.execute(statement)
        return [cls(**dict(zip(names, row, strict=True))) for row in found]

    def count(self, selected: Selected) -> int:
        """Return how many rows meet the terms."""
        table = self._rows[selected.model.table].table
        statement = select(func.count()).select_from(table).where(*_terms(selected, table))
        return self._connection.execute(statement).scalar() or 0

    def fingerprint(self, selected: Selected) -> bytes:
        """Return a digest of view, terms and order."""
        table = self._rows[selected.model.table].table
        terms = select(table).where(*_terms(selected, table, beyond=False))
        compiled = terms.compile(dialect=self._database.reading.dialect)
        said = (str(compiled), sorted(map(repr, compiled.params.items())), selected.order)
        return sha256(repr(said).encode()).digest()[:9]

    def standings(self) -> Sequence[Standing]:
        """Return where every processor stands."""
        return positions.standings(self._connection)

    def misfits(self, models: Sequence[ViewModel]) -> Sequence[str]:
        """Return what is wrong with the tables of views."""
        tables = ((model, made_for(self._connection, model)) for model in models)
        wrong = (misfit_of(model, found) for model, found in tables if found is not None)
        return [misfit for misfit in wrong if misfit is not None]

    def close(self) -> None:
        """Give the connection back."""
        self._database.end_reading(self._connection)


def _terms(
    selected: Selected, table: Table, *, beyond: bool = True
) -> Sequence[ColumnElement[bool]]:
    terms: list[ColumnElement[bool]] = [table.c[TENANT] == selected.tenant, *selected.where]
    terms += [
        table.c[name].is_(value) if value is None else table.c[name] == value
        for name, value in selected.equals.items()
    ]
    if beyond and selected.beyond is not None:
        terms.append(_beyond(selected, selected.beyond, table))
    return terms


def _order(selected: Selected, table: Table) -> Sequence[Any]:
    """Return the order; None sorts before everything, as SQLite has it."""
    parts: list[Any] = []
    for name, direction in selected.order:
        column = table.c[name]
        ordered = column.asc() if direction == "asc" else column.desc()
        if selected.model.column[name].optional:
            ordered = ordered.nulls_first() if direction == "asc" else ordered.nulls_last()
        parts.append(ordered)
    return parts


def _beyond(selected: Selected, values: Sequence[Any], table: Table) -> ColumnElement[bool]:
    """Return the term for the rows after one: later in a column, equal in those before it."""
    alternatives: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for (name, direction), value in zip(selected.order, values, strict=True):
        column = table.c[name]
        later = _later(column, direction, value)
        if later is not None:
            alternatives.append(and_(*equal, later))
        equal.append(column.is_(None) if value is None else column == value)
    return or_(*alternatives) if alternatives else ~true()


def _later(column: Any, direction: str, value: Any) -> Any:
    if direction == "asc":
        return column.is_not(None) if value is None else column > value
    if value is None:
        return None
    return or_(column < value, column.is_(None)) if column.nullable else column < value

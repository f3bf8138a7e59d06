"""Loads and writes many rows of a view at once. Read by: authors of the read side.

SQLAlchemy writes the SQL, once a view. Values go to the driver as the columns keep them, since
its own handling of a row's values costs more than the row; keys are given as one JSON array,
which was four times as fast as an IN list of as many parameters.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, delete, func, literal_column, select, tuple_, update
from sqlalchemy.dialects import sqlite

from leftfold.adapters.sqlalchemy.statements import sql_of
from leftfold.processing.viewmodel import SLICE, TENANT

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection, Dialect, Table

    from leftfold.processing.batch import Changes
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["ViewRows"]


class ViewRows:
    """The statements of one view."""

    def __init__(self, model: ViewModel, table: Table, dialect: Dialect) -> None:
        """Write the statements."""
        self._model = model
        self.table = table
        self._columns = [table.c[name] for name in model.names]
        self._key_places = [model.names.index(name) for name in model.key]
        self._order = [i for i in range(len(model.names)) if i not in self._key_places]
        self._pick = itemgetter(*self._order, *self._key_places) if self._order else None
        self._upsert = sql_of(self._upsert_statement(), dialect, [TENANT, *model.names, SLICE])
        self._update = self._update_of(dialect)
        self._delete = sql_of(self._delete_statement(), dialect, [*model.key, TENANT])
        self._loads = {
            length: sql_of(self._load_statement(length), dialect, [TENANT, "wanted"])
            for length in range(1, len(model.key) + 1)
        }

    def _upsert_statement(self) -> Any:
        names = [TENANT, *self._model.names, SLICE]
        statement = sqlite.insert(self.table).values({n: bindparam(n) for n in names})
        changed = [n for n in self._model.names if n not in self._model.key]
        index = [TENANT, *self._model.key]
        if not changed:
            return statement.on_conflict_do_nothing(index_elements=index)
        return statement.on_conflict_do_update(
            index_elements=index, set_={n: statement.excluded[n] for n in changed}
        )

    def _update_of(self, dialect: Dialect) -> str:
        """Return what changes rows that are there; nothing where all columns are the key's."""
        names = [self._model.names[place] for place in self._order]
        if not names:
            return ""
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        statement = update(self.table).where(*self._at_key()).values(values)
        return sql_of(statement, dialect, [*[f"new_{n}" for n in names], *self._model.key, TENANT])

    def _at_key(self) -> Any:
        return [self.table.c[name] == bindparam(name) for name in (*self._model.key, TENANT)]

    def _delete_statement(self) -> Any:
        return delete(self.table).where(*self._at_key())

    def _load_statement(self, length: int) -> Any:
        each = func.json_each(bindparam("wanted")).table_valued("value", name="wanted")
        key = [self.table.c[name] for name in self._model.key[:length]]
        if len(self._model.key) == 1:
            found = key[0].in_(select(each.c.value))
        else:
            paths: list[Any] = [literal_column(f"'$[{place}]'") for place in range(length)]
            parts = [func.json_extract(each.c.value, path) for path in paths]
            found = tuple_(*key).in_(select(*parts))
        # Not a join, whose order the planner chooses: it read the whole table for its few keys.
        return select(*self._columns).where(self.table.c[TENANT] == bindparam(TENANT), found)

    def load(self, connection: Connection, tenant: str, keys: Collection[Any]) -> dict[Any, Any]:
        """Return the rows that there are, by key."""
        model = self._model
        kept = [model.encode_key(key) for key in keys]
        if len(model.key) == 1:
            return self._found(connection, tenant, 1, [part for (part,) in kept])
        return self._found(connection, tenant, len(model.key), kept)

    def load_beginning(
        self, connection: Connection, tenant: str, prefixes: Collection[tuple[Any, ...]]
    ) -> dict[Any, Any]:
        """Return the rows whose key begins with one of these, by key."""
        found: dict[Any, Any] = {}
        for length in {len(prefix) for prefix in prefixes}:
            kept = [self._model.encode_key(p) for p in prefixes if len(p) == length]
            found |= self._found(connection, tenant, length, kept)
        return found

    def _found(
        self, connection: Connection, tenant: str, length: int, wanted: Sequence[Any]
    ) -> dict[Any, Any]:
        bindings = (tenant, msgspec.json.encode(wanted).decode())
        result = connection.exec_driver_sql(self._loads[length], bindings)
        decode, key_of = self._model.decode, self._model.key_of
        # The driver's own rows: SQLAlchemy's would cost more than reading them.
        driver: Any = result.cursor
        return {key_of(row): row for row in map(decode, driver.fetchall())}

    def write(self, connection: Connection, tenant: str, changes: Changes) -> None:
        """Write what changed.

        Raises:
            CodecError: A value does not fit its column.
        """
        encode, slice_of = self._model.encode, self._model.slice
        placed = [
            (tenant, *encode(row, key), slice_of(tenant, key))
            for key, row in changes.placed.items()
        ]
        pick = self._pick
        changed = [
            (*pick(encode(row, key)), tenant) for key, row in changes.changed.items() if pick
        ]
        gone = [(*self._model.encode_key(key), tenant) for key in changes.gone]
        for sql, bindings in (
            (self._upsert, placed),
            (self._update, changed),
            (self._delete, gone),
        ):
            if bindings and sql:
                connection.exec_driver_sql(sql, bindings)

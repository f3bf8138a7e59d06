"""Loads and writes many rows of a view at once. Read by: authors of the read side.

SQLAlchemy writes the SQL, once a view. Values go to the driver as the columns keep them, since
its own handling of a row's values costs more than the row; keys are given as one JSON array,
which was four times as fast as an IN list of as many parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, delete, func, select, tuple_
from sqlalchemy.dialects import sqlite

from leftfold.processing.viewmodel import SLICE, TENANT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Dialect, Table

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
        self._upsert = _sql(self._upsert_statement(), dialect, [TENANT, *model.names, SLICE])
        self._delete = _sql(self._delete_statement(), dialect, [TENANT, *model.key])
        self._loads = {
            length: _sql(self._load_statement(length), dialect, ["wanted", TENANT])
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

    def _delete_statement(self) -> Any:
        names = (TENANT, *self._model.key)
        return delete(self.table).where(*[self.table.c[n] == bindparam(n) for n in names])

    def _load_statement(self, length: int) -> Any:
        each = func.json_each(bindparam("wanted")).table_valued("value", name="wanted")
        key = self._model.key[:length]
        single = len(self._model.key) == 1
        parts = [
            each.c.value if single else func.json_extract(each.c.value, f"$[{i}]")
            for i in range(length)
        ]
        # IN and not a join: with a join the planner may read the whole table for each batch.
        place = tuple_(*(self.table.c[n] for n in key)) if length > 1 else self.table.c[key[0]]
        return select(*self._columns).where(
            place.in_(select(*parts).select_from(each)),
            self.table.c[TENANT] == bindparam(TENANT),
        )

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
        bindings = (msgspec.json.encode(wanted).decode(), tenant)
        result = connection.exec_driver_sql(self._loads[length], bindings)
        decode, key_of = self._model.decode, self._model.key_of
        # The driver's own rows: SQLAlchemy's would cost more than reading them.
        driver: Any = result.cursor
        return {key_of(row): row for row in map(decode, driver.fetchall())}

    def write(
        self,
        connection: Connection,
        tenant: str,
        rows: Mapping[Any, Any],
        gone: Sequence[Any],
    ) -> None:
        """Write rows by key, and remove those that are gone.

        Raises:
            CodecError: A value does not fit its column.
        """
        model = self._model
        if rows:
            encode, slice_of = model.encode, model.slice
            connection.exec_driver_sql(
                self._upsert,
                [(tenant, *encode(row, key), slice_of(tenant, key)) for key, row in rows.items()],
            )
        if gone:
            connection.exec_driver_sql(
                self._delete, [(tenant, *model.encode_key(key)) for key in gone]
            )


def _sql(statement: Any, dialect: Dialect, order: Sequence[str]) -> str:
    """Return a statement's text, whose parameters stand in the given order."""
    compiled = statement.compile(dialect=dialect)
    if list(compiled.positiontup) != list(order):
        message = f"the parameters of {compiled} stand as {compiled.positiontup}, not {order}"
        raise AssertionError(message)
    return str(compiled)

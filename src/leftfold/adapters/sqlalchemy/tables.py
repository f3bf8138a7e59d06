"""The tables of views, made of their columns. Read by: authors of the read side."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text

from leftfold.adapters.sqlalchemy.types import type_of
from leftfold.processing.viewmodel import SLICE, TENANT

if TYPE_CHECKING:
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["definition", "misfit_of", "view_table"]


def view_table(model: ViewModel, metadata: MetaData) -> Table:
    """Return a view's table: tenant and key identify a row, and each has its slice."""
    columns = [Column(c.name, type_of(c), nullable=c.optional, key=c.name) for c in model.columns]
    indexes = [Index(_index_name(model.table, names), TENANT, *names) for names in model.indexes]
    return Table(
        model.table,
        metadata,
        Column(TENANT, Text, nullable=False),
        *columns,
        Column(SLICE, Integer, nullable=False),
        PrimaryKeyConstraint(TENANT, *model.key),
        *indexes,
        sqlite_with_rowid=False,
    )


def _index_name(table: str, names: tuple[str, ...]) -> str:
    digest = sha256("\x1f".join(names).encode()).hexdigest()[:8]
    return f"{table[:48]}_{digest}"


def definition(model: ViewModel) -> str:
    """Return what a table was made for; a table made for something else is not read."""
    columns = ", ".join(column.definition() for column in model.columns)
    return f"{model.name} ({', '.join(model.key)}): {columns}"


def misfit_of(model: ViewModel, found: str) -> str | None:
    """Return what is wrong with a table made for `found`; None: it is the view's."""
    wanted = definition(model)
    if found == wanted:
        return None
    return (
        f"The view {model.label} is declared as {wanted}, and its table {model.table} holds "
        f"{found}. Raise version={model.version + 1} to build the rows anew beside the old ones, "
        "or take the change back."
    )

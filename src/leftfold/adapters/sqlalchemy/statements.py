"""Statements written once and given to the driver as text. Read by: authors of the read side.

SQLAlchemy writes the SQL; putting one together anew, or its own handling of values, costs more
than a statement that changes a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Dialect

__all__ = ["sql_of"]


def sql_of(statement: Any, dialect: Dialect, order: Sequence[str]) -> str:
    """Return a statement's text, whose parameters stand in the given order."""
    compiled = statement.compile(dialect=dialect)
    if list(compiled.positiontup) != list(order):
        message = f"the parameters of {compiled} stand as {compiled.positiontup}, not {order}"
        raise AssertionError(message)
    return str(compiled)

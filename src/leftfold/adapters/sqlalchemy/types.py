"""Column types that keep values as a View's fields do. Read by: authors of Projections.

SQLAlchemy's own Numeric rounds on SQLite, and its DateTime drops the zone. `column_type(Decimal)`
is exact, sorts and sums as numbers, and `column_type(datetime)` is a moment in UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Double, Text
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from leftfold.processing.columns import column_of

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

    from leftfold.processing.columns import Column, Kind

__all__ = ["Kept", "column_type", "type_of"]

_FORMS: dict[Kind, type[TypeEngine[Any]]] = {
    "text": Text,
    "integer": BigInteger,
    "boolean": Boolean,
    "float": Double,
    "decimal": BigInteger,
    "datetime": Text,
    "date": Text,
    "uuid": Text,
    "json": Text,
}


class Kept(TypeDecorator[Any]):
    """A value in the form that a View's column of this type has."""

    impl = Text
    cache_ok = True

    def __init__(self, column: Column) -> None:
        """Keep values as `column` does."""
        super().__init__()
        self.column = column
        form: Any = _FORMS[column.kind]()
        self.impl = form

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else self.column.encode(value)

    @override
    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        decode = self.column.decode
        return value if value is None or decode is None else decode(value)


def type_of(column: Column) -> TypeEngine[Any]:
    """Return the type of a View's column."""
    return Kept(column)


def column_type(annotation: Any) -> TypeEngine[Any]:
    """Return the type that keeps values of a Python type as a View's field would.

    For tables of Projections: `Column("total", column_type(Annotated[Decimal, Scale(2)]))`.

    Raises:
        ConfigurationError: Values of this type cannot be kept.
    """
    return type_of(column_of("column_type", "value", annotation))

"""Column types that keep values as a View's fields do. Read by: authors of Projections.

SQLAlchemy's own Numeric rounds on SQLite, and its DateTime drops the zone. `column_type(Decimal)`
is exact, sorts and sums as numbers, and `column_type(datetime)` is a moment in UTC.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Double, Text
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from leftfold.errors import ConfigurationError
from leftfold.processing.columns import Column, column_of

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

    from leftfold.processing.columns import Kind

__all__ = ["Kept", "column_type", "type_of"]

_DIVIDING = frozenset({"truediv", "floordiv", "mod"})
_SAME_SCALE = frozenset({"add", "sub", "eq", "ne", "lt", "le", "gt", "ge"})
_ANY = -1  # the scale of a Decimal of Python, which takes on the column's
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


class _ExactComparator(TypeDecorator.Comparator[Any]):
    """Refuses arithmetic that is not exact on integers that stand for Decimals."""

    @override
    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        self._check(op, other)
        return super().operate(op, *other, **kwargs)

    @override
    def reverse_operate(self, op: Any, other: Any, **kwargs: Any) -> Any:
        self._check(op, (other,))
        return super().reverse_operate(op, other, **kwargs)

    def _check(self, op: Any, others: tuple[Any, ...]) -> None:
        own: Any = self.type
        if own.column.kind != "decimal":
            return
        name = getattr(op, "__name__", "")
        scales = {_scale(other) for other in others} - {None}
        if name in _DIVIDING:
            raise _inexact(own.column, "A quotient")
        if name == "mul" and scales:
            raise _inexact(own.column, "A product of two Decimals")
        if name in _SAME_SCALE and scales - {own.column.scale, _ANY}:
            raise _inexact(own.column, "A sum or comparison of Decimals of different scale")


def _scale(operand: Any) -> int | None:
    """Return the scale of a Decimal, None for another operand."""
    if isinstance(operand, Decimal):
        return _ANY
    column: Any = getattr(getattr(operand, "type", None), "column", None)
    return column.scale if isinstance(column, Column) and column.kind == "decimal" else None


def _inexact(column: Column, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} cannot be computed by SQLite, which keeps {column.name!r} as an integer of "
        f"{column.scale} decimal places. Compute it in Python, or in the fold."
    )


class Kept(TypeDecorator[Any]):
    """A value in the form that a View's column of this type has."""

    impl = Text
    cache_ok = True
    comparator_factory: Any = _ExactComparator  # pyright: ignore[reportIncompatibleMethodOverride]

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
    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        if self.column.kind == "decimal" and getattr(op, "__name__", "") == "mul":
            return BigInteger()  # a price times a count
        return self

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

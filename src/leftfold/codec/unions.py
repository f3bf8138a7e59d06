"""Which member of a union a value belongs to. Read by: authors of the codec's checks.

msgspec takes a union only if JSON tells its members apart, so there is one member at most for
arrays, one for objects without a tag, and one class for each tagged object.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast, get_origin

from msgspec import inspect

__all__ = ["one_of"]

_ARRAY, _OBJECT = "array", "object"
_FAMILIES: dict[type[inspect.Type], Hashable] = {
    inspect.FloatType: float,
    inspect.DecimalType: Decimal,
    inspect.DateTimeType: datetime,
    inspect.ListType: _ARRAY,
    inspect.SetType: _ARRAY,
    inspect.FrozenSetType: _ARRAY,
    inspect.VarTupleType: _ARRAY,
    inspect.CollectionType: _ARRAY,
    inspect.TupleType: _ARRAY,
    inspect.NamedTupleType: _ARRAY,
    inspect.DictType: _OBJECT,
    inspect.TypedDictType: _OBJECT,
    inspect.AnyType: object,
}
_VALUES: tuple[tuple[Any, Hashable], ...] = (
    (float, float),
    (Decimal, Decimal),
    (datetime, datetime),
    ((list, tuple, set, frozenset), _ARRAY),
    (Mapping, _OBJECT),
)


def one_of(
    members: Sequence[tuple[inspect.Type, Callable[[Any], Any] | None]],
) -> Callable[[Any], Any] | None:
    """Return a check that runs the check of the member a value belongs to.

    Args:
        members: Each type of the union with its check.
    """
    checks: dict[Hashable, Callable[[Any], Any]] = {}
    for member, check in members:
        if check is not None:
            family = _family(member)
            if family is object:
                return check
            checks[family] = check
    if not checks:
        return None

    def settle(value: Any) -> Any:
        check = checks.get(_family_of(value))
        return value if check is None else check(value)

    return settle


def _family(member: Any) -> Hashable:
    family = _FAMILIES.get(cast("type[inspect.Type]", type(member)))
    return family if family is not None else _class(member)


def _class(member: Any) -> Hashable:
    cls: Hashable = get_origin(member.cls) or member.cls
    return cls


def _family_of(value: Any) -> Hashable:
    for kinds, family in _VALUES:
        if isinstance(value, kinds):
            return family
    cls: Hashable = value.__class__
    return cls

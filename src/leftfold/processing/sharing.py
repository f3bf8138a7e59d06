"""Which events several views may hold at the same time. Read by: authors of the read side.

A record is decoded once for all views. Where an event holds a list, say, a view that keeps it in
its row would change it for the others; such an event is decoded for each.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

__all__ = ["can_be_shared"]

_FIXED = (
    inspect.NoneType,
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.StrType,
    inspect.BytesType,
    inspect.DateTimeType,
    inspect.TimeType,
    inspect.DateType,
    inspect.TimeDeltaType,
    inspect.UUIDType,
    inspect.DecimalType,
    inspect.EnumType,
    inspect.LiteralType,
)


def can_be_shared(cls: type) -> bool:
    """Tell whether nothing in the values of a class can be changed."""
    try:
        return _is_fixed(inspect.type_info(cls), set())
    except (TypeError, NameError):
        return False


def _is_fixed(info: Any, seen: set[type]) -> bool:
    if isinstance(info, _FIXED):
        return True
    if isinstance(info, (inspect.VarTupleType, inspect.FrozenSetType)):
        return _is_fixed(info.item_type, seen)
    if isinstance(info, inspect.TupleType):
        return all(_is_fixed(item, seen) for item in info.item_types)
    if isinstance(info, inspect.UnionType):
        return all(_is_fixed(member, seen) for member in info.types)
    if isinstance(info, (inspect.StructType, inspect.NamedTupleType)):
        return _is_fixed_record(info, seen)
    return False


def _is_fixed_record(info: Any, seen: set[type]) -> bool:
    if info.cls in seen:
        return True
    seen.add(info.cls)
    if issubclass(info.cls, msgspec.Struct) and not info.cls.__struct_config__.frozen:
        return False
    return all(_is_fixed(field.type, seen) for field in info.fields)

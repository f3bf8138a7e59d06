"""What can be said of a state without knowing its model. Read by: the kernel's authors."""

import copy
import dataclasses
import sys
import types
import typing
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

import msgspec

from leftfold.messages.narrowing import is_mapping, is_several

__all__ = ["changed_fields", "is_immutable", "shallow_copier", "weigh"]

_IMMUTABLE = (str, int, float, bool, bytes, type(None), Decimal, date, time, timedelta, UUID, Enum)


def shallow_copier(cls: Any) -> Callable[[Any], Any] | None:
    """Return a cheap copy for states whose fields are all immutable, or None.

    With it a decision works on a copy, and a refused one leaves the state as it was; without
    it the state is thrown away then, and loaded again.
    """
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError:
        return None
    flat = all(is_immutable(hints[name]) for name in cls.__struct_fields__)
    return copy.copy if flat else None


def is_immutable(annotation: Any) -> bool:
    """Tell whether values of a type cannot change."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is None or origin is typing.Literal:
        return True
    if origin in {Union, types.UnionType, tuple, frozenset}:
        return all(a is Ellipsis or is_immutable(a) for a in arguments)
    if not isinstance(annotation, type):
        return False
    if issubclass(annotation, _IMMUTABLE):
        return True
    if issubclass(annotation, msgspec.Struct) and annotation.__struct_config__.frozen:
        hints = typing.get_type_hints(annotation, include_extras=True)
        return all(is_immutable(hints[name]) for name in annotation.__struct_fields__)
    return False


def changed_fields(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """Return the fields in which two states differ, as (name, before, after)."""
    if not isinstance(before, msgspec.Struct):
        return [] if before == after else [("state", before, after)]
    missing = object()
    pairs = (
        (name, _field(before, name, missing), _field(after, name, missing))
        for name in before.__struct_fields__
    )
    return [(name, old, new) for name, old, new in pairs if old is not new and old != new]


def _field(state: Any, name: str, missing: object) -> Any:
    try:
        return getattr(state, name)
    except Exception:  # noqa: BLE001  an unset field says so in its own way
        return missing


def weigh(state: Any) -> int:
    """Return about how many bytes a state holds, containers included."""
    seen: set[int] = set()
    total, stack = 0, [state]
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        total += sys.getsizeof(value)
        stack.extend(_inside(value))
    return total


def _inside(value: Any) -> list[Any]:
    if isinstance(value, (str, bytes, int, float, Enum)):
        return []
    if is_mapping(value):
        return [*value.keys(), *value.values()]
    if is_several(value) and isinstance(value, (list, tuple, set, frozenset)):
        return list(value)
    if isinstance(value, msgspec.Struct):
        return [
            v for name in value.__struct_fields__ if (v := _field(value, name, None)) is not None
        ]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return list(vars(value).values()) if hasattr(value, "__dict__") else []
    return []

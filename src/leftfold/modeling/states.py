"""What can be said of a state without knowing its model. Read by: the kernel's authors."""

import sys
import types
import typing
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NewType, Union, get_args, get_origin
from uuid import UUID

import msgspec

from leftfold.messages.narrowing import is_array, is_class, is_mapping

__all__ = ["changed_fields", "copied", "is_immutable", "shallow_copier", "weigh"]

_IMMUTABLE = (str, int, float, bool, bytes, type(None), Decimal, date, time, timedelta, UUID, Enum)
_MISSING = object()


def shallow_copier(cls: Any) -> Callable[[Any], Any] | None:
    """Return a cheap copy for states whose fields are all immutable, or None.

    With it a decision works on a copy, and a refused one leaves the state as it was; without
    it the state is thrown away then, and loaded again.
    """
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
        flat = all(is_immutable(hints[name]) for name in cls.__struct_fields__)
    except (NameError, AttributeError, TypeError):  # imported for the type checkers only, say
        return None
    return _shallow if flat else None


def _shallow(state: Any) -> Any:
    try:
        return state.__copy__()
    except AttributeError:  # a field that nothing has built yet
        return copied(state, lambda value: value)


def copied(state: Any, copy_value: Callable[[Any], Any]) -> Any:
    """Return a copy of a model's state, whose unset fields are unset in the copy too."""
    values = {name: _field(state, name) for name in state.__struct_fields__}
    cls: Any = state.__class__
    copy = cls(**{n: None if v is _MISSING else copy_value(v) for n, v in values.items()})
    for name, value in values.items():
        if value is _MISSING:
            delattr(copy, name)
    return copy


def is_immutable(annotation: Any, inside: frozenset[Any] = frozenset()) -> bool:
    """Tell whether values of a type cannot change.

    Args:
        annotation: The type.
        inside: Types that are being looked at, which may name themselves.
    """
    while get_origin(annotation) is Annotated or isinstance(annotation, NewType):
        annotation = getattr(annotation, "__supertype__", None) or get_args(annotation)[0]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is None or origin is typing.Literal:
        return True
    if origin in {Union, types.UnionType, tuple, frozenset}:
        return all(a is Ellipsis or is_immutable(a, inside) for a in arguments)
    if not is_class(annotation):
        return False
    if annotation in inside or issubclass(annotation, _IMMUTABLE):
        return True
    if not _is_frozen(annotation):
        return False
    hints = typing.get_type_hints(annotation, include_extras=True)
    return all(is_immutable(hint, inside | {annotation}) for hint in hints.values())


def _is_frozen(cls: type[Any]) -> bool:
    if issubclass(cls, msgspec.Struct):
        return bool(cls.__struct_config__.frozen)
    if hasattr(cls, "_fields"):  # a NamedTuple
        return issubclass(cls, tuple)
    parameters: Any = vars(cls).get("__dataclass_params__")
    return bool(parameters.frozen) if parameters is not None else False


def changed_fields(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """Return the fields in which two states differ, as (name, before, after)."""
    if not isinstance(before, msgspec.Struct):
        return [] if before == after else [("state", before, after)]
    names = before.__struct_fields__
    pairs = ((name, _field(before, name), _field(after, name)) for name in names)
    return [(name, old, new) for name, old, new in pairs if old is not new and old != new]


def _field(state: Any, name: str) -> Any:
    try:
        return getattr(state, name)
    except Exception:  # noqa: BLE001  an unset field says so in its own way
        return _MISSING


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
    if is_array(value):
        return list(value)
    if isinstance(value, msgspec.Struct):
        fields = (_field(value, name) for name in value.__struct_fields__)
        return [field for field in fields if field is not _MISSING]
    attributes: dict[str, Any] = getattr(value, "__dict__", {})
    return list(attributes.values())

"""Which values may be stored, and in which form. Read by: the codec; users meet its errors.

JSON has no NaN, no infinity and no clear zone for a time, so these are refused or settled
before anything is written: floats and Decimals are finite, datetimes are aware and turned to
UTC, texts hold no U+0000. A check is compiled once for a type; types that cannot hold such a
value cost nothing.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, TypeAlias, TypeVar, Union, get_args, get_origin
from uuid import UUID

import msgspec

from leftfold.errors import CodecError

__all__ = ["Settle", "settle_for"]

Settle: TypeAlias = Callable[[Any], Any]
"""Returns the value in its stored form, the same object where nothing changes."""

_PLAIN = (str, int, bool, bytes, type(None), UUID)


def settle_for(annotation: Any) -> Settle | None:
    """Return the check for values of a type, or None where every value can be stored."""
    return _compile(annotation, {})


def _compile(annotation: Any, seen: dict[Any, "_Late"]) -> Settle | None:
    annotation = _bare(annotation)
    if annotation in seen:
        return seen[annotation]
    leaf = _LEAVES.get(annotation)
    if leaf is not None or annotation in _PLAIN:
        return leaf
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        return _union(arguments, seen)
    plain = origin or annotation
    if isinstance(plain, type):
        if issubclass(plain, (Enum, *_PLAIN)):
            return None
        if issubclass(plain, Mapping):
            return _any if not arguments else _mapping(arguments, seen)
        if issubclass(plain, (list, set, frozenset, tuple)) and arguments:
            return _sequence(plain, arguments, seen)
        if issubclass(plain, msgspec.Struct) or dataclasses.is_dataclass(plain):
            return _record(annotation, plain, seen)
    return _any


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if isinstance(annotation, TypeVar):
        return annotation.__bound__ or Any
    return annotation


def _finite(value: Any) -> Any:
    if value is not None and not math.isfinite(value):
        message = f"{value!r} cannot be stored: JSON has no such number. Use None or a field that says why."
        raise CodecError(message)
    return value


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal) and not value.is_finite():
        return _finite(value)
    return value


def _moment(value: Any) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        message = (
            f"{value.isoformat()} has no time zone, so it names no moment. "
            "Use an aware datetime, datetime.now(UTC) for example."
        )
        raise CodecError(message)
    return value.astimezone(UTC)


def _any(value: Any) -> Any:
    """Settle a value whose type says nothing, by looking at it."""
    if isinstance(value, float):
        return _finite(value)
    leaf = _LEAVES.get(type(value))
    if leaf is not None:
        return leaf(value)
    if isinstance(value, Mapping):
        items: Mapping[Any, Any] = value
        return _settled_mapping(items, _any, _any)
    if isinstance(value, (list, tuple, set, frozenset)):
        elements: Any = value
        return _settled_sequence(elements, _any)
    if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
        settle = _record(type(value), type(value), {})
        return settle(value) if settle else value
    return value


_LEAVES: dict[Any, Settle] = {
    float: lambda value: _finite(value) if isinstance(value, float) else value,
    Decimal: _decimal,
    datetime: _moment,
    time: lambda value: value,
    Any: _any,
    object: _any,
}


class _Late:
    """Stands for a type inside itself, until its check is there."""

    settle: Settle | None = None

    def __call__(self, value: Any) -> Any:
        return self.settle(value) if self.settle is not None else value


def _union(members: tuple[Any, ...], seen: dict[Any, _Late]) -> Settle | None:
    checks = [_compile(member, seen) for member in members]
    needed = [check for check in checks if check is not None]
    if not needed:
        return None
    plain = [get_origin(_bare(m)) or _bare(m) for m in members]
    if len(needed) == 1 and type(None) in plain and len(members) == 2:  # noqa: PLR2004  X | None
        (only,) = needed
        return lambda value: None if value is None else only(value)
    return _any


def _mapping(arguments: tuple[Any, ...], seen: dict[Any, _Late]) -> Settle | None:
    keys, values = (_compile(argument, seen) for argument in arguments)
    if keys is None and values is None:
        return None
    return lambda given: _settled_mapping(given, keys or _same, values or _same)


def _same(value: Any) -> Any:
    return value


def _settled_mapping(given: Mapping[Any, Any], keys: Settle, values: Settle) -> Mapping[Any, Any]:
    settled = {keys(key): values(value) for key, value in given.items()}
    same = all(a is b for a, b in zip(settled.values(), given.values(), strict=True))
    return given if same and settled.keys() == given.keys() else settled


def _sequence(plain: type, arguments: tuple[Any, ...], seen: dict[Any, _Late]) -> Settle | None:
    if issubclass(plain, tuple) and Ellipsis not in arguments:
        checks = [_compile(argument, seen) for argument in arguments]
        if not any(checks):
            return None
        return _any
    element = _compile(arguments[0], seen)
    if element is None:
        return None
    check = element
    return lambda given: _settled_sequence(given, check)


def _settled_sequence(given: Any, element: Settle) -> Any:
    settled = [element(value) for value in given]
    for before, after in zip(given, settled, strict=True):
        if before is not after:
            return type(given)(settled)
    return given


def _record(annotation: Any, plain: Any, seen: dict[Any, _Late]) -> Settle | None:
    late = seen[annotation] = _Late()
    hints = typing.get_type_hints(plain, include_extras=True)
    names = [f.name for f in dataclasses.fields(plain)] if dataclasses.is_dataclass(plain) else None
    fields = names if names is not None else list(plain.__struct_fields__)
    checks = [
        (name, check) for name in fields if (check := _compile(hints[name], seen)) is not None
    ]
    if not checks:
        del seen[annotation]
        return None
    replace: Any = dataclasses.replace if names is not None else msgspec.structs.replace

    def settle(given: Any) -> Any:
        changed: dict[str, Any] = {}
        for name, check in checks:
            before = getattr(given, name)
            after = check(before)
            if after is not before:
                changed[name] = after
        return replace(given, **changed) if changed else given

    late.settle = settle
    return settle

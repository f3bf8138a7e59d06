"""Which values may be stored, and in which form. Read by: the codec; users meet its errors.

JSON has no NaN, no infinity and no clear zone for a time, so these are refused or settled
before anything is written: floats and Decimals are finite, datetimes are aware and turned to
UTC. A check is compiled once for a type; types that cannot hold such a value cost nothing.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any, TypeAlias, get_origin

import msgspec
from msgspec import inspect

from leftfold.codec.unions import one_of
from leftfold.errors import CodecError
from leftfold.messages.narrowing import is_array, is_mapping, is_tuple

__all__ = ["Settle", "settle_for"]

Settle: TypeAlias = Callable[[Any], Any]
"""Returns the value in its stored form, the same object where nothing changes."""

_ARRAYS = (
    inspect.ListType,
    inspect.SetType,
    inspect.FrozenSetType,
    inspect.VarTupleType,
    inspect.CollectionType,
)
_RECORDS = (inspect.StructType, inspect.DataclassType)
_KEYS = (
    inspect.StrType,
    inspect.IntType,
    inspect.FloatType,
    inspect.DecimalType,
    inspect.UUIDType,
    inspect.DateType,
    inspect.DateTimeType,
    inspect.TimeType,
    inspect.TimeDeltaType,
    inspect.BytesType,
    inspect.EnumType,
    inspect.LiteralType,
    inspect.UnionType,
    inspect.AnyType,
)


def settle_for(annotation: Any) -> Settle | None:
    """Return the check for values of a type, or None where every value can be stored.

    Raises:
        TypeError: JSON cannot hold the type, or nobody could tell whether it came back.
        NameError: An annotation inside names something that is not there.
    """
    compiler = _Compiler()
    check = compiler.check(inspect.type_info(annotation))
    return check if compiler.checks_something else None


class _Late:
    """Stands for the check of a type inside itself, until that is there."""

    settle: Settle | None = None

    def __call__(self, value: Any) -> Any:
        return self.settle(value) if self.settle is not None else value


class _Compiler:
    def __init__(self) -> None:
        self.checks_something = False
        self._begun: dict[int, _Late] = {}

    def check(self, kind: inspect.Type) -> Settle | None:
        """Return the check for one type of the tree that msgspec reads from annotations."""
        if isinstance(kind, inspect.CustomType):
            _refuse_unless_object(kind.cls)
            kind = inspect.AnyType()
        leaf = _LEAVES.get(type(kind))
        if leaf is not None:
            self.checks_something = True
            return leaf
        if isinstance(kind, inspect.UnionType):
            return one_of([(member, self.check(member)) for member in kind.types])
        return self._container(kind)

    def _container(self, kind: inspect.Type) -> Settle | None:
        if isinstance(kind, _ARRAYS):
            element = self.check(kind.item_type)
            return partial(_array, element) if element is not None else None
        if isinstance(kind, inspect.TupleType):
            return self._places([self.check(item) for item in kind.item_types])
        if isinstance(kind, inspect.NamedTupleType):
            return self._places([self.check(field.type) for field in kind.fields])
        if isinstance(kind, inspect.DictType):
            return self._dict(kind)
        if isinstance(kind, inspect.TypedDictType):
            checks = {field.name: self.check(field.type) for field in kind.fields}
            return partial(_entries, checks) if any(checks.values()) else None
        return self._record(kind) if isinstance(kind, _RECORDS) else None

    def _places(self, checks: list[Settle | None]) -> Settle | None:
        return partial(_tuple, checks) if any(checks) else None

    def _dict(self, kind: inspect.DictType) -> Settle | None:
        if not isinstance(kind.key_type, _KEYS):
            message = "a dict whose keys are no texts or numbers; use str keys, or a tuple of pairs"
            raise TypeError(message)
        keys, values = self.check(kind.key_type), self.check(kind.value_type)
        if keys is None and values is None:
            return None
        return partial(_mapping, keys or _same, values or _same)

    def _record(self, kind: Any) -> Settle | None:
        begun = self._begun.get(id(kind))
        if begun is not None:
            return begun
        late = self._begun[id(kind)] = _Late()
        cls = get_origin(kind.cls) or kind.cls
        _check_equality(cls)
        checks = [(f.name, c) for f in kind.fields if (c := self.check(f.type)) is not None]
        if not any(c is not late for _, c in checks):
            return None
        late.settle = partial(_fields, cls, checks)
        return late.settle


def _refuse_unless_object(cls: Any) -> None:
    if cls is not object:
        name = getattr(cls, "__name__", str(cls))
        message = f"{name}, which JSON cannot hold; make it a msgspec Struct or a dataclass"
        raise TypeError(message)


def _check_equality(cls: type) -> None:
    config = getattr(cls, "__struct_config__", None)
    if not config.eq if config is not None else "__eq__" not in _attributes(cls):
        message = (
            f"{cls.__name__}, which has no equality, so nobody could tell whether it comes back "
            "as it was; leave out eq=False"
        )
        raise TypeError(message)


def _attributes(cls: type) -> set[str]:
    return {name for base in cls.__mro__[:-1] for name in vars(base)}


def _same(value: Any) -> Any:
    return value


def _finite(value: Any) -> Any:
    if (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, Decimal) and not value.is_finite()
    ):
        message = (
            f"{value!r}: JSON has no such number. Use None, or a field that says what it means."
        )
        raise CodecError(message)
    return value


def _moment(value: Any) -> Any:
    if not isinstance(value, datetime) or (value.tzinfo is UTC and type(value) is datetime):
        return value
    if value.utcoffset() is None:
        message = (
            f"{value.isoformat()} has no time zone, so it names no moment. "
            "Use an aware datetime, datetime.now(UTC) for example."
        )
        raise CodecError(message)
    moved = value.astimezone(UTC)
    # What a subclass adds is not stored, and msgspec writes none.
    return moved if type(moved) is datetime else datetime.fromisoformat(moved.isoformat())


def _array(element: Settle, given: Any) -> Any:
    if not is_array(given):
        return given
    return _rebuilt(given, [element(value) for value in given])


def _tuple(checks: list[Settle | None], given: Any) -> Any:
    if not is_tuple(given) or len(given) != len(checks):
        return given
    settled = [c(value) if c else value for c, value in zip(checks, given, strict=True)]
    return _rebuilt(given, settled)


def _rebuilt(given: Any, settled: list[Any]) -> Any:
    if all(before is after for before, after in zip(given, settled, strict=True)):
        return given
    make: Any = getattr(given, "_make", given.__class__)  # _make: a NamedTuple takes no list
    return make(settled)


def _mapping(keys: Settle, values: Settle, given: Any) -> Any:
    if not is_mapping(given):
        return given
    settled = {keys(key): values(value) for key, value in given.items()}
    before = [part for item in given.items() for part in item]
    after = [part for item in settled.items() for part in item]
    return given if all(a is b for a, b in zip(before, after, strict=False)) else settled


def _entries(checks: Mapping[str, Settle | None], given: Any) -> Any:
    if not is_mapping(given):
        return given
    changed = {
        name: after
        for name, check in checks.items()
        if check and name in given and (after := check(given[name])) is not given[name]
    }
    return {**given, **changed} if changed else given


def _fields(cls: type, checks: list[tuple[str, Settle]], given: Any) -> Any:
    if not isinstance(given, cls):
        return given
    changed: dict[str, Any] = {}
    for name, check in checks:
        before = getattr(given, name)
        after = check(before)
        if after is not before:
            changed[name] = after
    if not changed:
        return given
    if isinstance(given, msgspec.Struct):
        return msgspec.structs.replace(given, **changed)
    settled = copy.copy(given)
    for name, value in changed.items():
        object.__setattr__(settled, name, value)  # frozen ones too, whatever their __init__ takes
    return settled


def _any(value: Any) -> Any:
    """Settle a value whose type says nothing, by looking at it."""
    if isinstance(value, (float, Decimal)):
        return _finite(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, Enum):
        message = f"{value!r} would come back as {value.value!r}. Give the field the enum's type."
        raise CodecError(message)
    if is_mapping(value):
        return _mapping(_any, _any, value)
    if is_array(value):
        return _array(_any, value)
    if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
        settle = settle_for(type(value))
        return settle(value) if settle else value
    return value


_LEAVES: dict[type[inspect.Type], Settle] = {
    inspect.FloatType: _finite,
    inspect.DecimalType: _finite,
    inspect.DateTimeType: _moment,
    inspect.AnyType: _any,
}

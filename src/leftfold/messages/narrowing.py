"""`isinstance` for containers, in words that type checkers follow. Read by: who sorts values."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from typing_extensions import TypeIs

__all__ = ["is_array", "is_class", "is_list", "is_mapping", "is_several", "is_tuple"]

Array: TypeAlias = list[Any] | tuple[Any, ...] | set[Any] | frozenset[Any]


def is_class(value: object) -> TypeIs[type[Any]]:
    """Tell whether a value is a class, and no generic alias of one."""
    return isinstance(value, type)


def is_mapping(value: object) -> TypeIs[Mapping[Any, Any]]:
    """Tell whether a value maps keys to values."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeIs[list[Any]]:
    """Tell whether a value is a list."""
    return isinstance(value, list)


def is_tuple(value: object) -> TypeIs[tuple[Any, ...]]:
    """Tell whether a value is a tuple."""
    return isinstance(value, tuple)


def is_array(value: object) -> TypeIs[Array]:
    """Tell whether JSON writes a value as an array."""
    return isinstance(value, (list, tuple, set, frozenset))


def is_several(value: object) -> TypeIs[Iterable[Any]]:
    """Tell whether a value holds elements, which a text and a mapping do not."""
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping))

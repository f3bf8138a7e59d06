"""The columns of a view's table, worked out from the types of its fields. Read by: its authors.

| field | kept as |
|---|---|
| str, int, bool, float | themselves |
| Decimal | an exact number: `Annotated[Decimal, Scale(2)]`, else six decimal places |
| datetime, date, UUID | a moment in UTC, a day, an id |
| Enum, Literal | the value |
| anything else | JSON |

`X | None` is the same column, which may be null.
"""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin
from uuid import UUID

import msgspec

from leftfold.errors import ConfigurationError
from leftfold.processing import values

if TYPE_CHECKING:
    from leftfold.processing.values import Decode, Encode

__all__ = ["Column", "Kind", "Scale", "column_of", "columns_of"]

Kind: TypeAlias = Literal[
    "text", "integer", "boolean", "float", "decimal", "datetime", "date", "uuid", "json"
]
DEFAULT_SCALE = 6
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Scale:
    """How many decimal places a Decimal column keeps: `Annotated[Decimal, Scale(2)]`."""

    digits: int

    def __post_init__(self) -> None:
        """Refuse what 64 bits cannot hold."""
        if not 0 <= self.digits <= _MOST_DIGITS:
            message = (
                f"Scale({self.digits}): a Decimal column has 0 to {_MOST_DIGITS} decimal places."
            )
            raise ConfigurationError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a view's table.

    `encode` gives the form that is kept, or raises `Misfit`; `decode` reads one that is not
    null, and is None where nothing is to be done. `scale` belongs to Decimals, `declared`
    says that it was given.
    """

    name: str
    kind: Kind
    optional: bool
    encode: Encode
    decode: Decode | None
    scale: int = 0
    declared: bool = False

    def definition(self) -> str:
        """Return what must stay for stored rows to be readable, as `total: decimal(6)`."""
        scale = f"({self.scale})" if self.kind == "decimal" else ""
        return f"{self.name}: {self.kind}{scale}{'?' if self.optional else ''}"


_SIMPLE: dict[Any, tuple[Kind, Encode, Decode | None]] = {
    str: ("text", values.encode_text, None),
    int: ("integer", values.encode_integer, None),
    bool: ("boolean", values.encode_boolean, bool),
    float: ("float", values.encode_float, float),
    datetime: ("datetime", values.encode_datetime, datetime.fromisoformat),
    date: ("date", values.encode_date, date.fromisoformat),
    UUID: ("uuid", values.encode_uuid, UUID),
}


def columns_of(cls: Any) -> tuple[Column, ...]:
    """Return the columns for the fields of a view, in order.

    Raises:
        ConfigurationError: An annotation cannot be resolved, or cannot be kept.
    """
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError as error:
        message = (
            f"{cls.__name__}: the annotation {error.name!r} cannot be resolved. It is imported "
            "under TYPE_CHECKING or defined inside a function; import it at module level."
        )
        raise ConfigurationError(message) from error
    return tuple(column_of(cls.__name__, name, hints[name]) for name in cls.__struct_fields__)


def column_of(owner: str, name: str, annotation: Any) -> Column:
    """Return the column for one field.

    Raises:
        ConfigurationError: Values of this type cannot be kept.
    """
    whole, optional, scale = _unwrapped(annotation)
    try:
        kind, encode, decode = _form(whole, scale)
    except (TypeError, values.Misfit) as error:
        message = (
            f"{owner}.{name}: {annotation!r} cannot be kept in a column: {error}. Use a type "
            "that can be written as JSON."
        )
        raise ConfigurationError(message) from error
    return Column(
        name=name,
        kind=kind,
        optional=optional,
        encode=values.optional_encoder(encode) if optional else encode,
        decode=decode,
        scale=(scale.digits if scale else DEFAULT_SCALE) if kind == "decimal" else 0,
        declared=scale is not None,
    )


def _unwrapped(annotation: Any) -> tuple[Any, bool, Scale | None]:
    """Return the type without `| None`, Annotated and NewType, and what they said."""
    optional, scale = False, None
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *notes = get_args(annotation)
            scale = next((n for n in notes if isinstance(n, Scale)), scale)
        elif get_origin(annotation) in {Union, types.UnionType} and type(None) in get_args(
            annotation
        ):
            optional = True
            members = tuple(a for a in get_args(annotation) if a is not type(None))
            annotation = members[0] if len(members) == 1 else Union[members]  # noqa: UP007
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        else:
            return annotation, optional, scale


def _form(annotation: Any, scale: Scale | None) -> tuple[Kind, Encode, Decode | None]:
    if annotation in _SIMPLE:
        return _SIMPLE[annotation]
    if annotation is Decimal:
        digits = scale.digits if scale else DEFAULT_SCALE
        return (
            "decimal",
            values.decimal_encoder(digits),
            values.decimal_decoder(digits, exact=scale is not None),
        )
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        kind, encode = _of_members(tuple(member.value for member in annotation))
        if encode is not None:
            return (
                kind,
                values.enum_encoder(annotation, encode),
                values.enum_decoder(annotation, encode),
            )
    if get_origin(annotation) is Literal:
        kind, encode = _of_members(get_args(annotation))
        if encode is not None:
            return kind, values.member_encoder(get_args(annotation), encode), None
    if annotation is msgspec.UnsetType:
        raise TypeError("UNSET says that a field is absent, and a column is always there")
    return "json", values.json_encoder(annotation), values.json_decoder(annotation)


def _of_members(members: tuple[Any, ...]) -> tuple[Kind, Encode | None]:
    if members and all(type(m) is str for m in members):
        return "text", values.encode_text
    if members and all(type(m) is int for m in members):
        return "integer", values.encode_integer
    return "json", None

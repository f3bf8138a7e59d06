"""How the values of a row are kept: as text, integer, float or null. Read by: authors of columns.

An encoder either returns the kept form or raises `Misfit`; nothing is rounded, cut or guessed.
The forms sort as the values do, so that a database without such a type orders them rightly:
datetimes are UTC text of fixed width, Decimals are integers scaled by a power of ten.
"""

from __future__ import annotations

import math
import reprlib
from datetime import UTC, date, datetime
from decimal import Context, Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Decode",
    "Encode",
    "Misfit",
    "decimal_decoder",
    "decimal_encoder",
    "encode_boolean",
    "encode_date",
    "encode_datetime",
    "encode_float",
    "encode_integer",
    "encode_text",
    "encode_uuid",
    "enum_decoder",
    "enum_encoder",
    "json_decoder",
    "json_encoder",
    "member_encoder",
    "optional_encoder",
]

Encode: TypeAlias = "Callable[[Any], Any]"
Decode: TypeAlias = "Callable[[Any], Any]"

_LIMIT = 1 << 63
# Wide enough for every 64-bit integer, whatever the user's own context says.
_EXACT = Context(prec=60)
_SHOWN = reprlib.Repr()
_SHOWN.maxstring = _SHOWN.maxother = 60
_TO_JSON = msgspec.json.Encoder(decimal_format="string").encode


class Misfit(ValueError):
    """A value that its column cannot hold; the text says why, its caller says where."""


def _misfit(value: object, wanted: str) -> Misfit:
    return Misfit(f"{_SHOWN.repr(value)} ({type(value).__name__}), which is {wanted}")


def encode_text(value: Any) -> Any:
    """Keep a text as it is."""
    if not isinstance(value, str):
        raise _misfit(value, "no str")
    if type(value) is not str:
        value = value.value if isinstance(value, Enum) else str(value)
    if "\x00" in value:
        raise _misfit(value, "a text with U+0000, which databases refuse")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _misfit(value, "a text with half a character (a lone surrogate)") from None
    return value


def encode_integer(value: Any) -> Any:
    """Keep an integer of 64 bits."""
    if type(value) is not int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _misfit(value, "no int")
        value = int(value)
    if not -_LIMIT <= value < _LIMIT:
        raise _misfit(value, "beyond 64 bits; use str or Decimal")
    return value


def encode_boolean(value: Any) -> Any:
    """Keep true or false."""
    if value is True or value is False:
        return value
    raise _misfit(value, "no bool")


def encode_float(value: Any) -> Any:
    """Keep a finite float."""
    if type(value) is int:
        value = float(value)
    if not isinstance(value, float):
        raise _misfit(value, "no float")
    if not math.isfinite(value):
        raise _misfit(value, "not finite; use None for no number")
    return value


def encode_datetime(value: Any) -> Any:
    """Keep a moment as UTC text of fixed width, `2030-01-31T23:59:59.000000Z`."""
    if not isinstance(value, datetime):
        raise _misfit(value, "no datetime")
    if value.tzinfo is not UTC:
        if value.utcoffset() is None:
            raise _misfit(value, "without a time zone, so it names no moment")
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:26] + "Z"


def encode_date(value: Any) -> Any:
    """Keep a day as ISO text."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _misfit(value, "no date")
    return value.isoformat()


def encode_uuid(value: Any) -> Any:
    """Keep a UUID as its lower-case text."""
    if not isinstance(value, UUID):
        raise _misfit(value, "no UUID")
    return str(value)


def decimal_encoder(scale: int) -> Encode:
    """Return what keeps a Decimal as an integer, `scale` digits behind the point."""
    most = Decimal(_LIMIT - 1).scaleb(-scale, _EXACT)

    def encode(value: Any) -> Any:
        if not isinstance(value, Decimal):
            if type(value) is not int:
                raise _misfit(value, "no Decimal")
            value = Decimal(value)
        try:
            scaled = value.scaleb(scale, _EXACT)
            number = int(scaled)
        except (InvalidOperation, ValueError, OverflowError):
            raise _misfit(value, "no finite number") from None
        if number != scaled:
            raise _misfit(
                value,
                f"finer than the column's {scale} decimal places; round it, or declare "
                "Annotated[Decimal, Scale(n)]",
            )
        if not -_LIMIT <= number < _LIMIT:
            raise _misfit(
                value,
                f"beyond {most:.0f}, the most with {scale} decimal places; declare "
                "Annotated[Decimal, Scale(n)] with fewer",
            )
        return number

    return encode


def decimal_decoder(scale: int, *, exact: bool) -> Decode:
    """Return what reads a Decimal.

    Args:
        scale: The digits behind the point.
        exact: Whether all of them are given (a declared scale), or zeros at the end dropped.
    """
    one = 10**scale
    down = -scale

    def decode(number: Any) -> Any:
        if not exact and number % one == 0:
            return Decimal(number // one)
        value = Decimal(number).scaleb(down, _EXACT)
        return value if exact else value.normalize(_EXACT)

    return decode


def enum_encoder(cls: type[Enum], encode: Encode) -> Encode:
    """Return what keeps a member of an Enum as its value."""
    kept = {member: encode(member.value) for member in cls}

    def encode_member(value: Any) -> Any:
        try:
            return kept[value]
        except (KeyError, TypeError):
            raise _misfit(value, f"no {cls.__name__}") from None

    return encode_member


def enum_decoder(cls: type[Enum], encode: Encode) -> Decode:
    """Return what reads a member of an Enum."""
    return {encode(member.value): member for member in cls}.__getitem__


def member_encoder(members: tuple[Any, ...], encode: Encode) -> Encode:
    """Return what keeps one of the values of a Literal."""

    def encode_one(value: Any) -> Any:
        if value not in members:
            raise _misfit(value, f"none of {', '.join(map(repr, members))}")
        return encode(value)

    return encode_one


def json_encoder(annotation: Any) -> Encode:
    """Return what keeps a value as JSON text, and proves that it can be read again."""
    decode = msgspec.json.Decoder(annotation).decode

    def encode(value: Any) -> Any:
        try:
            data = _TO_JSON(value)
            again = decode(data)
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
            raise _misfit(value, f"not what its type says: {error}") from error
        if again != value:
            raise _misfit(value, f"not what its type says: it would come back as {again!r}")
        text = data.decode()
        if "\\u0000" in text and "\x00" in str(msgspec.json.decode(data)):
            raise _misfit(value, "holding a text with U+0000, which databases refuse")
        return text

    return encode


def json_decoder(annotation: Any) -> Decode:
    """Return what reads a value from JSON text."""
    return msgspec.json.Decoder(annotation).decode


def optional_encoder(encode: Encode) -> Encode:
    """Return what also keeps None."""
    return lambda value: None if value is None else encode(value)

"""How keys are written as text, and in which slice one falls. Read by: who names a stream or row.

The rules are those of docs/reference/keys.md, with test vectors; they never change for stored
data.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from enum import Enum
from hashlib import sha256
from operator import attrgetter
from typing import Any, TypeAlias
from uuid import UUID

from leftfold.errors import CodecError, ConfigurationError

__all__ = [
    "SLICES",
    "KeyField",
    "KeySource",
    "as_parts",
    "checked_text",
    "key_reader",
    "key_text",
    "part_text",
    "slice_of",
    "stream_name",
]

KeyField: TypeAlias = str | Callable[[Any], object]
KeySource: TypeAlias = KeyField | tuple[KeyField, ...]

SLICES = 1024
KEY_BYTES = 512
_SHOWN = 40  # characters of a wrong text that its error repeats


def part_text(value: object) -> str:
    """Write one key value: str as is, int decimal, UUID lower case, date ISO.

    Raises:
        CodecError: The value is empty, or of another type.
    """
    if type(value) is str:
        text = value
    elif isinstance(value, Enum):
        return part_text(value.value)
    elif isinstance(value, str):
        text = str(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        text = value.isoformat()
    elif isinstance(value, (int, UUID)) and not isinstance(value, bool):
        text = str(value)
    else:
        message = (
            f"{value!r} cannot be a key: a key is a str, int, UUID or date, "
            f"not {type(value).__name__}."
        )
        raise CodecError(message)
    if not text:
        message = "A key is empty. Give it a value before the message is sent."
        raise CodecError(message)
    return text


def key_text(parts: tuple[object, ...]) -> str:
    r"""Write a key: one part as is, several joined by `/`.

    `\` and `/` inside several parts are escaped by `\`.

    Raises:
        CodecError: A part cannot be a key, or no store can keep the text.
    """
    if len(parts) == 1:
        text = part_text(parts[0])
    else:
        text = "/".join(part_text(part).replace("\\", "\\\\").replace("/", "\\/") for part in parts)
    return checked_text(text, "key")


def checked_text(text: str, what: str) -> str:
    """Return a text by which something is found, if every store can keep it.

    Args:
        text: A key, or the value of a tag.
        what: What it is, for the words of an error.

    Raises:
        CodecError: It has over 512 bytes in UTF-8, a lone surrogate, or U+0000.
    """
    try:
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        message = f"The {what} {text[:_SHOWN]!a} is no Unicode text. Remove the surrogates."
        raise CodecError(message) from None
    if size > KEY_BYTES:
        message = (
            f"The {what} {text[:_SHOWN]!r}… has {size:,} bytes; the limit is {KEY_BYTES}. "
            f"Use a shorter {what}, a hash of it for example."
        )
        raise CodecError(message)
    if "\x00" in text:
        message = f"The {what} {text[:_SHOWN]!r} holds U+0000, which no store keeps. Remove it."
        raise CodecError(message)
    return text


def as_parts(source: KeySource) -> tuple[KeyField, ...]:
    """Return a key's sources, one for each part."""
    return (source,) if isinstance(source, str) or callable(source) else source


def key_reader(
    label: str, message: type, fields: Iterable[str], source: KeySource, *, decorator: str
) -> Callable[[Any], tuple[object, ...]]:
    """Return a function that gives the parts of a message's key.

    Args:
        label: The method, for the words of an error, as `Account.withdraw`.
        message: The message's class.
        fields: The fields that it has.
        source: Fields, or functions of the message.
        decorator: `handles` or `evolves`, for the advice.

    Raises:
        ConfigurationError: The message has no such field.
    """
    known = tuple(fields)
    for part in as_parts(source):
        if isinstance(part, str) and part not in known:
            likely = next(
                (f for f in known if f in {"id", "ref", "key"}), known[0] if known else "…"
            )
            advice = (
                f"Rename the field, or say which holds the key: @{decorator}(key={likely!r})."
            ).replace("'", '"')
            message_text = (
                f"{label}: {message.__name__} has no field '{part}' "
                f"(it has: {', '.join(known) or 'none'}). {advice}"
            )
            raise ConfigurationError(message_text)
    parts = [attrgetter(part) if isinstance(part, str) else part for part in as_parts(source)]
    if len(parts) == 1:
        only = parts[0]
        return lambda given: (only(given),)
    return lambda given: tuple(part(given) for part in parts)


def stream_name(name: str, key: str) -> str:
    """Return the stream of the model `name` with this key."""
    return f"{name}/{key}"


def slice_of(tenant: str, key: str) -> int:
    """Return the slice, 0 to 1023, that a key text falls in.

    The first two bytes, big-endian, of SHA-256 over UTF-8 of tenant, 0x1F, key, modulo 1,024.
    """
    digest = sha256(f"{tenant}\x1f{key}".encode()).digest()
    return int.from_bytes(digest[:2], "big") & (SLICES - 1)

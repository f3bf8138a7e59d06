"""Position tokens: a place in one log as text that may travel. Read by: who gives or takes one.

A token is opaque to those who carry it. `lf1.` is its version; behind it stand the identity of
the log (16 bytes), the position (8 bytes, big-endian) and the event's id (16 bytes) in URL-safe
base64 without padding, so 58 characters. Several logs may need a vector one day: `lf2.`.
"""

import base64
import binascii
import struct
from uuid import UUID

from leftfold.errors import InvalidToken
from leftfold.eventstore.port import Mark

__all__ = ["check_token", "decode_token", "encode_token"]

_VERSION = "lf1."
_LAYOUT = struct.Struct(">16sQ16s")
_NO_RECORD = bytes(16)
_SHOWN = 80  # characters of a wrong token that its error repeats


def encode_token(identity: UUID, mark: Mark | None) -> str:
    """Write a place in the log as text; the empty log has a token too."""
    number, record = (mark.number, mark.record.bytes) if mark else (0, _NO_RECORD)
    packed = _LAYOUT.pack(identity.bytes, number, record)
    return _VERSION + base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def decode_token(text: str) -> tuple[UUID, Mark | None]:
    """Read a token back.

    Returns:
        The identity of the log it belongs to, and the place; `None` before the first record.

    Raises:
        InvalidToken: The text is no token of this version.
    """
    if not text.startswith(_VERSION):
        raise _malformed(text)
    body = text.removeprefix(_VERSION)
    try:
        packed = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        identity, number, record = _LAYOUT.unpack(packed)
    except (binascii.Error, ValueError, struct.error):
        raise _malformed(text) from None
    if (number == 0) != (record == _NO_RECORD):
        raise _malformed(text)
    return UUID(bytes=identity), Mark(number, UUID(bytes=record)) if number else None


def check_token(text: str, identity: UUID) -> Mark | None:
    """Read a token that must be of this store.

    Raises:
        InvalidToken: It is no token, or the place is in another store's log.
    """
    of, mark = decode_token(text)
    if of != identity:
        message = (
            f"The position token {text!r} is of another store: it belongs to {of}, and this one "
            f"is {identity}. Use it with the app that gave it, or read without `after`."
        )
        raise InvalidToken(message)
    return mark


def _malformed(text: str) -> InvalidToken:
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return InvalidToken(
        f"{shown!r} is no position token. Pass on a token as it was given (lf1. and 54 more "
        f"characters), as in after=receipt.token."
    )

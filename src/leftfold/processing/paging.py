"""Page tokens: where a page ended, as text that may travel. Read by: authors of the read side.

A token holds the kept values of the order's columns of the last row, and a digest of view, terms
and order, so that it is not used with another sort or filter. Rows that come and go in between
neither repeat nor skip others.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec

from leftfold.errors import InvalidToken

if TYPE_CHECKING:
    from leftfold.processing.port import Selected

__all__ = ["decode_page_token", "encode_page_token"]

_VERSION = "lp1."


def encode_page_token(selected: Selected, row: Any, fingerprint: bytes) -> str:
    """Return the token of the page that ends with `row`."""
    columns = selected.model.column
    kept = [columns[name].encode(getattr(row, name)) for name, _ in selected.order]
    data = fingerprint + msgspec.json.encode(kept)
    return _VERSION + base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_page_token(text: str, selected: Selected, fingerprint: bytes) -> tuple[Any, ...]:
    """Return the values of the order's columns that the next page begins after.

    Raises:
        InvalidToken: It is no page token, or one of another sort or filter.
    """
    label = selected.model.label
    body = text.removeprefix(_VERSION) if text.startswith(_VERSION) else "?"
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        kept = msgspec.json.decode(data[len(fingerprint) :], type=list[Any])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        message = (
            f"{text[:80]!r} is no page token of {label}. Pass on `next` of the page before, or "
            "None for the first page."
        )
        raise InvalidToken(message) from None
    if data[: len(fingerprint)] != fingerprint or len(kept) != len(selected.order):
        message = (
            f"The page token is of another selection of {label}: it goes on only with the order "
            "and the terms that gave it. Begin with page(…, after=None)."
        )
        raise InvalidToken(message)
    values: list[Any] = []
    for (name, _), value in zip(selected.order, kept, strict=True):
        decode = selected.model.column[name].decode
        values.append(value if value is None or decode is None else decode(value))
    return tuple(values)

"""A stored event as people and programs read it, without its class. Read by: the commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from leftfold.codec.envelope import decode_envelope
from leftfold.errors import CodecError

if TYPE_CHECKING:
    from leftfold.eventstore.port import Record

__all__ = ["as_json", "counted", "data_line", "data_lines", "moment", "printable", "story"]

_LINE = 48
"""Data up to this long stands on one line."""


def as_json(record: Record) -> str:
    """Return a record as one line of JSON; data and metadata as they are stored."""
    line = {
        "position": record.position,
        "id": record.id,
        "recorded": record.recorded,
        "stream": record.stream,
        "version": record.version,
        "type": record.type,
        "revision": record.revision,
        "tags": sorted(record.tags),
        "data": _kept(record.data),
        "metadata": _kept(record.metadata),
    }
    return msgspec.json.encode(line).decode()


def _kept(data: bytes) -> msgspec.Raw | str:
    """Return stored JSON as it is, and what is no JSON as a text."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return data.decode(errors="backslashreplace")
    return msgspec.Raw(data)


def data_line(record: Record) -> str:
    """Return the data on one line."""
    return printable(record.data.decode(errors="backslashreplace"))


def data_lines(record: Record) -> list[str]:
    """Return the data as readable JSON, a short one on one line."""
    try:
        values = json.loads(record.data)
    except ValueError:
        return [data_line(record)]
    short = json.dumps(values, ensure_ascii=False)
    text = short if len(short) <= _LINE else json.dumps(values, ensure_ascii=False, indent=2)
    return [printable(line) for line in text.splitlines()]


def story(record: Record) -> list[tuple[str, str]]:
    """Return who, when and why, as names and values."""
    try:
        envelope = decode_envelope(record.metadata)
    except CodecError as error:
        return [("metadata", f"unreadable: {error}")]
    lines = [("who", printable(envelope.actor) if envelope.actor else "not given")]
    if abs(envelope.time - record.recorded).total_seconds() >= 1:
        lines.append(("decided", moment(envelope.time)))
    if envelope.causation is not None:
        lines.append(("why", f"command {envelope.causation}"))
    if envelope.correlation not in {None, envelope.causation}:
        lines.append(("part of", str(envelope.correlation)))
    if envelope.trace is not None:
        lines.append(("trace", printable(envelope.trace)))
    if record.tags:
        lines.append(("tags", "  ".join(printable(tag) for tag in sorted(record.tags))))
    if record.revision != 1:
        lines.append(("revision", str(record.revision)))
    return lines


def moment(time: datetime) -> str:
    """Return a time in UTC, to the second."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def counted(number: int, what: str) -> str:
    """Return how many there are of something, as `1 event` or `2 events`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def printable(text: str) -> str:
    """Return a text with control characters written out, so that none is obeyed."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")

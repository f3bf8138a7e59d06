"""Between rows of the file and values of the port. Read by: who changes a column."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import msgspec

from leftfold.eventstore.port import Mark, Receipt, Record

__all__ = ["EventRow", "ReceiptRow", "microseconds", "receipt", "records", "tags"]

EventRow: TypeAlias = tuple[int, bytes, str, str, int, str, int, str, int, bytes, bytes]
"""The columns of `events`, as the schema lists them."""

ReceiptRow: TypeAlias = tuple[str, str, bytes, bytes, int, int, bytes | None]
"""The columns of `receipts`, as the schema lists them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NO_TAGS: frozenset[str] = frozenset()
_read_tags = msgspec.json.Decoder(frozenset[str]).decode
_write_tags = msgspec.json.Encoder().encode


def microseconds(time: datetime) -> int:
    """Return a time as the whole microseconds since 1970."""
    return (time - _EPOCH) // _MICROSECOND


def tags(values: frozenset[str]) -> str:
    """Return tags as they stand in the log, the same for equal ones."""
    return _write_tags(sorted(values)).decode() if values else ""


def records(rows: Sequence[EventRow]) -> list[Record]:
    """Build a page of records."""
    # In one call, since building a UUID in Python costs ten times as much.
    ids = msgspec.convert([row[1] for row in rows], list[UUID])
    found: list[Record] = []
    last, time = -1, _EPOCH
    for row, record_id in zip(rows, ids, strict=True):
        position, _, tenant, stream, version, kind, revision, tagged, recorded, data, metadata = row
        if recorded != last:  # the records of one group share their time
            last, time = recorded, _EPOCH + recorded * _MICROSECOND
        found.append(
            Record(
                id=record_id,
                stream=stream,
                type=kind,
                revision=revision,
                tags=_read_tags(tagged) if tagged else _NO_TAGS,
                data=data,
                metadata=metadata,
                tenant=tenant,
                position=position,
                version=version,
                recorded=time,
            )
        )
    return found


def receipt(row: ReceiptRow) -> Receipt:
    """Build a receipt."""
    _, command, fingerprint, outcome, first, last, last_id = row
    return Receipt(
        command=command,
        fingerprint=fingerprint,
        outcome=outcome,
        first=first,
        last=Mark(last, UUID(bytes=last_id)) if last_id else None,
    )

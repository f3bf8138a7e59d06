"""What readers ask of the file, in one snapshot each. Read by: who follows a query to its plan."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from leftfold.adapters.sqlite.connection import Connection, Cursor, integers, values
from leftfold.adapters.sqlite.rows import EventRow, receipt, records
from leftfold.eventstore.conflicts import store_changed
from leftfold.eventstore.port import Criteria, Criterion, Mark, Page, Receipt, Record

__all__ = [
    "check_mark",
    "first_match",
    "mark_at",
    "read_all",
    "read_head",
    "read_range",
    "read_receipt",
    "read_stream",
    "read_types",
]

# How much of the log one page looks through, so that no read takes long.
_WINDOW = 10_000

# The newest record: the end of the primary key.
_HEAD = "SELECT position, id FROM events ORDER BY position DESC LIMIT 1"

# Who stands at a position.
_AT = "SELECT position, id FROM events WHERE position = ?"

# Who stands at a version of a stream.
_VERSION = "SELECT version, id FROM events WHERE tenant = ? AND stream = ? AND version = ?"

# The next records of a stream, through its unique index.
_STREAM = """SELECT * FROM events
WHERE tenant = ? AND stream = ? AND version > ? ORDER BY version LIMIT ?"""

# A part of the log, in its order. NOT INDEXED leaves the primary key only.
_SCAN = """SELECT * FROM events NOT INDEXED
WHERE position > :after AND position <= :upto
  AND (:tenant IS NULL OR tenant = :tenant)
  AND (:any_type OR type IN (SELECT value FROM carray(:types)))
ORDER BY position LIMIT :limit"""

# Positions of the records that carry all of some tags and are of one of some types.
_TAGGED = """SELECT found.position FROM tags AS found
WHERE found.tenant = :tenant AND found.tag = :tag AND found.position > :after
  AND (:any_type OR found.type IN (SELECT value FROM carray(:types)))
  AND NOT EXISTS (
    SELECT 1 FROM carray(:tags) AS wanted WHERE NOT EXISTS (
      SELECT 1 FROM tags AS other WHERE other.tenant = found.tenant
        AND other.tag = wanted.value AND other.position = found.position))
ORDER BY found.position LIMIT :limit"""

# The first record of some types after a position, for conditions without tags.
_TYPED = """SELECT position FROM events NOT INDEXED
WHERE position > :after AND tenant = :tenant
  AND (:any_type OR type IN (SELECT value FROM carray(:types)))
ORDER BY position LIMIT :limit"""

# Records by their positions.
_PICKED = """SELECT * FROM events
WHERE position IN (SELECT value FROM carray(?)) ORDER BY position"""

# One commit's records.
_RANGE = "SELECT * FROM events WHERE position BETWEEN ? AND ? ORDER BY position"

# The first answer to a command.
_RECEIPT = "SELECT * FROM receipts WHERE tenant = ? AND command = ?"

# What the log holds, for checks: looks through all of it.
_TYPES = "SELECT type, revision, count(*) FROM events GROUP BY type, revision"


def read_stream(
    connection: Connection, tenant: str, stream: str, after: Mark | None, limit: int
) -> Sequence[Record]:
    """Return the next records of a stream."""
    number = after.number if after else 0
    with connection:
        if after:
            found = _mark(connection.execute(_VERSION, (tenant, stream, number)))
            if found != after:
                raise store_changed(f"stream {stream!r}", after, found)
        return records(_rows(connection, _STREAM, (tenant, stream, number, limit)))


def read_all(
    connection: Connection,
    criteria: Criteria,
    after: Mark | None,
    limit: int,
    tenant: str | None,
) -> Page:
    """Return the next page of the log."""
    number = after.number if after else 0
    with connection:
        check_mark(connection, after)
        head = read_head(connection)
        if head is None or head.number <= number:
            return Page([], after)
        if tenant is not None and criteria and all(criterion.tags for criterion in criteria):
            return _tagged_page(connection, criteria, head, (tenant, number, limit))
        return _scanned_page(connection, criteria, head, (tenant, number, limit))


def _tagged_page(
    connection: Connection, criteria: Criteria, head: Mark, where: tuple[str, int, int]
) -> Page:
    """Find the page through the tags; whatever the log's size, it is looked through at once."""
    tenant, after, limit = where
    positions: set[int] = set()
    for criterion in criteria:
        positions.update(_positions(connection, criterion, tenant, after, limit))
    wanted = sorted(positions)[:limit]
    found = records(_rows(connection, _PICKED, (integers(wanted),))) if wanted else []
    return Page(found, found[-1].in_log if len(found) == limit else head)


def _scanned_page(
    connection: Connection, criteria: Criteria, head: Mark, where: tuple[str | None, int, int]
) -> Page:
    """Find the page by looking through a part of the log."""
    tenant, after, limit = where
    until = min(head.number, after + _WINDOW)
    any_type = not criteria or any(not criterion.types for criterion in criteria)
    types = {name for criterion in criteria for name in criterion.types}
    bindings = {
        "after": after,
        "upto": until,
        "tenant": tenant,
        "limit": limit,
        **_types(None if any_type else types),
    }
    found = records(_rows(connection, _SCAN, bindings))
    upto = found[-1].in_log if len(found) == limit else mark_at(connection, until)
    if any(criterion.tags for criterion in criteria):
        found = [record for record in found if any(c.meets(record) for c in criteria)]
    return Page(found, upto)


def first_match(connection: Connection, criteria: Criteria, tenant: str, after: int) -> int | None:
    """Return the first position after a number where a record meets the criteria."""
    found: list[int] = []
    for criterion in criteria or (Criterion(),):
        found += _positions(connection, criterion, tenant, after, 1)
    return min(found, default=None)


def _positions(
    connection: Connection, criterion: Criterion, tenant: str, after: int, limit: int
) -> list[int]:
    bindings: dict[str, Any] = {
        "tenant": tenant,
        "after": after,
        "limit": limit,
        **_types(criterion.types),
    }
    if not criterion.tags:
        return [position for (position,) in connection.execute(_TYPED, bindings)]
    tags = tuple(sorted(criterion.tags))
    bindings |= {"tag": tags[0], "tags": values(tags)}
    return [position for (position,) in connection.execute(_TAGGED, bindings)]


def read_range(connection: Connection, first: int, last: Mark) -> Sequence[Record]:
    """Return the records between two places, both included."""
    with connection:
        check_mark(connection, last)
        return records(_rows(connection, _RANGE, (first, last.number)))


def read_head(connection: Connection) -> Mark | None:
    """Return the newest record's place."""
    return _mark(connection.execute(_HEAD))


def mark_at(connection: Connection, position: int) -> Mark | None:
    """Return who stands at a position."""
    return _mark(connection.execute(_AT, (position,)))


def check_mark(connection: Connection, wanted: Mark | None) -> None:
    """Refuse a place that is not in this copy of the log."""
    if wanted and (found := mark_at(connection, wanted.number)) != wanted:
        raise store_changed("the log", wanted, found)


def read_receipt(connection: Connection, tenant: str, command: str) -> Receipt | None:
    """Return a command's receipt."""
    row = connection.execute(_RECEIPT, (tenant, command)).fetchone()
    return receipt(row) if row else None


def read_types(connection: Connection) -> Mapping[tuple[str, int], int]:
    """Return how many records there are of each type and revision."""
    rows = connection.execute(_TYPES)
    return {(name, revision): count for name, revision, count in rows}


def _rows(connection: Connection, sql: str, bindings: Any) -> list[EventRow]:
    return connection.execute(sql, bindings).fetchall()


def _mark(cursor: Cursor) -> Mark | None:
    row = cursor.fetchone()
    return Mark(row[0], UUID(bytes=row[1])) if row else None


def _types(names: "frozenset[str] | set[str] | None") -> dict[str, Any]:
    # An array has at least one member, also where none is looked at.
    return {"any_type": not names, "types": values(names or ("",))}

"""What one raw transaction does: a group of commits into our tables, or into the reference's.

Read by: raw.py. It does what the promises need (heads compared, positions without gaps, ids and
receipts kept unique, one flush) with no port, no codec and no check of what comes in.
"""

from __future__ import annotations

import json
import time
from itertools import starmap
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import apsw
from logs import DATA, METADATA, TAGS, connect, fresh_ids, make_log, orders

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Commit", "OurTables", "ReferenceTables", "Tables"]

Commit: TypeAlias = "tuple[str, int, int, bool, asyncio.Future[int]]"
"""A stream, the version expected, how many events, whether with tags and a receipt, the answer."""


class Tables(Protocol):
    """Where the raw writer writes."""

    def prepare(self, path: Path) -> Any:
        """Return a connection to a file with the tables."""
        ...

    def store(self, connection: Any, group: Sequence[Commit]) -> list[int | None]:
        """Store a group in the transaction that is open; None where a head had moved."""
        ...


class OurTables:
    """The columns, indexes, tags and receipts of Leftfold's own store."""

    _head = "SELECT position, id, recorded FROM events ORDER BY position DESC LIMIT 1"
    _heads = """SELECT wanted.value, head.version FROM carray(?1) AS wanted
    CROSS JOIN events AS head ON head.position = (
      SELECT position FROM events WHERE tenant = '' AND stream = wanted.value
      ORDER BY version DESC LIMIT 1)"""
    _event = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    _tag = "INSERT INTO tags VALUES (?, ?, ?, ?)"
    _receipt = "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?)"

    def __init__(self) -> None:
        self._ids = fresh_ids()

    def prepare(self, path: Path) -> Any:
        """Make a store of it."""
        make_log(path, orders(2_000, 10))  # as many rows as the reference begins with
        return connect(path)

    def store(self, connection: Any, group: Sequence[Commit]) -> list[int | None]:
        """Read the heads, then insert events, tags and receipts."""
        row = connection.execute(self._head).fetchone()
        position, now = (row[0] if row else 0), time.time_ns() // 1_000
        streams = tuple(commit[0] for commit in group)
        heads: dict[str, int] = dict.fromkeys(streams, 0)
        of_apsw: Any = apsw
        heads.update(connection.execute(self._heads, (of_apsw.carray(streams),)).fetchall())
        events: list[tuple[Any, ...]] = []
        tags: list[tuple[Any, ...]] = []
        receipts: list[tuple[Any, ...]] = []
        answers: list[int | None] = []
        for stream, version, count, full, _ in group:
            if heads[stream] != version:
                answers.append(None)
                continue
            first = position + 1
            answers.append(first)
            own_tags = json.dumps(TAGS) if full else ""
            record = b""
            for number in range(version + 1, version + count + 1):
                position += 1
                record = next(self._ids)
                place = (position, record, "", stream, number, "OrderPlaced", 1)
                events.append((*place, own_tags, now, DATA, METADATA))
                if full:
                    tags += [("", tag, position, "OrderPlaced") for tag in TAGS]
            heads[stream] = version + count
            if full:
                command = f"{stream}-{version}"
                receipts.append(("", command, b"12345678", b"null", first, position, record))
        connection.executemany(self._event, events)
        if tags:
            connection.executemany(self._tag, tags)
            connection.executemany(self._receipt, receipts)
        return answers


class ReferenceTables:
    """The table of ../shared/bench, to see that this program is as fast as that one."""

    _schema = """CREATE TABLE IF NOT EXISTS events (
      position INTEGER PRIMARY KEY, stream TEXT NOT NULL, version INTEGER NOT NULL,
      type TEXT NOT NULL, data BLOB NOT NULL, metadata BLOB NOT NULL, tags TEXT NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS events_stream ON events (stream, version)"""
    _heads = """SELECT j.value, coalesce((
      SELECT max(version) FROM events WHERE stream = j.value), 0)
    FROM json_each(?) j"""
    _insert = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"
    _metadata = b'{"correlation_id":"0191f3c2-7c1e-7d6f-8a55-0123456789ab"}'
    _event = ("OrderPlaced", DATA, _metadata, "order:1234567\x1fcustomer:4242")

    def prepare(self, path: Path) -> Any:
        """Make the reference's table, with its first rows."""
        connection = connect(path)
        connection.execute(self._schema)
        (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
        if not count:
            places = ((i, f"prefill-{i // 10}", i % 10 + 1) for i in range(1, 20_001))
            connection.execute("BEGIN")
            connection.executemany(self._insert, starmap(self._row, places))
            connection.execute("COMMIT")
        return connection

    def store(self, connection: Any, group: Sequence[Commit]) -> list[int | None]:
        """Do what the reference does in a transaction."""
        sql = "SELECT coalesce(max(position), 0) FROM events"
        (position,) = connection.execute(sql).fetchone()
        names = json.dumps([commit[0] for commit in group])
        heads = dict(connection.execute(self._heads, (names,)).fetchall())
        rows: list[tuple[Any, ...]] = []
        answers: list[int | None] = []
        for stream, version, count, _, _ in group:
            if heads[stream] != version:
                answers.append(None)
                continue
            answers.append(position + 1)
            for number in range(version + 1, version + count + 1):
                position += 1
                rows.append(self._row(position, stream, number))
            heads[stream] = version + count
        connection.executemany(self._insert, rows)
        return answers

    def _row(self, position: int, stream: str, version: int) -> tuple[Any, ...]:
        return (position, stream, version, *self._event)

"""Logs to measure on, written straight into the tables of a store. Read by: both own sides."""

from __future__ import annotations

import itertools
import random
import time
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import apsw

from leftfold.adapters.sqlite.schema import prepare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = [
    "DATA",
    "METADATA",
    "TAGS",
    "Fact",
    "connect",
    "deposits",
    "fresh_ids",
    "make_log",
    "orders",
]

Fact: TypeAlias = tuple[str, int, str, bytes]
"""A stream, a version, a type and the event as JSON."""

# What an order's event weighs in ../shared/bench, so that figures can be laid side by side.
DATA = (
    b'{"order_id":"o-1234567","customer":"c-4242","sku":"ABC-000-XYZ","quantity":3,'
    b'"price_cents":1999,"currency":"EUR"}'
)
# What Leftfold stores beside an event: when, and what it belongs to.
METADATA = (
    b'{"time":"2026-11-23T18:57:45.123456Z","correlation":"0191f3c2-7c1e-7d6f-8a55-0123456789ab",'
    b'"causation":"0191f3c2-7c1e-7d6f-8a55-0123456789ab"}'
)
TAGS = ("customer:4242", "order:1234567")
_BATCH = 10_000


def connect(path: Path) -> Any:
    """Open a file as a store opens it: durable, with the same cache and plans."""
    connection: Any = apsw.Connection(str(path))
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384"):
        connection.execute(f"PRAGMA {pragma}")
    connection.set_busy_timeout(5_000)
    return connection


def fresh_ids() -> Iterator[bytes]:
    """Return ids that rise, as those of version 7 do, and differ from run to run."""
    start = (time.time_ns() // 1_000_000 << 80) | (7 << 76) | (2 << 62)
    return (number.to_bytes(16) for number in itertools.count(start))


def orders(streams: int, events: int) -> Iterator[Fact]:
    """Return the facts of some orders, each with as many events, one order after the other."""
    for number in range(streams):
        for version in range(1, events + 1):
            kind = "OrderPlaced" if version == 1 else "ItemAdded"
            yield f"Order/{number}", version, kind, DATA


def deposits(count: int, accounts: int) -> Iterator[Fact]:
    """Return deposits on random accounts, the same in every run."""
    choose = random.Random(7).randrange  # noqa: S311  no secret
    versions: dict[int, int] = {}
    for _ in range(count):
        account = choose(accounts)
        version = versions[account] = versions.get(account, 0) + 1
        data = b'{"account":"a-%05d","amount":5}' % account
        yield f"Account/a-{account:05d}", version, "Deposited", data


def make_log(path: Path, facts: Iterable[Fact]) -> int:
    """Make a store's file with these facts, if it is not there, and return their number."""
    connection = connect(path)
    prepare(connection, str(path), uuid4())
    (count,) = connection.execute("SELECT count(*) FROM events").fetchone()
    if not count:
        ids = fresh_ids()
        recorded = time.time_ns() // 1_000
        numbered = enumerate(facts, 1)
        while batch := list(itertools.islice(numbered, _BATCH)):
            rows = [
                (position, next(ids), "", stream, version, kind, 1, "", recorded, data, METADATA)
                for position, (stream, version, kind, data) in batch
            ]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(f"INSERT INTO events VALUES ({'?,' * 10}?)", rows)  # noqa: S608
            connection.execute("COMMIT")
            count += len(rows)
    connection.close()
    return int(count)

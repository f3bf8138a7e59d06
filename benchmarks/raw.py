"""The raw limit: what the engine gives with group commit and nothing else. Read by: who compares.

One writer thread, as ../shared/bench has it: whatever queued while the last transaction ran
becomes one transaction with one flush. Run by `python benchmarks`.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import apsw
import msgspec
from callers import Sample, import_s, in_tasks, in_turn, sample
from logs import connect, deposits, make_log, orders
from raw_tables import Commit, OurTables, ReferenceTables, Tables
from serving import serve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MOST = 512


class OrderPlaced(msgspec.Struct):
    """What is decoded."""

    order_id: str
    customer: str
    sku: str
    quantity: int
    price_cents: int
    currency: str


class Deposited(msgspec.Struct):
    """What is folded."""

    account: str
    amount: int


class Writer(threading.Thread):
    """The one writer: a group is everything that queued while the last transaction ran."""

    def __init__(self, path: Path, tables: Tables) -> None:
        super().__init__(daemon=True)
        self._path, self._tables = path, tables
        self._loop = asyncio.get_running_loop()
        self.inbox: queue.SimpleQueue[Commit | None] = queue.SimpleQueue()

    def append(self, stream: str, version: int, count: int, *, full: bool) -> asyncio.Future[int]:
        """Queue a commit."""
        answer: asyncio.Future[int] = self._loop.create_future()
        self.inbox.put((stream, version, count, full, answer))
        return answer

    def run(self) -> None:
        """Store group after group."""
        connection = self._tables.prepare(self._path)
        get, empty = self.inbox.get, self.inbox.empty
        while (commit := get()) is not None:
            group = [commit]
            while len(group) < _MOST and not empty():
                if (commit := get()) is None:
                    return
                group.append(commit)
            connection.execute("BEGIN IMMEDIATE")
            answers = self._tables.store(connection, group)
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(self._answer, group, answers)
        connection.close()

    @staticmethod
    def _answer(group: list[Commit], answers: list[int | None]) -> None:
        for (stream, *_, future), first in zip(group, answers, strict=True):
            if first is None:
                future.set_exception(RuntimeError(f"conflict on {stream}"))
            else:
                future.set_result(first)


def append(
    folder: Path,
    *,
    callers: int,
    events: int,
    seconds: float,
    full: bool = False,
    schema: str = "ours",
) -> Sample:
    """Append commits: ten to a stream, then a new stream."""
    tables: Tables = OurTables() if schema == "ours" else ReferenceTables()
    run = time.time_ns()

    async def main() -> Sample:
        writer = Writer(folder / f"{schema}.db", tables)
        writer.start()

        def work(caller: int, nth: int) -> asyncio.Future[int]:
            stream, earlier = divmod(nth, 10)
            name = f"Order/{run}-{caller}-{stream}"
            return writer.append(name, earlier * events, events, full=full)

        await work(-1, 0)
        found = await in_tasks(callers, seconds, work)
        try:  # the check is real: a wrong version is refused
            await writer.append(f"Order/{run}-0-0", 99, 1, full=False)
        except RuntimeError:
            writer.inbox.put(None)
            await asyncio.to_thread(writer.join)
            return found
        message = "A wrong version was stored: the raw program checks nothing."
        raise RuntimeError(message)

    return asyncio.run(main())


def read(folder: Path, *, page: int, seconds: float, count: int) -> Sample:
    """Read the log page by page and decode every event."""
    path = folder / f"read-{count}.db"
    make_log(path, orders(count // 10, 10))
    connection = connect(path)
    decode = msgspec.json.Decoder(OrderPlaced).decode
    sql = "SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?"
    after = 0

    def one() -> int:
        nonlocal after
        rows = connection.execute(sql, (after, page)).fetchall()
        [(row[0], row[3], row[5], decode(row[9])) for row in rows]
        after = rows[-1][0] if len(rows) == page else 0
        return len(rows)

    found = in_turn(seconds, one)
    connection.close()
    return found


_ROWS = """CREATE TABLE rows (account TEXT PRIMARY KEY, total INTEGER NOT NULL,
  deposits INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE position (only INTEGER PRIMARY KEY, number INTEGER NOT NULL, id BLOB NOT NULL);
INSERT INTO position VALUES (1, 0, x'')"""
_LOAD = """SELECT rows.* FROM carray(?) AS wanted
CROSS JOIN rows ON rows.account = wanted.value"""
_SAVE = """INSERT INTO rows VALUES (?, ?, ?) ON CONFLICT (account)
DO UPDATE SET total = excluded.total, deposits = excluded.deposits"""
_PAGE = "SELECT * FROM events WHERE position > ? AND type = ? ORDER BY position LIMIT 5000"


def fold(folder: Path, *, count: int, accounts: int) -> Sample:
    """Fold a log into rows of a second file, each page with its position in one transaction."""
    make_log(folder / f"deposits-{count}.db", deposits(count, accounts))
    log = connect(folder / f"deposits-{count}.db")
    views = connect(folder / f"views-{time.time_ns()}.db")
    views.execute(_ROWS)
    decode = msgspec.json.Decoder(Deposited).decode
    of_apsw: Any = apsw
    waits: list[float] = []
    after, done = 0, False
    began = time.perf_counter()
    while not done:
        before = time.perf_counter()
        page = log.execute(_PAGE, (after, "Deposited")).fetchall()
        events = [decode(row[9]) for row in page]
        views.execute("BEGIN IMMEDIATE")
        wanted = tuple({event.account for event in events})
        found = views.execute(_LOAD, (of_apsw.carray(wanted),)) if wanted else ()
        rows = {account: [account, total, times] for account, total, times in found}
        for event in events:
            row = rows.get(event.account) or rows.setdefault(event.account, [event.account, 0, 0])
            row[1] += event.amount
            row[2] += 1
        views.executemany(_SAVE, rows.values())
        if page:
            after = page[-1][0]
            sql = "UPDATE position SET number = ?, id = ? WHERE only = 1"
            views.execute(sql, (after, page[-1][1]))
        views.execute("COMMIT")
        done = after >= count
        waits.append(time.perf_counter() - before)
    took = time.perf_counter() - began
    (total,) = views.execute("SELECT sum(deposits) FROM rows").fetchone()
    assert total == count, (total, count)  # noqa: S101  a faster program that is wrong is no limit
    views.close()
    log.close()
    return sample(waits, took, count=count)


def fill(_folder: Path, *, path: str, count: int, accounts: int) -> Mapping[str, float]:
    """Make a log of deposits for another side to read."""
    from pathlib import Path

    return {"n": make_log(Path(path), deposits(count, accounts))}


def start(_folder: Path) -> Sample:
    """Import what is underneath."""
    return import_s("apsw, msgspec")


if __name__ == "__main__":
    serve({"append": append, "read": read, "fold": fold, "fill": fill, "start": start})

"""A bank whose read models are killed, stopped and raced. Read by: the tests beside this folder.

bank.py DATABASE fold            follow until killed
bank.py DATABASE settle          follow to the end, and say what the rows and the status are
bank.py DATABASE kill N SEED     N times: follow and append in a child, kill it at some moment
bank.py DATABASE die HOW N       follow, and be killed in the middle of event N
"""

import asyncio
import json
import os
import random
import signal
import sys
import time
from typing import Any
from uuid import UUID, uuid4

from msgspec import Struct
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert, select, update

from leftfold import App, Event, Metadata, Projection, View, evolves, handles
from leftfold.adapters.sqlalchemy.writing import Writer
from leftfold.adapters.sqlite import open_eventstore
from leftfold.clock import SystemClock
from leftfold.eventstore import Commit, NewRecord

TABLES = MetaData()
JOURNAL = Table(
    "journal",
    TABLES,
    Column("account", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last", Integer, nullable=False),
)


class Line(Struct, frozen=True):
    product: str
    quantity: int


class Deposited(Event):
    account: str
    amount: int


class Closed(Event):
    account: str


class Placed(Event):
    order: int
    lines: tuple[Line, ...]


class Statement(View, key="account"):
    account: str
    total: int = 0
    deposits: int = 0

    @evolves
    def deposited(self, event: Deposited, metadata: Metadata) -> None:
        self.total += event.amount
        self.deposits += 1
        maybe_die("fold", metadata.position)

    @evolves
    def closed(self, event: Closed) -> None:
        self.delete()


class Sold(View, key="product"):
    product: str
    sold: int = 0

    @evolves(each="lines")
    def placed(self, event: Placed, line: Line) -> None:
        self.sold += line.quantity


class Journal(Projection, tables=(JOURNAL,)):
    @handles
    def deposited(self, event: Deposited, metadata: Metadata, connection: Connection) -> None:
        own = JOURNAL.c.account == event.account
        more = {"count": JOURNAL.c.count + 1, "last": metadata.position}
        if connection.execute(update(JOURNAL).where(own).values(**more)).rowcount == 0:
            row = {"account": event.account, "count": 1, "last": metadata.position}
            connection.execute(insert(JOURNAL).values(**row))
        maybe_die("projection", metadata.position)


DEADLY: set[tuple[str, int | None]] = set()


def maybe_die(where: str, number: int | None) -> None:
    if (where, number) in DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)


def chance(seed: object) -> random.Random:
    """Return chance that comes out the same each time."""
    return random.Random(str(seed))  # noqa: S311  not for secrets


def bank(database: str) -> App:
    return App("bank", Statement, Sold, Journal, database=f"sqlite:///{database}")


def some_events(draw: random.Random, count: int) -> list[NewRecord]:
    """Return records as they are stored: bytes, written without Leftfold's codec."""
    found: list[NewRecord] = []
    for _ in range(count):
        kind = draw.choice(["Deposited", "Deposited", "Deposited", "Closed", "Placed", "Noise"])
        data: dict[str, Any] = {
            "Deposited": {"account": f"a{draw.randrange(30)}", "amount": draw.randrange(9)},
            "Closed": {"account": f"a{draw.randrange(30)}"},
            "Placed": {
                "order": draw.randrange(10**6),
                "lines": [
                    {"product": f"p{draw.randrange(9)}", "quantity": draw.randrange(1, 5)}
                    for _ in range(draw.randrange(4))
                ],
            },
            "Noise": {},
        }[kind]
        found.append(
            NewRecord(
                id=UUID(int=draw.getrandbits(128), version=4),
                stream="bank/1",
                type=kind,
                revision=1,
                tags=frozenset(),
                data=json.dumps(data).encode(),
                metadata=b'{"time":"2030-01-01T00:00:00Z"}',
            )
        )
    return found


async def append(database: str, records: list[NewRecord]) -> None:
    store = await open_eventstore(f"sqlite:///{database}", clock=SystemClock())
    try:
        await store.append([Commit(records=tuple(records))])
    finally:
        await store.close()


async def follow(database: str) -> None:
    async with bank(database):
        sys.stdout.write("running\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


async def follow_and_append(database: str) -> None:
    draw = chance(uuid4())
    store = await open_eventstore(f"sqlite:///{database}", clock=SystemClock())
    async with bank(database):
        while True:
            await store.append([Commit(records=tuple(some_events(draw, 40)))])
            await asyncio.sleep(0)


async def settle(database: str) -> dict[str, Any]:
    async with bank(database) as app:
        models = app._running().read_models  # noqa: SLF001  what it waits for is inside
        await models.settled()
        statements = await app.rows(Statement).find()
        sold = await app.rows(Sold).find()
        reader = app.rows(Sold)._reader  # noqa: SLF001  as above
        journal = await reader.read(
            lambda s: [list(row) for row in s.connection.execute(select(JOURNAL))]
        )
        return {
            "statements": {r.account: [r.total, r.deposits] for r in statements},
            "sold": {r.product: r.sold for r in sold},
            "journal": {row[0]: row[1:] for row in journal},
            "status": [[s.processor, s.position, s.lag, s.state] for s in await models.status()],
        }


def kill(database: str, rounds: int, seed: str) -> None:
    """Fork before anything is opened; what the child has opened dies with it."""
    draw = chance(seed)
    for _ in range(rounds):
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(follow_and_append(database))
            finally:
                os._exit(1)
        time.sleep(draw.uniform(0.02, 0.35))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the child ended by itself"


async def die(database: str, how: str, number: int) -> None:
    DEADLY.add((how, number))
    drain, drained = Writer._drain, 0  # noqa: SLF001  it is to die inside

    def drain_and_die(self: Writer, opened: Any) -> None:
        nonlocal drained
        drain(self, opened)
        drained += 1
        if how == "answer" and drained == number:
            os.kill(os.getpid(), signal.SIGKILL)

    Writer._drain = drain_and_die  # type: ignore[method-assign]  # noqa: SLF001  as above
    await follow(database)


if __name__ == "__main__":
    path, mode, *rest = sys.argv[1:]
    if mode == "fold":
        asyncio.run(follow(path))
    elif mode == "settle":
        sys.stdout.write(json.dumps(asyncio.run(settle(path))))
    elif mode == "kill":
        kill(path, int(rest[0]), rest[1])
    elif mode == "die":
        asyncio.run(die(path, rest[0], int(rest[1])))

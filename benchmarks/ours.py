"""Leftfold measured: the event store through its port, all else through the App.

Read by: who doubts a figure. Run by `python benchmarks`.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from callers import Sample, import_s, in_tasks, sample
from logs import DATA, METADATA, TAGS, deposits, fresh_ids, make_log, orders
from models import (
    Account,
    AddItem,
    Deposit,
    ItemAdded,
    Order,
    OrderPlaced,
    PlaceOrder,
    Statement,
)
from serving import serve

from leftfold import App
from leftfold.adapters.sqlite import open_eventstore
from leftfold.clock import SystemClock
from leftfold.codec import Codec
from leftfold.eventstore import (
    Appended,
    Commit,
    Expectation,
    GroupCommit,
    Mark,
    NewRecord,
    Receipt,
    encode_token,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

_NO_TAGS: frozenset[str] = frozenset()
_PRIOR = 10


def append(
    folder: Path, *, callers: int, events: int, seconds: float, full: bool = False
) -> Sample:
    """Append commits: ten to a stream, then a new stream."""
    run = time.time_ns()
    ids = (UUID(bytes=raw) for raw in fresh_ids())
    tags = frozenset(TAGS) if full else _NO_TAGS
    make_log(folder / "append.db", orders(2_000, 10))

    async def main() -> Sample:
        clock = SystemClock()
        store = await open_eventstore(f"sqlite:///{folder / 'append.db'}", clock=clock)
        heads: dict[int, Mark] = {}

        async def work(caller: int, nth: int) -> None:
            number, earlier = divmod(nth, 10)
            stream = f"Order/{run}-{caller}-{number}"
            records = tuple(_record(stream, next(ids), tags) for _ in range(events))
            head = heads[caller] if earlier else None
            receipt = None
            if full:
                command = f"{stream}-{earlier}"
                receipt = Receipt(command=command, fingerprint=b"12345678", outcome=b"null")
            expects = (Expectation(stream=stream, head=head),)
            result = await group.append(Commit(records=records, expects=expects, receipt=receipt))
            if type(result) is not Appended:
                raise RuntimeError(result)
            heads[caller] = Mark((earlier + 1) * events, records[-1].id)

        async with GroupCommit(store, clock) as group:
            found = await in_tasks(callers, seconds, work)
        await store.close()
        return found

    return asyncio.run(main())


def _record(stream: str, record: UUID, tags: frozenset[str]) -> NewRecord:
    return NewRecord(
        id=record,
        stream=stream,
        type="OrderPlaced",
        revision=1,
        tags=tags,
        data=DATA,
        metadata=METADATA,
    )


def read(folder: Path, *, page: int, seconds: float, count: int) -> Sample:
    """Read the log page by page and decode every event."""
    path = folder / f"read-{count}.db"
    make_log(path, orders(count // 10, 10))

    async def main() -> Sample:
        store = await open_eventstore(f"sqlite:///{path}", clock=SystemClock())
        decode = Codec([OrderPlaced, ItemAdded]).decode
        waits: list[float] = []
        after, events = None, 0
        began = before = time.perf_counter()
        while before < began + seconds:
            found = await store.read_all((), after=after, limit=page)
            records = found.records
            [(r.position, r.stream, r.type, decode(r.type, r.revision, r.data)) for r in records]
            events += len(records)
            after = found.upto if len(records) == page else None
            now = time.perf_counter()
            waits.append(now - before)
            before = now
        await store.close()
        return sample(waits, before - began, count=events)

    return asyncio.run(main())


def command(folder: Path, *, callers: int, seconds: float) -> Sample:
    """Send commands through the App, each caller to an order of its own that stays cached."""
    run = time.time_ns()
    make_log(folder / "command.db", orders(2_000, 10))

    async def main() -> Sample:
        url = f"sqlite:///{folder / 'command.db'}"
        async with App("bench", Order, database=url) as app:
            for caller in range(callers):
                await app.send(_place(f"{run}-{caller}"))
                for nth in range(_PRIOR - 1):
                    await app.send(_add(f"{run}-{caller}", nth))

            def work(caller: int, nth: int) -> Awaitable[int]:
                return app.send(_add(f"{run}-{caller}", nth))

            return await in_tasks(callers, seconds, work)

    return asyncio.run(main())


def _place(order: str) -> PlaceOrder:
    return PlaceOrder(
        order_id=order, customer="c-4242", sku="ABC-000-XYZ", quantity=3, price_cents=1999
    )


def _add(order: str, nth: int) -> AddItem:
    return AddItem(order_id=order, sku=f"sku-{nth % 5}", quantity=2, price_cents=250)


_unloaded = itertools.count()


def load(folder: Path, *, callers: int, seconds: float, streams: int) -> Sample:
    """Send each command to another order, whose ten events are read first."""
    make_log(folder / f"load-{streams}.db", orders(streams, _PRIOR))

    async def main() -> Sample:
        url = f"sqlite:///{folder / f'load-{streams}.db'}"
        async with App("bench", Order, database=url) as app:

            def work(_caller: int, nth: int) -> Awaitable[int]:
                return app.send(_add(str(next(_unloaded) % streams), nth))

            return await in_tasks(callers, seconds, work)

    return asyncio.run(main())


def fold(folder: Path, *, count: int, accounts: int) -> Sample:
    """Start an App with a View that is new, on a log that is there, until it is current."""
    path = folder / f"deposits-{count}.db"
    make_log(path, deposits(count, accounts))

    async def main() -> Sample:
        token = await _token(path)
        views = folder / f"views-{time.time_ns()}.db"
        began = time.perf_counter()
        async with _bank(path, str(views)) as app:
            await app.rows(Statement).get("a-00000", after=token, timeout_s=600)
            took = time.perf_counter() - began
            rows = await app.rows(Statement).find()
        if sum(row.deposits for row in rows) != count:
            message = "The view does not hold every event once."
            raise RuntimeError(message)
        return sample([took], took, count=count)

    return asyncio.run(main())


def _bank(path: Path, views: str) -> App:
    return App(
        "bench", Account, Statement, database=f"sqlite:///{path}", views=f"sqlite:///{views}"
    )


async def _token(path: Path) -> str:
    """Return the position token of a log's end."""
    store = await open_eventstore(f"sqlite:///{path}", clock=SystemClock())
    token = encode_token(await store.identity(), await store.head())
    await store.close()
    return token


def visible(folder: Path, *, rate_per_s: int, seconds: float, every: int) -> Sample:
    """Send at a pace; of every nth command wait until its row shows it, from its answer on."""
    run = time.time_ns()

    async def main() -> Sample:
        waits: list[float] = []
        sends: list[float] = []
        late: list[float] = []
        async with _bank(folder / "visible.db", str(folder / "visible.views.db")) as app:
            rows = app.rows(Statement)

            async def one(nth: int) -> None:
                account = f"{run}-{nth % 1000}"
                before = time.perf_counter()
                receipt = await app.dispatch(Deposit(account=account, amount=5))
                acknowledged = time.perf_counter()
                sends.append(acknowledged - before)
                if nth % every == 0:
                    row = await rows.get_one(account, after=receipt.token, timeout_s=60)
                    waits.append(time.perf_counter() - acknowledged)
                    assert row.total >= receipt.result  # noqa: S101  the promise of the token

            for nth in range(1_000):  # every account is there, as in a day that has begun
                await app.dispatch(Deposit(account=f"{run}-{nth}", amount=5))
            began = time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                for nth in range(int(rate_per_s * seconds)):
                    due = began + nth / rate_per_s
                    now = time.perf_counter()
                    if due > now:
                        await asyncio.sleep(due - now)
                    late.append(max(0.0, time.perf_counter() - due))
                    tasks.create_task(one(nth))
            took = time.perf_counter() - began
        found = sample(waits, took, count=len(sends))
        found["sent_p50_ms"] = sample(sends, took)["p50_ms"]
        found["late_p99_ms"] = sample(late, took)["p99_ms"]
        return found

    return asyncio.run(main())


def memory(folder: Path, *, path: str, count: int) -> Sample:
    """Return by how much the process grows over its idle size while a view is built."""
    from pathlib import Path

    log = Path(path)

    async def main() -> Sample:
        token = await _token(log)
        idle_views = str(folder / f"idle-{time.time_ns()}.db")
        async with App(
            "bench", Account, database=f"sqlite:///{path}", views=f"sqlite:///{idle_views}"
        ):
            await asyncio.sleep(0.5)
            idle = _kilobytes("VmRSS")
        began = time.perf_counter()
        views = str(folder / f"views-{time.time_ns()}.db")
        async with _bank(log, views) as app:
            await app.rows(Statement).get("a-00000", after=token, timeout_s=3600)
            took = time.perf_counter() - began
            peak = _kilobytes("VmHWM")
        return {
            "above_idle_mb": (peak - idle) / 1024,
            "idle_mb": idle / 1024,
            "peak_mb": peak / 1024,
            "rate_per_s": count / took,
            "n": count,
        }

    return asyncio.run(main())


def _kilobytes(field: str) -> int:
    """Read a figure of this process, as Linux counts it."""
    from pathlib import Path

    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def start(_folder: Path) -> Sample:
    """Import the package in a fresh interpreter."""
    return import_s("leftfold")


TASKS: dict[str, Any] = {
    "append": append,
    "read": read,
    "command": command,
    "load": load,
    "fold": fold,
    "visible": visible,
    "memory": memory,
    "start": start,
}

if __name__ == "__main__":
    serve(TASKS)

"""The peer, eventsourcing 9.5.6, through its public API, in its usual and its tuned ways.

Read by: who compares. It lives in an environment of its own; run by `python benchmarks`.
Tuned means its own documented settings: a cache of aggregates that is not refreshed from the
database before each use, which is right for one process.
"""

from __future__ import annotations

import itertools
import random
import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from callers import Sample, import_s, in_threads, in_turn, sample
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, Tracking
from eventsourcing.sqlite import SQLiteTrackingRecorder
from eventsourcing.system import NotificationLogReader
from eventsourcing.utils import Environment
from serving import serve

if TYPE_CHECKING:
    from pathlib import Path

_PRIOR = 10
_TUNED = {"AGGREGATE_CACHE_MAXSIZE": "1000", "AGGREGATE_CACHE_FASTFORWARD": "n"}


class Order(Aggregate):
    """An order: items by article, and their sum."""

    @event("Placed")
    def __init__(self, customer: str, sku: str, quantity: int, price_cents: int) -> None:
        self.customer = customer
        self.items = {sku: quantity}
        self.total_cents = quantity * price_cents

    @event("ItemAdded")
    def add_item(self, sku: str, quantity: int, price_cents: int) -> None:
        """Add an article."""
        self.items[sku] = self.items.get(sku, 0) + quantity
        self.total_cents += quantity * price_cents


class Ledger(Aggregate):
    """What deposits are recorded in."""

    @event("Deposited")
    def deposit(self, account: str, amount: int) -> None:
        """Take money in."""


class Orders(Application[UUID]):
    """The application."""


class Statements(SQLiteTrackingRecorder):
    """Rows by account, in one transaction with the position: as its documentation shows."""

    def construct_create_table_statements(self) -> list[str]:
        """Add the table."""
        table = """CREATE TABLE IF NOT EXISTS statements (account TEXT PRIMARY KEY,
        total INTEGER NOT NULL, deposits INTEGER NOT NULL)"""
        return [*super().construct_create_table_statements(), table]

    def add(self, account: str, amount: int, tracking: Tracking) -> None:
        """Count a deposit."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(
                """INSERT INTO statements VALUES (?, ?, 1) ON CONFLICT (account)
                DO UPDATE SET total = total + excluded.total, deposits = deposits + 1""",
                (account, amount),
            )
            self._insert_tracking(cursor, tracking)

    def count(self) -> int:
        """Return how many deposits the rows hold."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT sum(deposits) FROM statements")
            return int(cursor.fetchone()[0])


def _environment(path: Path, *, tuned: bool = False) -> dict[str, str]:
    more = _TUNED if tuned else {}
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path), **more}


def _new_order(events: int = 1) -> Order:
    order = Order(customer="c-4242", sku="ABC-000-XYZ", quantity=3, price_cents=1999)
    for nth in range(events - 1):
        _add(order, nth)
    return order


def _add(order: Order, nth: int) -> None:
    order.add_item(sku=f"sku-{nth % 5}", quantity=2, price_cents=250)


def append(folder: Path, *, callers: int, events: int, seconds: float) -> Sample:
    """Make aggregates and save each, with as many events."""
    app = Orders(_environment(folder / "append.db"))
    found = in_threads(callers, seconds, lambda _caller, _nth: app.save(_new_order(events)))
    app.close()
    return found


def command(folder: Path, *, callers: int, seconds: float, tuned: bool = False) -> Sample:
    """Load an aggregate with ten events or more, call a command method, save."""
    app = Orders(_environment(folder / "command.db", tuned=tuned))
    mine = [_new_order(_PRIOR) for _ in range(callers)]
    for order in mine:
        app.save(order)
        app.repository.get(order.id)  # fills the cache, where there is one

    # Without a cache every command reads the stream, so each takes another one, of ten events.
    fresh = None if tuned else _streams(app)

    def work(caller: int, nth: int) -> None:
        order: Order = app.repository.get(mine[caller].id if fresh is None else next(fresh))
        _add(order, nth)
        app.save(order)

    found = in_threads(callers, seconds, work)
    app.close()
    return found


def _streams(app: Orders) -> itertools.cycle[UUID]:
    """Save some aggregates with ten events each; each is used a few times a run."""
    orders = [_new_order(_PRIOR) for _ in range(500)]
    for order in orders:
        app.save(order)
    return itertools.cycle([order.id for order in orders])


def read(folder: Path, *, page: int, seconds: float, count: int) -> Sample:
    """Read the notification log in sections and make the domain events."""
    app = Orders(_environment(folder / "read.db"))
    while (app.recorder.max_notification_id() or 0) < count:
        app.save(_new_order(_PRIOR))
    app.notification_log.section_size = page
    sections = _sections(app, page)

    def one() -> int:
        section = next(sections)
        for notification in section:
            app.mapper.to_domain_event(notification)
        return len(section)

    found = in_turn(seconds, one)
    app.close()
    return found


def _sections(app: Orders, page: int) -> Any:
    while True:
        reader = NotificationLogReader(app.notification_log, section_size=page)
        yield from reader.select(start=1)


def fold(folder: Path, *, count: int, accounts: int) -> Sample:
    """Fold a log that is there, section by section; its SQLite store has no subscriptions."""
    app = Orders(_environment(folder / "fold.db"))
    if not app.recorder.max_notification_id():
        _deposit(app, count, accounts)
    app.notification_log.section_size = 1_000
    views = _environment(folder / f"views-{time.time_ns()}.db")
    view = InfrastructureFactory.construct(Environment("views", views)).tracking_recorder(
        Statements
    )
    began = time.perf_counter()
    reader = NotificationLogReader(app.notification_log, section_size=1_000)
    for section in reader.select(start=1):
        for notification in section:
            fact = app.mapper.to_domain_event(notification)
            tracking = Tracking(app.name, notification.id)
            if isinstance(fact, Ledger.Deposited):
                view.add(fact.account, fact.amount, tracking)
            else:
                view.insert_tracking(tracking)
    took = time.perf_counter() - began
    assert view.count() == count  # noqa: S101  it is right as well
    app.close()
    return sample([took], took, count=count)


def _deposit(app: Orders, count: int, accounts: int) -> None:
    choose = random.Random(7).randrange  # noqa: S311  no secret
    ledger = Ledger()
    for nth in range(count):
        ledger.deposit(account=f"a-{choose(accounts):05d}", amount=5)
        if nth % 500 == 0:
            app.save(ledger)
    app.save(ledger)


def start(_folder: Path) -> Sample:
    """Import what an application imports first."""
    return import_s("eventsourcing.application, eventsourcing.sqlite")


TASKS: dict[str, Any] = {
    "append": append,
    "command": command,
    "read": read,
    "fold": fold,
    "start": start,
}

if __name__ == "__main__":
    serve(TASKS)

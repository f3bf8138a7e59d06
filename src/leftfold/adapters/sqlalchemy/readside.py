"""The read side on a database that SQLAlchemy speaks to. Read by: who looks for its threads.

One thread writes: Views and Projections queue for it. A batch is one hop: fold, rows, position
and commit happen there, with the synchronous API. A few threads read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import Index, MetaData, insert, inspect
from sqlalchemy.schema import DropIndex

from leftfold.adapters.lanes import Lane
from leftfold.adapters.sqlalchemy import positions
from leftfold.adapters.sqlalchemy.engine import READERS, Database
from leftfold.adapters.sqlalchemy.reading import SqlSnapshot
from leftfold.adapters.sqlalchemy.rows import ViewRows
from leftfold.adapters.sqlalchemy.schema import TABLES, check_schema, made_for, migrate
from leftfold.adapters.sqlalchemy.tables import definition, misfit_of, view_table
from leftfold.adapters.sqlalchemy.writing import Writer, translated
from leftfold.errors import ConfigurationError
from leftfold.processing.port import Held, Moved

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from leftfold.clock import Clock
    from leftfold.eventstore.port import Mark
    from leftfold.processing.batch import Changes
    from leftfold.processing.port import (
        Claim,
        Failure,
        Place,
        Snapshot,
        Standing,
        Transaction,
        Wish,
    )
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["SqlReadSide"]

T = TypeVar("T")


class SqlReadSide:
    """Tables of rows and positions, and the threads that use them."""

    def __init__(self, database: Database, opener: Lane[Database], clock: Clock) -> None:
        """Take an open database, and the thread that opened it, which is the one that writes."""
        self.shared = database.driver.shared
        self._database = database
        self._lane = opener
        self._writer = Writer(opener, clock)
        self._readers = Lane("leftfold-read", lambda: None, lambda _: None, threads=READERS)
        self._rows: dict[str, ViewRows] = {}
        self._store = UUID(int=0)

    @classmethod
    async def open(
        cls, opened: Callable[[], Database], clock: Clock, *, read_only: bool = False
    ) -> SqlReadSide:
        """Open a database; bring its own tables to today's schema, or see that they are."""
        writer = Lane("leftfold-write", opened, Database.close)
        try:
            database = await writer.call(_checked if read_only else _migrated)
        except BaseException:
            await writer.close()
            raise
        return cls(database, writer, clock)

    async def prepare(
        self, models: Sequence[ViewModel], tables: Sequence[Table], *, store: UUID
    ) -> None:
        """Make the tables that are missing, in one transaction."""
        self._store = store
        _refuse_one_table(models)
        for model in models:
            table = view_table(model, MetaData())
            self._rows[model.table] = ViewRows(model, table, self._database.writing.dialect)

        def make(connection: Connection) -> None:
            for model in models:
                _make_table(connection, model, self._rows[model.table].table)
            for table in tables:
                table.create(connection, checkfirst=True)

        await self._writer.write("Preparing the tables of views", make)

    async def claim(self, wish: Wish, *, over: Held | None = None) -> Claim | Held:
        """Claim a processor; who finds it held writes nothing."""
        store = self._store
        if over is None:
            found = await self.run(lambda: self._look(wish.place))
            if found is not None and found.owner not in {"", wish.owner}:
                return Held(owner=found.owner, epoch=found.epoch, beat=found.beat)
        return await self._writer.write(
            f"Claiming {wish.place.processor}",
            lambda connection: positions.claim(connection, wish, store, over),
        )

    def _look(self, place: Place) -> Standing | None:
        snapshot = self.snapshot()
        try:
            return next((s for s in snapshot.standings() if s.place == place), None)
        finally:
            snapshot.close()

    async def ask(self, place: Place, held: Held) -> None:
        """Ask for a sign of life."""
        await self._writer.write(
            f"Asking who folds {place.processor}",
            lambda connection: positions.ask(connection, place, held),
        )

    async def answer(self, owner: str) -> None:
        """Give the signs of life that were asked for."""
        await self._writer.write(
            "Answering for processors", lambda connection: positions.answer(connection, owner)
        )

    async def release(self, owner: str) -> None:
        """Give processors free; claims that are still queued come before it."""
        await self._writer.write(
            "Releasing processors", lambda connection: positions.release(connection, owner)
        )

    async def move(
        self, claim: Claim, to: Mark, fold: Callable[[Transaction], None] | None
    ) -> Moved | None:
        """Fold and move, in one transaction."""

        def work(connection: Connection) -> Claim | None:
            moved = positions.advance(connection, claim, to)
            if moved is not None and fold is not None:
                fold(_Transaction(connection, self._rows))
            return moved

        doing = f"Moving {claim.place.processor} to {to.number}"
        written = await self._writer.written(doing, work)
        return written.result and Moved(written.result, written.took_s)

    async def fail(self, claim: Claim, failure: Failure) -> None:
        """Keep why a processor stopped."""
        await self._writer.write(
            f"Noting why {claim.place.processor} stopped",
            lambda connection: positions.fail(connection, claim, failure),
        )

    def table(self, model: ViewModel) -> Table:
        """Return the table of a view."""
        return self._rows[model.table].table

    def snapshot(self) -> Snapshot:
        """Begin to read."""
        self._database.driver.check()
        return SqlSnapshot(self._database, self._rows)

    async def run(self, work: Callable[[], T]) -> T:
        """Run reads in a worker thread."""
        return await self._readers.call(lambda _: work())

    async def close(self) -> None:
        """End the threads, the writer last."""
        await self._readers.close()
        await self._lane.close()


class _Transaction:
    """One move of a processor."""

    def __init__(self, connection: Connection, rows: Mapping[str, ViewRows]) -> None:
        """Take the connection of the transaction."""
        self.connection = connection
        self._rows = rows

    def load(self, model: ViewModel, tenant: str, keys: Collection[Any]) -> dict[Any, Any]:
        """Return the rows that there are."""
        return self._rows[model.table].load(self.connection, tenant, keys)

    def load_beginning(
        self, model: ViewModel, tenant: str, prefixes: Collection[tuple[Any, ...]]
    ) -> dict[Any, Any]:
        """Return the rows whose key begins so."""
        return self._rows[model.table].load_beginning(self.connection, tenant, prefixes)

    def write(self, model: ViewModel, tenant: str, changes: Changes) -> None:
        """Write and remove rows."""
        self._rows[model.table].write(self.connection, tenant, changes)


def _migrated(database: Database) -> Database:
    driver = database.driver
    with translated(f"Opening {driver.place}", driver), database.writing.begin() as connection:
        migrate(connection, driver)
    return database


def _checked(database: Database) -> Database:
    """See that it can be read, changing nothing."""
    driver = database.driver
    with translated(f"Reading {driver.place}", driver):
        connection = database.begin_reading()
        try:
            check_schema(connection, driver.place)
        finally:
            database.end_reading(connection)
    return database


def _refuse_one_table(models: Sequence[ViewModel]) -> None:
    """Refuse views whose names differ only in what a table's name does not show."""
    found: dict[str, ViewModel] = {}
    for model in models:
        other = found.setdefault(model.table, model)
        if other is not model:
            message = (
                f"The views {other.name!r} and {model.name!r} would share the table {model.table}. "
                "Give one of them another name=."
            )
            raise ConfigurationError(message)


def _make_table(connection: Connection, model: ViewModel, table: Table) -> None:
    """Make a view's table, or see that it is the one that the view needs."""
    found = made_for(connection, model)
    if found is None:
        table.create(connection)
        connection.execute(insert(TABLES).values(name=model.table, definition=definition(model)))
    elif misfit := misfit_of(model, found):
        raise ConfigurationError(misfit)
    else:
        _fit_indexes(connection, table)


def _fit_indexes(connection: Connection, table: Table) -> None:
    """Make the indexes that were added, and remove those that were taken away."""
    wanted = {str(index.name): index for index in table.indexes}
    found = {str(index["name"]) for index in inspect(connection).get_indexes(table.name)}
    for name in wanted.keys() - found:
        wanted[name].create(connection)
    for name in found - wanted.keys():
        connection.execute(DropIndex(Index(name, _table=table)))

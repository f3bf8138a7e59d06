"""Leftfold's own tables in the database of read models. Read by: who changes what is stored.

A migration is never edited once released; add one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, insert, inspect, select

from leftfold.errors import StoreUnusable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from leftfold.adapters.sqlalchemy.driver import Driver
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["FAILURES", "MIGRATIONS", "POSITIONS", "TABLES", "check_schema", "made_for", "migrate"]

_OWN = MetaData()

VERSION = Table("leftfold_schema", _OWN, Column("version", Integer, nullable=False))

POSITIONS = Table(
    "leftfold_positions",
    _OWN,
    Column("processor", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("segment", Integer, primary_key=True),
    Column("store", Text, nullable=False),
    Column("fold", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("asked", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How far each processor has come, and who moves it. Number 0 is before the first event."""

FAILURES = Table(
    "leftfold_failures",
    _OWN,
    Column("processor", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("segment", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("traceback", Text, nullable=False),
    Column("since", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""The event that a processor cannot pass, until it has passed it."""

TABLES = Table(
    "leftfold_tables",
    _OWN,
    Column("name", Text, primary_key=True),
    Column("definition", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What the table of each view was made for."""


def _first(connection: Connection) -> None:
    _OWN.create_all(connection)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first,)
"""What leads from an empty database to today's tables, one a version."""


def migrate(connection: Connection, driver: Driver) -> None:
    """Bring the database to today's tables, inside the transaction of the connection.

    Raises:
        StoreUnusable: The database is newer than this release.
    """
    version = _version(connection)
    if version > len(MIGRATIONS):
        message = (
            f"Opening {driver.place}: its schema is version {version}, and this release of "
            f"Leftfold knows up to {len(MIGRATIONS)}. Install the release that wrote it, or a "
            "newer one."
        )
        raise StoreUnusable(message)
    for step in MIGRATIONS[version:]:
        step(connection)
    if version == 0:
        connection.exec_driver_sql(driver.claim)
        connection.execute(insert(VERSION).values(version=len(MIGRATIONS)))
    elif version < len(MIGRATIONS):
        connection.execute(VERSION.update().values(version=len(MIGRATIONS)))


def check_schema(connection: Connection, place: str) -> None:
    """Refuse a database that is not at today's tables, for who may not change it.

    Raises:
        StoreUnusable: It holds no read models, or those of another release.
    """
    version = _version(connection)
    if version != len(MIGRATIONS):
        found = f"its schema is version {version}" if version else "it holds no read models"
        message = (
            f"Reading {place}: {found}, and this release of Leftfold reads version "
            f"{len(MIGRATIONS)}. Give another database, or bring this one up to date: start the "
            f"app of this release on it once."
        )
        raise StoreUnusable(message)


def made_for(connection: Connection, model: ViewModel) -> str | None:
    """Return what the table of a view was made for, None if there is none."""
    wanted = select(TABLES.c.definition).where(TABLES.c.name == model.table)
    return connection.execute(wanted).scalar()


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table(VERSION.name):
        return 0
    return connection.execute(select(VERSION.c.version)).scalar() or 0

"""What SQLAlchemy's dialect is given by the driver. Read by: who changes the driver."""

import itertools
from collections.abc import Iterator

import pytest

from leftfold.adapters.sqlite import dbapi

NUMBERS = itertools.count(1)


@pytest.fixture
def connection() -> Iterator[dbapi.Connection]:
    opened = dbapi.connect_memory(f"test-dbapi-{next(NUMBERS)}")
    opened.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    yield opened
    opened.close()


def test_columns_are_known_of_an_empty_result(connection: dbapi.Connection) -> None:
    cursor = connection.execute("SELECT id, name AS called FROM rows")

    assert cursor.description is not None
    assert [column[0] for column in cursor.description] == ["id", "called"]
    assert cursor.fetchone() is None
    assert cursor.fetchall() == []


def test_a_statement_without_result_says_how_many_rows_it_changed(
    connection: dbapi.Connection,
) -> None:
    cursor = connection.cursor()

    cursor.executemany("INSERT INTO rows VALUES (?, ?)", [(1, "a"), (2, "b"), (3, "c")])
    assert (cursor.rowcount, cursor.description) == (3, None)
    cursor.execute("UPDATE rows SET name = 'x' WHERE id > ?", (1,))
    assert (cursor.rowcount, cursor.description) == (2, None)
    assert cursor.execute("SELECT name FROM rows ORDER BY id").fetchmany(2) == [("a",), ("x",)]
    assert cursor.fetchmany(5) == [("x",)]


def test_nothing_begins_a_transaction_by_itself(connection: dbapi.Connection) -> None:
    connection.execute("INSERT INTO rows VALUES (1, 'kept')")
    connection.rollback()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO rows VALUES (2, 'undone')")
    connection.rollback()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO rows VALUES (3, 'done')")
    connection.commit()
    connection.commit()

    assert connection.execute("SELECT id FROM rows").fetchall() == [(1,), (3,)]


def test_nothing_is_kept_alone_when_the_transaction_is_gone(
    connection: dbapi.Connection,
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO rows VALUES (1, 'undone')")
    connection.apsw.execute("ROLLBACK")  # as SQLite does by itself on a full disk

    with pytest.raises(dbapi.OperationalError, match="ended before its time"):
        connection.execute("INSERT INTO rows VALUES (2, 'alone')")
    with pytest.raises(dbapi.OperationalError, match="ended before its time"):
        connection.commit()
    connection.rollback()

    assert connection.execute("SELECT count(*) FROM rows").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("sql", "bindings", "kind"),
    [
        ("SELECT nothing FROM nowhere", (), dbapi.ProgrammingError),
        ("INSERT INTO rows VALUES (?, ?)", (1,), dbapi.ProgrammingError),
        ("INSERT INTO rows VALUES (1, NULL)", (), dbapi.IntegrityError),
        ("INSERT INTO rows VALUES ('x', 'y')", (), dbapi.DataError),
        ("INSERT INTO rows VALUES (?, 'y')", (2**63,), dbapi.DataError),
        ("INSERT INTO rows VALUES (1, ?)", (object(),), dbapi.ProgrammingError),
        ("INSERT INTO rows VALUES (1, ?)", ("half \ud800",), dbapi.ProgrammingError),
    ],
    ids=["sql", "too few", "null", "mismatch", "too large", "unknown type", "surrogate"],
)
def test_what_is_wrong_has_the_kind_that_the_dialect_knows(
    connection: dbapi.Connection, sql: str, bindings: tuple[object, ...], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        connection.execute(sql, bindings)
    if bindings:
        with pytest.raises(kind):
            connection.cursor().executemany(sql, [bindings])


def test_a_closed_connection_is_the_callers_mistake(connection: dbapi.Connection) -> None:
    other = dbapi.connect_memory("test-dbapi-closed")
    other.close()
    other.close()

    with pytest.raises(dbapi.ProgrammingError):
        other.execute("SELECT 1")


def test_connections_of_one_name_see_one_database() -> None:
    name = f"test-dbapi-{next(NUMBERS)}"
    one, other = dbapi.connect_memory(name), dbapi.connect_memory(name)
    one.execute("CREATE TABLE shared (id INTEGER)")

    assert other.execute("SELECT count(*) FROM shared").fetchall() == [(0,)]
    one.close()
    other.close()


def test_functions_can_be_added(connection: dbapi.Connection) -> None:
    connection.create_function("twice", 1, lambda x: x * 2, deterministic=True)

    assert connection.execute("SELECT twice(21)").fetchall() == [(42,)]

"""apsw as a DB-API module, for SQLAlchemy's SQLite dialect. Read by: authors of the read side.

Two SQLite libraries in one process must never open the same
file, and the interpreter's may be one with the WAL bug; so the views are opened with apsw, as
the events are. It holds what the dialect calls and no more: nothing begins a transaction by
itself, whoever wants one says BEGIN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw

from leftfold.adapters.sqlite.storefile import failure
from leftfold.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "ProgrammingError",
    "connect",
    "connect_memory",
    "failure_of",
]

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))


class Error(Exception):
    """Root of the errors of this driver."""


class InterfaceError(Error):
    """The driver was used wrongly."""


class DatabaseError(Error):
    """SQLite refused or failed."""


class DataError(DatabaseError):
    """A value is too large or of a kind that SQLite does not know."""


class OperationalError(DatabaseError):
    """The file is busy, full, damaged, or cannot be read or written."""


class IntegrityError(DatabaseError):
    """A constraint does not hold."""


class InternalError(DatabaseError):
    """SQLite found itself in a state that should not be."""


class ProgrammingError(DatabaseError):
    """The SQL is wrong, or the connection is closed."""


class NotSupportedError(DatabaseError):
    """SQLite cannot do this."""


_KINDS: tuple[tuple[tuple[type[BaseException], ...], type[DatabaseError]], ...] = (
    ((apsw.ConstraintError,), IntegrityError),
    ((apsw.TooBigError, apsw.MismatchError, apsw.RangeError, OverflowError), DataError),
    ((apsw.SQLError, apsw.BindingsError, apsw.ConnectionClosedError), ProgrammingError),
    ((apsw.CursorClosedError, TypeError, UnicodeEncodeError), ProgrammingError),
    ((apsw.InternalError,), InternalError),
    ((apsw.Error,), OperationalError),
)
_CAUGHT = (apsw.Error, TypeError, OverflowError, UnicodeEncodeError)


def _translated(error: BaseException) -> DatabaseError:
    kind = next(kind for causes, kind in _KINDS if isinstance(error, causes))
    return kind(f"{type(error).__name__}: {error}")


class Cursor:
    """Runs statements one after the other."""

    arraysize = 1

    def __init__(self, owner: Connection) -> None:
        """Begin with nothing to fetch."""
        self._owner = owner
        connection = owner.apsw
        # apsw's own stubs name a `Buffer` that type checkers do not know before Python 3.12.
        self._connection: Any = connection
        self._cursor: Any = connection.cursor()
        self.description: tuple[Any, ...] | None = None
        self.rowcount = -1

    @property
    def lastrowid(self) -> int:
        """Return the row id of the last insert."""
        rowid: int = self._connection.last_insert_rowid()
        return rowid

    def _describe(self, cursor: Any, _sql: str, _bindings: Any) -> bool:
        # apsw forgets the columns once the result has ended, so an empty one had none.
        self.description = tuple((*column, *[None] * 5) for column in cursor.get_description())
        return True

    def execute(self, sql: str, bindings: Sequence[Any] = ()) -> Cursor:
        """Run one statement."""
        self._owner.check_transaction(sql)
        self.description = None
        cursor = self._cursor
        before = self._connection.total_changes()
        cursor.exec_trace = self._describe
        try:
            cursor.execute(sql, bindings)
        except _CAUGHT as error:
            raise _translated(error) from error
        if not self.description:
            self.description = None
            self.rowcount = self._connection.total_changes() - before
        else:
            self.rowcount = -1
        return self

    def executemany(self, sql: str, bindings: Iterable[Sequence[Any]]) -> Cursor:
        """Run one statement for each of the bindings."""
        self._owner.check_transaction(sql)
        self.description = None
        before = self._connection.total_changes()
        self._cursor.exec_trace = None
        try:
            self._cursor.executemany(sql, bindings)
        except _CAUGHT as error:
            raise _translated(error) from error
        self.rowcount = self._connection.total_changes() - before
        return self

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        try:
            return self._cursor.fetchone()
        except _CAUGHT as error:
            raise _translated(error) from error

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows."""
        rows: list[Any] = []
        while len(rows) < (size or self.arraysize) and (row := self.fetchone()) is not None:
            rows.append(row)
        return rows

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        try:
            rows: list[Any] = self._cursor.fetchall()
        except _CAUGHT as error:
            raise _translated(error) from error
        return rows

    def close(self) -> None:
        """Let the statement go, read to its end or not."""
        self._cursor.close(True)  # noqa: FBT003  apsw takes it by position


class Connection:
    """An open database."""

    isolation_level: str | None = ""

    def __init__(self, opened: Any) -> None:
        """Take an open connection of apsw."""
        self.apsw: Any = opened
        self._begun = False

    def cursor(self) -> Cursor:
        """Return a cursor."""
        try:
            return Cursor(self)
        except _CAUGHT as error:
            raise _translated(error) from error

    def execute(self, sql: str, bindings: Sequence[Any] = ()) -> Cursor:
        """Run one statement on a cursor of its own."""
        return self.cursor().execute(sql, bindings)

    def check_transaction(self, sql: str) -> None:
        """Refuse a statement where the transaction that it belongs to is gone.

        SQLite undoes it by itself on a full disk, say; what came next would be kept alone.

        Raises:
            OperationalError: It is gone.
        """
        if sql.startswith("BEGIN"):
            self._begun = True
        elif self._begun and not self.apsw.in_transaction:
            message = "the transaction was ended before its time, by SQLite or by a statement"
            raise OperationalError(message)

    def commit(self) -> None:
        """Make what was begun durable, if anything was.

        Raises:
            OperationalError: What was begun is gone, or cannot be made durable.
        """
        self.check_transaction("")
        self._end("COMMIT")

    def rollback(self) -> None:
        """Undo what was begun, if anything was."""
        self._end("ROLLBACK")

    def _end(self, statement: str) -> None:
        self._begun = False
        try:
            if self.apsw.in_transaction:
                self.apsw.execute(statement)
        except _CAUGHT as error:
            raise _translated(error) from error

    def create_function(
        self,
        name: str,
        arguments: int,
        function: Callable[..., Any],
        *,
        deterministic: bool = False,
    ) -> None:
        """Give SQL a function; the dialect adds regexp and floor."""
        self.apsw.create_scalar_function(name, function, arguments, deterministic=deterministic)

    def close(self) -> None:
        """Close the database; closing again is fine."""
        self.apsw.close(True)  # noqa: FBT003  apsw takes it by position


def connect(path: str) -> Connection:
    """Open a database as apsw does."""
    return Connection(apsw.Connection(path))


def connect_memory(name: str) -> Connection:
    """Open a database in memory, which all connections of this name and process share."""
    return Connection(apsw.Connection(f"/{name}", vfs="memdb"))


def failure_of(doing: str, error: BaseException) -> StorageError:
    """Return an error of this driver as Leftfold's: what was tried, and what to do."""
    cause = error.__cause__
    if isinstance(cause, apsw.Error):
        return failure(doing, cause)
    return StorageError(f"{doing}: {error}. Nothing was changed; the same call is safe.")

"""How the file is opened, and that it stays the same. Read by: who asks for a setting or error."""

import os
import threading
from pathlib import Path
from typing import Literal, TypeAlias

import apsw

from leftfold.adapters.sqlite.connection import Connection
from leftfold.adapters.sqlite.mounts import network_file_system
from leftfold.adapters.sqlite.schema import read_version
from leftfold.errors import CommitRefused, ConfigurationError, StorageError, StoreUnusable

__all__ = ["StoreFile", "Synchronous", "failure", "path_of"]

Synchronous: TypeAlias = Literal["FULL", "OFF"]
"""How often SQLite flushes. Only `leftfold.testing` opens a store that is not FULL."""

_SCHEME = "sqlite:///"
_FULL = 2

# Together the 5 s that nobody waits longer than.
_TRIES = 100
_PAUSE_S = 0.05


def path_of(url: str) -> str:
    """Return the path in `sqlite:///relative.db` or `sqlite:////absolute.db`.

    Raises:
        ConfigurationError: It names no file, or asks for options.
    """
    path = url.removeprefix(_SCHEME)
    if path == url or path in {"", ":memory:"}:
        raise ConfigurationError(
            f"Opening {url!r}: it names no file. Write sqlite:///relative.db or "
            f"sqlite:////absolute.db; a store in memory is database=None."
        )
    if "?" in path:
        raise ConfigurationError(
            f"Opening {url!r}: a store takes no options in its URL, since none may weaken it. "
            f"Remove what stands behind the question mark."
        )
    return str(Path(path).absolute())


def _open(path: str, vfs: str | None) -> Connection:
    connection = apsw.Connection(path, vfs=vfs)
    # Without it a statement is planned again for each new binding: 20 us instead of 4.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    return connection


def _use_wal(connection: Connection) -> str:
    """Switch a new file to WAL; two processes at once are told at once that it is busy."""
    pause = threading.Event()
    for _ in range(_TRIES):
        try:
            return str(connection.pragma("journal_mode", "wal"))
        except apsw.BusyError:
            pause.wait(_PAUSE_S)
    return str(connection.pragma("journal_mode", "wal"))


def failure(doing: str, error: apsw.Error) -> StorageError:
    """Return an error of SQLite as one of Leftfold's: what was tried, and what to do."""
    if isinstance(error, apsw.CorruptError | apsw.NotADBError | apsw.FormatError):
        return StoreUnusable(
            f"{doing}: the file is damaged or is no SQLite database ({error}). Restore the "
            f"newest copy of it, with its -wal file if there is one."
        )
    if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.PermissionsError):
        return StoreUnusable(
            f"{doing}: it cannot be opened for writing ({error}). Check that the folder exists "
            f"and that this user may write the file and the folder."
        )
    if isinstance(error, apsw.FullError):
        return StorageError(f"{doing}: the disk is full. Nothing was stored; make room, try again.")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StorageError(
            f"{doing}: another process held the file for 5 s ({error}). Nothing was stored; find "
            f"what holds it, an open transaction of a database browser, say, and try again."
        )
    if isinstance(error, apsw.TooBigError | apsw.MismatchError | apsw.RangeError):
        return CommitRefused(f"{doing}: SQLite refused what it holds ({error}).")
    return StorageError(
        f"{doing}: SQLite failed with {type(error).__name__} ({error}). Nothing is known to be "
        f"stored; the same call is safe."
    )


class StoreFile:
    """Opens connections to one file, and notices when another one took its place."""

    def __init__(
        self, path: str, *, synchronous: Synchronous = "FULL", vfs: str | None = None
    ) -> None:
        self.path = path
        self._synchronous = synchronous
        self._vfs = vfs
        self._process = os.getpid()
        self._stat = Path(path).stat
        self._inode: tuple[int, int] | None = None

    def connect(self, *, busy_timeout_ms: int) -> Connection:
        """Open a connection with the settings that G1 needs.

        Raises:
            StoreUnusable: It cannot be opened, or the settings do not hold.
        """
        self._refuse_network()
        if self._inode is not None:
            self.check()  # before SQLite mixes a new file with the old one's -wal
        try:
            connection = self._opened(busy_timeout_ms)
        except apsw.Error as error:
            raise failure(f"Opening {self.path}", error) from error
        try:
            self._inode = self._inode or self._found_inode()
            self.check()
        except BaseException:
            self.close(connection)
            raise
        return connection

    def close(self, connection: Connection) -> None:
        """Close a connection; where the file was replaced, without touching what is there."""
        if self._found_inode() != self._inode:
            # The last to close brings the -wal into the file and removes it, by its name.
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.close()

    def _opened(self, busy_timeout_ms: int) -> Connection:
        connection = _open(self.path, self._vfs)
        try:
            connection.set_busy_timeout(busy_timeout_ms)
            read_version(connection, self.path)  # before a file of somebody else is changed
            self._set_up(connection)
        except BaseException:
            self.close(connection)
            raise
        return connection

    def _set_up(self, connection: Connection) -> None:
        mode = _use_wal(connection)
        connection.pragma("synchronous", self._synchronous)
        connection.pragma("trusted_schema", 0)
        connection.pragma("cache_size", -16_384)
        flushes = connection.pragma("synchronous")
        if mode != "wal" or (flushes != _FULL and self._synchronous == "FULL"):
            raise StoreUnusable(
                f"Opening {self.path}: SQLite answers journal_mode={mode} and "
                f"synchronous={flushes}, and a store needs wal and {_FULL}. Put it on a local disk."
            )

    def check(self) -> None:
        """Check that path and process are still those that were opened.

        Raises:
            StoreUnusable: They are not; nothing may be written or answered any more.
        """
        self.check_process()
        found = self._found_inode()
        if found != self._inode:
            what = "another file stands there" if found else "there is no file any more"
            raise StoreUnusable(
                f"Using {self.path}: {what}; it was replaced or removed while it was open. "
                f"Stop all processes that use it, put the right file there, and start again."
            )

    @property
    def inherited(self) -> bool:
        """Tell whether the store came through a fork."""
        return os.getpid() != self._process

    def check_process(self) -> None:
        """Refuse a store that came through a fork, whose locks are its parent's."""
        if self.inherited:
            raise StoreUnusable(
                f"Using {self.path} in process {os.getpid()}: it was opened in process "
                f"{self._process}, before a fork. Open it after the fork, in the child."
            )

    def _found_inode(self) -> tuple[int, int] | None:
        try:
            found = self._stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _refuse_network(self) -> None:
        kind = network_file_system(self.path)
        if kind is not None:
            raise StoreUnusable(
                f"Opening {self.path}: it is on a network file system ({kind}), where SQLite "
                f"loses data. Put it on a local disk."
            )

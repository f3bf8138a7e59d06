"""A store that is only looked at: nothing is made, nothing is written. Read by: who inspects one.

The file is opened for writing all the same where this user may: a reader that may not leaves
SQLite's side files behind, as its own, and they would keep the app's user from writing.
"""

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import apsw
from typing_extensions import override

from leftfold.adapters.sqlite.connection import Connection
from leftfold.adapters.sqlite.schema import check_schema, read_identity
from leftfold.adapters.sqlite.storefile import StoreFile, failure
from leftfold.errors import StoreMissing, StoreUnusable
from leftfold.eventstore.port import Commit, Result

__all__ = ["LookedAtFile", "Looker"]

_BUSY_MS = 5_000


def _open(path: str, *, in_use: bool) -> Connection:
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    # What a crashed process left in the -wal is for the next writer to bring in; where there was
    # none, closing takes away the empty one that opening makes.
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, int(in_use))
    return connection


class LookedAtFile(StoreFile):
    """Opens connections that cannot change the file."""

    @cached_property
    def _in_use(self) -> bool:
        """Tell whether there was a -wal before the first connection."""
        # Path.exists raises where this user may not look.
        return os.path.exists(f"{self.path}-wal")  # noqa: PTH110

    @override
    def _opened(self, busy_timeout_ms: int) -> Connection:
        self._refuse_missing()
        in_use = self._in_use  # asked before the file is opened
        connection = _open(self.path, in_use=in_use)
        connection.set_busy_timeout(busy_timeout_ms)
        connection.pragma("query_only", 1)
        connection.pragma("trusted_schema", 0)
        connection.pragma("cache_size", -16_384)
        return connection

    def _refuse_missing(self) -> None:
        path = Path(self.path)
        try:
            is_file, is_folder = path.is_file(), path.is_dir()
        except OSError as error:
            raise StoreUnusable(
                f"Reading {self.path}: this user may not look there ({error.strerror}). Run this "
                f"as a user that may, or check the URL."
            ) from error
        if not is_file:
            what = "it is a folder" if is_folder else "there is no such file"
            raise StoreMissing(
                f"Reading {self.path}: {what}. Check the URL; sqlite:///shop.db is a file in the "
                f"folder you are in, and an app makes it when it first runs."
            )
        if not self._in_use and not os.access(path, os.W_OK):
            raise StoreUnusable(
                f"Reading {self.path}: this user may not write it, and no app has it open. SQLite "
                f"would leave files beside it that its owner may not write. Run this as the "
                f"file's owner, or on a copy."
            )


class Looker:
    """Stands where the writer does, and writes nothing. Lives in one thread."""

    def __init__(self, file: LookedAtFile) -> None:
        self._file = file
        self._connection = file.connect(busy_timeout_ms=_BUSY_MS)
        try:
            check_schema(self._connection, file.path)
            self.identity = read_identity(self._connection)
        except BaseException as error:
            file.close(self._connection)
            if isinstance(error, apsw.Error):
                raise failure(f"Reading {file.path}", error) from error
            raise

    def append(self, commits: Sequence[Commit]) -> list[Result]:
        """Refuse.

        Raises:
            StoreUnusable: Always.
        """
        raise StoreUnusable(
            f"Appending {len(commits)} commits to {self._file.path}: it was opened to be read "
            f"only. Open it without read_only."
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close(self._connection)

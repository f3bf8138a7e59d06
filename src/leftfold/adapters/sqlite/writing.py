"""The one writer of a store in this process: turn, transaction, flush. Read by: who asks of G1."""

from collections.abc import Sequence
from uuid import UUID

import apsw

from leftfold.adapters.sqlite.judging import Judge
from leftfold.adapters.sqlite.reading import mark_at
from leftfold.adapters.sqlite.rows import microseconds
from leftfold.adapters.sqlite.schema import prepare, read_identity
from leftfold.adapters.sqlite.storefile import StoreFile, failure
from leftfold.adapters.sqlite.turns import open_turns
from leftfold.clock import Clock
from leftfold.errors import StoreUnusable
from leftfold.eventstore.conflicts import store_changed
from leftfold.eventstore.port import Commit, Mark, Result

__all__ = ["Writer"]

# From here on the -wal is brought into the file, and when it has grown by as much again. Readers
# that always overlap keep it from being begun anew, so a long one waits until those that were
# there have gone: 85 MB after ten seconds of that, without.
_CHECKPOINT_PAGES = 1_000
_LONG_PAGES = 8_000

# Together the 5 s that nobody waits longer than: first in the queue, then for SQLite's lock.
_PATIENCE_S = 3.0
_BUSY_MS = 2_000


class Writer:
    """Appends groups of commits, each in one durable transaction. Lives in one thread."""

    def __init__(self, file: StoreFile, clock: Clock, new_identity: UUID) -> None:
        self._file = file
        self._clock = clock
        self._seen: Mark | None = None
        self._pages = 0
        self._checkpointed = 0
        self._connection = file.connect(busy_timeout_ms=_BUSY_MS)
        try:
            prepare(self._connection, file.path, new_identity)
            self.identity = read_identity(self._connection)
            self._connection.set_wal_hook(self._committed)
            self._turns = open_turns(f"{file.path}-turns", clock, patience_s=_PATIENCE_S)
        except BaseException as error:
            file.close(self._connection)
            if isinstance(error, apsw.Error):
                raise failure(f"Opening {file.path}", error) from error
            if isinstance(error, OSError):
                raise StoreUnusable(
                    f"Opening {file.path}: writers queue in {file.path}-turns, which cannot be "
                    f"opened ({error}). Let this user write it, or remove it: it holds no data."
                ) from error
            raise

    def append(self, commits: Sequence[Commit]) -> list[Result]:
        """Judge and store a group."""
        try:
            turn = self._turns.take()
            try:
                return self._transaction(commits, wary=False)
            except apsw.ConstraintError:
                # An id or a receipt is stored already: a retry, or one that bears another's id.
                return self._transaction(commits, wary=True)
            finally:
                self._turns.leave(turn)
        except apsw.Error as error:
            raise failure(f"Appending to {self._file.path}", error) from error

    def _transaction(self, commits: Sequence[Commit], *, wary: bool) -> list[Result]:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            # Under the lock: what is written from here on goes into the file that has the name.
            self._file.check()
            now = microseconds(self._clock.now())
            judge = Judge(self._connection, commits, now, wary=wary)
            self._check_history(judge.head)
            results = judge.judge()
            judge.write()
            execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self._seen = judge.head
        if self._pages >= self._checkpointed + _CHECKPOINT_PAGES:
            self._checkpoint()
        return results

    def _committed(self, _connection: object, _database: str, pages: int) -> int:
        if pages < self._pages:
            self._checkpointed = 0  # the -wal was begun anew
        self._pages = pages
        return 0

    def _checkpoint(self) -> None:
        """Bring the -wal into the file; if that fails nothing is lost, and the next one tries."""
        long = self._pages >= _LONG_PAGES
        mode = apsw.SQLITE_CHECKPOINT_RESTART if long else apsw.SQLITE_CHECKPOINT_PASSIVE
        self._checkpointed = self._pages
        try:
            self._connection.wal_checkpoint(mode=mode)
        except apsw.Error:
            return

    def _check_history(self, head: Mark | None) -> None:
        """Notice that an older copy was written over the file while it was open."""
        seen = self._seen
        if seen is not None and head != seen:
            found = mark_at(self._connection, seen.number)
            if found != seen:
                raise store_changed("the log to append", seen, found)

    def _roll_back(self) -> None:
        # After some errors SQLite has rolled back by itself.
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except apsw.Error:
                return

    def close(self) -> None:
        """Close the file; the last to do so leaves it without its -wal."""
        self._turns.close()
        self._file.close(self._connection)

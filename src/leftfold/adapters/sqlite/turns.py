"""Whose turn it is to write, fairly, among processes that share a file. Read by: the writer.

SQLite's own waiting is a lottery: who has just committed begins again before a sleeping waiter
looks. So writers queue by tickets in a small file beside the store: each takes the next
number, holds a lock on that number's byte for as long as it waits and writes, and begins when
the byte of the number before is free. A killed process loses its locks, so the queue goes on.
It is about order only: what keeps writers apart is SQLite's lock, and who has lost patience
with the queue, as behind a process that was stopped, asks SQLite at once.
"""

import errno
import mmap
import os
import struct
import sys
import threading
from typing import Protocol

from leftfold.clock import Clock

if sys.platform == "linux":
    import fcntl

__all__ = ["FreeTurns", "QueuedTurns", "Turns", "open_turns"]

# struct flock of Linux on 64 bits: type, whence, start, length, process (0 for these locks).
_FLOCK = struct.Struct("hhqqi4x")
_NUMBER = struct.Struct("<Q")
_DOOR = 0
_FIRST_TICKET = 4_096
_TICKETS = 1 << 20

# A turn takes one flush or more; looking this often costs a waiter some percent of a core.
_LOOK_EVERY_S = 0.0003


class Turns(Protocol):
    """When a writer may begin."""

    def take(self) -> int | None:
        """Return when it is one's turn, with what `leave` wants."""
        ...

    def leave(self, turn: int | None) -> None:
        """Give the turn to the next."""
        ...

    def close(self) -> None:
        """Leave the queue."""
        ...


def open_turns(path: str, clock: Clock, *, patience_s: float) -> Turns:
    """Join the queue in the file at `path`, where the system has the locks for one."""
    if sys.platform == "linux":
        return QueuedTurns(path, clock, patience_s=patience_s)
    return FreeTurns()


class FreeTurns:
    """No queue: SQLite's own waiting."""

    def take(self) -> int | None:
        """Begin at once."""
        return None

    def leave(self, turn: int | None) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class QueuedTurns:
    """A place in the queue of writers; used in one thread."""

    def __init__(self, path: str, clock: Clock, *, patience_s: float) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._pause = threading.Event()
        # Locks of an open file, not of a process: two stores in one process queue as well.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        os.posix_fallocate(self._file, 0, _NUMBER.size)
        self._numbers = mmap.mmap(self._file, _NUMBER.size)

    def take(self) -> int | None:
        """Return when those before are done, or when patience ends."""
        until = self._clock.monotonic() + self._patience_s
        if not self._lock(_DOOR, 1, until):
            return None
        try:
            (ticket,) = _NUMBER.unpack_from(self._numbers)
            _NUMBER.pack_into(self._numbers, 0, ticket + 1)
            # The byte before one's own is locked as well if it is free: then it is one's turn.
            turn: int = _FIRST_TICKET + ticket % _TICKETS
            is_first = self._try_lock(turn, 2)
            if not is_first:
                self._try_lock(turn + 1, 1)
        finally:
            self._unlock(_DOOR, 1)
        if not is_first:
            self._lock(turn, 1, until)
        return turn

    def leave(self, turn: int | None) -> None:
        """Give the turn to the next."""
        if turn is not None:
            self._unlock(turn, 2)

    def _lock(self, start: int, length: int, until: float) -> bool:
        while not self._try_lock(start, length):
            if self._clock.monotonic() > until:
                return False
            self._pause.wait(_LOOK_EVERY_S)
        return True

    def _try_lock(self, start: int, length: int) -> bool:
        try:
            self._set(fcntl.F_WRLCK, start, length)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                return False
            raise
        return True

    def _unlock(self, start: int, length: int) -> None:
        self._set(fcntl.F_UNLCK, start, length)

    def _set(self, kind: int, start: int, length: int) -> None:
        lock = _FLOCK.pack(kind, os.SEEK_SET, start, length, 0)
        fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, lock)

    def close(self) -> None:
        """Let go of the file, and with it of every lock."""
        self._numbers.close()
        os.close(self._file)

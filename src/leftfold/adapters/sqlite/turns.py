"""Whose turn it is to write, fairly, among processes that share a file. Read by: the writer.

SQLite's own waiting is a lottery: who has just committed begins again before a sleeping waiter
looks. So writers queue by tickets in a small file beside the store: each takes the next
number, holds a lock on that number's byte for as long as it waits and writes, and begins when
the byte of the number before is free. A killed process loses its locks, so the queue goes on.
It is about order only: what keeps writers apart is SQLite's lock, and who has lost patience
with the queue, as behind a process that was stopped, asks SQLite at once.
"""

import contextlib
import errno
import os
import struct
import sys
import threading
from collections.abc import Generator
from typing import Protocol

from leftfold.clock import Clock

if sys.platform == "linux":
    import fcntl

__all__ = ["FreeTurns", "QueuedTurns", "Turns", "open_turns"]

# struct flock of Linux on 64 bits: type, whence, start, length, process (0 for these locks).
_FLOCK = struct.Struct("hhqqi4x")
_NUMBER = struct.Struct("<Q")
_NUMBER_AT = 8
_DOOR = 0
_FIRST_TICKET = 4_096
_TICKETS = 1 << 20

# A turn takes one flush or more; looking this often costs a waiter some percent of a core.
_LOOK_EVERY_S = 0.0003


class Turns(Protocol):
    """When a writer may begin."""

    def turn(self) -> contextlib.AbstractContextManager[None]:
        """Hold the turn."""
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

    def turn(self) -> contextlib.AbstractContextManager[None]:
        """Begin at once."""
        return contextlib.nullcontext()

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

    @contextlib.contextmanager
    def turn(self) -> Generator[None]:
        """Hold the turn; it comes when those before are done, or when patience ends."""
        until = self._clock.monotonic() + self._patience_s
        ticket = self._take_ticket(until)
        if ticket is None:
            yield
            return
        try:
            self._await(ticket - 1, until)
            yield
        finally:
            self._unlock(_byte_of(ticket))

    def _take_ticket(self, until: float) -> int | None:
        """Draw the next number and lock it, or return `None` if the door stays shut."""
        if not self._lock(_DOOR, until):
            return None
        try:
            number = os.pread(self._file, _NUMBER.size, _NUMBER_AT)
            ticket = _NUMBER.unpack(number)[0] if len(number) == _NUMBER.size else 1
            os.pwrite(self._file, _NUMBER.pack(ticket + 1), _NUMBER_AT)
            return ticket if self._lock(_byte_of(ticket), until) else None
        finally:
            self._unlock(_DOOR)

    def _await(self, ticket: int, until: float) -> None:
        """Return when the holder of a ticket is done or gone, or when patience ends."""
        if self._lock(_byte_of(ticket), until):
            self._unlock(_byte_of(ticket))

    def _lock(self, byte: int, until: float) -> bool:
        while not self._try_lock(byte):
            if self._clock.monotonic() > until:
                return False
            self._pause.wait(_LOOK_EVERY_S)
        return True

    def _try_lock(self, byte: int) -> bool:
        try:
            self._set(fcntl.F_WRLCK, byte)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                return False
            raise
        return True

    def _unlock(self, byte: int) -> None:
        self._set(fcntl.F_UNLCK, byte)

    def _set(self, kind: int, byte: int) -> None:
        fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, _FLOCK.pack(kind, os.SEEK_SET, byte, 1, 0))

    def close(self) -> None:
        """Let go of the file, and with it of every lock."""
        os.close(self._file)


def _byte_of(ticket: int) -> int:
    return _FIRST_TICKET + ticket % _TICKETS

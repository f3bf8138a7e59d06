"""apsw as this package sees it. Read by: who looks for a call of the SQLite library.

A Protocol of the few calls used, since apsw's own stubs name a `Buffer` that type checkers do
not know before Python 3.12.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

import apsw

__all__ = ["Connection", "Cursor", "integers", "values"]


class Cursor(Protocol):
    """The rows of a statement."""

    def fetchone(self) -> Any:
        """Return the next row, `None` after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """An open file; as a context manager one transaction, on a reader one snapshot."""

    @property
    def in_transaction(self) -> bool:
        """Tell whether a transaction is open."""
        ...

    def execute(self, statements: str, bindings: Any = None) -> Cursor:
        """Run statements."""
        ...

    def executemany(self, statements: str, sequenceofbindings: Any) -> Cursor:
        """Run a statement once for each set of bindings."""
        ...

    def pragma(self, name: str, value: Any = None) -> Any:
        """Set or ask a setting."""
        ...

    def config(self, op: int, /, *args: Any) -> int:
        """Set or ask what SQLite calls a configuration."""
        ...

    def set_wal_hook(self, callback: Callable[[Any, str, int], int], /) -> None:
        """Be told after each commit how many pages the -wal has."""
        ...

    def wal_checkpoint(self, dbname: str | None = None, mode: int = 0) -> tuple[int, int]:
        """Bring what the -wal holds into the file."""
        ...

    def set_busy_timeout(self, milliseconds: int) -> None:
        """Set how long a lock is waited for."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        etype: type[BaseException] | None,
        evalue: BaseException | None,
        etraceback: TracebackType | None,
    ) -> bool | None: ...


def values(items: Iterable[str] | Iterable[bytes]) -> Any:
    """Bind texts or blobs as a table, for `carray(?)`; at least one."""
    of_apsw: Any = apsw
    return of_apsw.carray(tuple(items))


def integers(items: Sequence[int]) -> Any:
    """Bind numbers as a table, for `carray(?)`; at least one."""
    of_apsw: Any = apsw
    return of_apsw.carray(array("q", items))

"""What an engine's adapter tells the read side about itself. Read by: authors of adapters.

The read side is written once; how a database is opened, who keeps readers and writer apart and
how a failure reads is the engine's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from leftfold.errors import StorageError

__all__ = ["Driver"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A database that SQLAlchemy can be given.

    `place` is what errors call it; `dialect` and `module` are SQLAlchemy's URL and the DB-API
    module. `begin_writing` begins a transaction that may write, `only_read` forbids a new
    connection to write, `claim` marks a database as ours when its tables are made. `shared`
    says whether other processes may use it and readers keep their snapshot beside a writer.
    """

    place: str
    dialect: str
    module: ModuleType
    connect: Callable[[], Any]
    begin_writing: str
    only_read: str
    claim: str
    shared: bool
    check: Callable[[], None]
    """Looks whether the database is still the one that was opened."""
    is_failure: Callable[[BaseException], bool]
    """Tells a full disk, a lock, a damaged file from a statement that is wrong by itself."""
    failure: Callable[[str, BaseException], StorageError]
    """Says what was tried, what was found and what to do."""

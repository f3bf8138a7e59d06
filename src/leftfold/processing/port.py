"""Where rows and positions are kept. Read by: authors of read sides; models never see this port.

A read side holds the tables of Views and Projections, and for each processor how far it has
followed which log. Rows and position move in one transaction, by compare-and-set on (old
position, epoch), so that each row sees each of its events once (G6), whatever crashes and
whoever else folds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from leftfold.eventstore.port import Mark
from leftfold.processing.batch import RowSource

if TYPE_CHECKING:
    from uuid import UUID

    from leftfold.processing.viewmodel import ViewModel

__all__ = [
    "Claim",
    "Failure",
    "Held",
    "Moved",
    "Order",
    "Place",
    "ReadSide",
    "Selected",
    "Snapshot",
    "Standing",
    "Transaction",
    "Wish",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """One processor's part of the work: its name, its version and its segment."""

    processor: str
    version: int
    segment: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a processor stopped: the record it cannot pass, and what happened there."""

    number: int
    event: UUID | None
    type: str
    reason: str
    traceback: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants to move a processor, and the fingerprint of what it will do."""

    place: Place
    owner: str
    fold: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to move a processor, as long as nobody claims it with a higher epoch."""

    place: Place
    owner: str
    epoch: int
    position: Mark | None
    failure: Failure | None
    fold_changed: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """A claim after a move, and how long the move took, without the time in the queue."""

    claim: Claim
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Somebody else moves the processor.

    `beat` rises whenever the owner answers a question; who has asked and sees it stand still
    for the time-to-live, on its own clock, may take over.
    """

    owner: str
    epoch: int
    beat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a processor stands, as everybody can see it."""

    place: Place
    store: UUID
    fold: str
    position: Mark | None
    epoch: int
    owner: str
    beat: int
    asked: int
    failure: Failure | None


class Transaction(RowSource, Protocol):
    """One move of a processor, in a worker thread."""

    @property
    def connection(self) -> Any:
        """Return the connection that the transaction runs on, for Projections."""
        ...


Order: TypeAlias = tuple[tuple[str, Literal["asc", "desc"]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Which rows of a view are wanted, in which order.

    `where` are terms of the read side's own language, `equals` kept values by column. `order`
    is total. `beyond` are the kept values of the order's columns of the row to go on after.
    """

    model: ViewModel
    tenant: str
    where: tuple[Any, ...] = ()
    equals: Mapping[str, Any]
    order: Order = ()
    beyond: tuple[Any, ...] | None = None
    limit: int | None = None
    offset: int = 0


class Snapshot(Protocol):
    """Reads that see one state of the read side. Used by one thread at a time."""

    @property
    def connection(self) -> Any:
        """Return the connection that it reads on; it cannot write."""
        ...

    def get(self, model: ViewModel, tenant: str, key: Any) -> Any | None:
        """Return the row with this key."""
        ...

    def select(self, selected: Selected) -> list[Any]:
        """Return rows."""
        ...

    def count(self, selected: Selected) -> int:
        """Return how many rows meet the terms, whatever the limit."""
        ...

    def fingerprint(self, selected: Selected) -> bytes:
        """Return what is the same for the same view, terms and order, and for no other."""
        ...

    def standings(self) -> Sequence[Standing]:
        """Return where every processor stands."""
        ...

    def misfits(self, models: Sequence[ViewModel]) -> Sequence[str]:
        """Return what is wrong with tables that were made for other columns."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class ReadSide(Protocol):
    """The database of the read models."""

    shared: bool
    """Whether other processes may have it open as well."""

    async def prepare(
        self, models: Sequence[ViewModel], tables: Sequence[Any], *, store: UUID
    ) -> None:
        """Make the tables that are missing.

        Args:
            models: The views.
            tables: The tables of Projections, created as they are named.
            store: The identity of the log that they follow.

        Raises:
            ConfigurationError: A view's columns are not those of its table.
            StoreChanged: Its rows were folded from another log.
            StoreUnusable: The database cannot be used as it is.
        """
        ...

    async def claim(self, wish: Wish, *, over: Held | None = None) -> Claim | Held:
        """Claim a processor that is free, or take it over from who is `over`.

        Taking over succeeds only if owner, epoch and beat are still those.

        Raises:
            StoreChanged: It has followed another log.
        """
        ...

    async def ask(self, place: Place, held: Held) -> None:
        """Ask the owner for a sign of life."""
        ...

    async def answer(self, owner: str) -> None:
        """Give the signs of life that `owner` was asked for."""
        ...

    async def release(self, owner: str) -> None:
        """Give free what an owner has claimed, also what it was just about to."""
        ...

    async def move(
        self, claim: Claim, to: Mark, fold: Callable[[Transaction], None] | None
    ) -> Moved | None:
        """Fold, and move the position, in one transaction that is durable afterwards.

        Args:
            claim: As it was got, or as the last move returned it.
            to: The new position.
            fold: Changes rows, in a worker thread; what it raises undoes the move.

        Returns:
            The claim at its new position and how long that took, or None where it is no longer
            valid and nothing was changed.

        Raises:
            StorageError: The engine failed. The same move is safe.
        """
        ...

    async def fail(self, claim: Claim, failure: Failure) -> None:
        """Keep why a processor stopped, for everybody to see; its next move forgets it."""
        ...

    def table(self, model: ViewModel) -> Any:
        """Return the table of a view, whose columns read values as the fields have them."""
        ...

    def snapshot(self) -> Snapshot:
        """Begin to read; called in a worker thread."""
        ...

    async def run(self, work: Callable[[], T]) -> T:
        """Run reads in a worker thread."""
        ...

    async def close(self) -> None:
        """Finish what is being written and let go of the database."""
        ...

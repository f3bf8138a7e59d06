"""Views and moves for the contract of read sides. Read by: authors of contracts."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from msgspec import Struct

from leftfold.eventstore.port import Mark
from leftfold.messages.message import Event
from leftfold.modeling.roles import evolves
from leftfold.processing.batch import Changes
from leftfold.processing.columns import Scale
from leftfold.processing.port import Claim, Place, ReadSide, Snapshot, Transaction, Wish
from leftfold.processing.view import View
from leftfold.processing.viewmodel import view_model

__all__ = [
    "STORE",
    "Line",
    "Night",
    "Parcel",
    "Size",
    "claimed",
    "deleting",
    "mark",
    "prepared",
    "reading",
    "replacing",
    "writing",
]

T = TypeVar("T")

STORE = UUID(int=7)


class _Happened(Event):
    """An event that a view must have, and that these tests never fold."""

    key: str


class Size(Enum):
    """An Enum that is kept as its value."""

    SMALL = "s"
    LARGE = "l"


class Line(Struct, frozen=True):
    """A value that has no column type of its own."""

    product: str
    price: Decimal


class Parcel(View, key="key", indexes=("weight", ("size", "made"))):
    """A row with a column of each kind."""

    key: str
    text: str = "plain"
    count: int = 0
    ready: bool = False
    ratio: float = 0.0
    weight: Decimal = Decimal(0)
    cost: Annotated[Decimal, Scale(2)] = Decimal("0.00")
    made: datetime | None = None
    day: date | None = None
    owner: UUID | None = None
    size: Size = Size.SMALL
    level: Literal[1, 2, 3] = 1
    lines: tuple[Line, ...] = ()
    notes: dict[str, list[int]] = {}  # noqa: RUF012  each row gets its own

    @evolves
    def happened(self, event: _Happened) -> None:
        """Fold nothing; these tests write rows themselves."""


class Night(View, key=("room", "number")):
    """A row with a composite key."""

    room: str
    number: int
    guest: str = ""

    @evolves(key=("key", lambda _event: 1))
    def happened(self, event: _Happened) -> None:
        """Fold nothing."""


def mark(number: int) -> Mark:
    """Return a place in the log."""
    return Mark(number, UUID(int=number))


async def prepared(readside: ReadSide, *views: type[View]) -> ReadSide:
    """Return a read side that has the tables of views."""
    await readside.prepare([view_model(v) for v in views], (), store=STORE)
    return readside


async def claimed(
    readside: ReadSide, *, owner: str = "ann", processor: str = "Parcel", fold: str = "f"
) -> Claim:
    """Claim a processor that must be free."""
    claim = await readside.claim(Wish(Place(processor, 1), owner, fold))
    assert isinstance(claim, Claim), claim
    return claim


def writing(*rows: View, tenant: str = "") -> Callable[[Transaction], None]:
    """Return a fold that writes rows, new or not."""
    return lambda transaction: _write(transaction, rows, tenant, "placed")


def replacing(*rows: View, tenant: str = "") -> Callable[[Transaction], None]:
    """Return a fold that writes rows that are there."""
    return lambda transaction: _write(transaction, rows, tenant, "changed")


def deleting(view: type[View], *keys: Any, tenant: str = "") -> Callable[[Transaction], None]:
    """Return a fold that removes rows."""
    changes = Changes(changed={}, placed={}, gone=keys)
    return lambda transaction: transaction.write(view_model(view), tenant, changes)


def _write(transaction: Transaction, rows: Iterable[View], tenant: str, how: str) -> None:
    for row in rows:
        model = view_model(type(row))
        given = {"placed": {}, "changed": {}, how: {model.key_of(row): row}}
        changes = Changes(placed=given["placed"], changed=given["changed"], gone=())
        transaction.write(model, tenant, changes)


async def reading(readside: ReadSide, work: Callable[[Snapshot], T]) -> T:
    """Read on a snapshot of its own."""

    def once() -> T:
        snapshot = readside.snapshot()
        try:
            return work(snapshot)
        finally:
            snapshot.close()

    return await readside.run(once)

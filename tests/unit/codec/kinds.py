"""Types that events may hold, and events of one field. Read by: tests of the codec."""

import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, NamedTuple, NewType, TypedDict

import pytest
from msgspec import Struct

from leftfold.codec import Codec
from leftfold.messages import Event

NAN, INF = float("nan"), float("inf")
NAIVE = datetime(2030, 1, 2, 3)  # noqa: DTZ001  it is what the tests are about
NORTH = timezone(timedelta(hours=-3))
THERE = datetime(2030, 1, 2, 0, 0, 0, 5, tzinfo=NORTH)
HERE = datetime(2030, 1, 2, 3, 0, 0, 5, tzinfo=UTC)


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Status(StrEnum):
    OPEN = "open"


class Line(Struct, frozen=True):
    at: datetime
    price: float = 0.0


class Tree(Struct, frozen=True):
    at: datetime | None = None
    left: "Tree | None" = None


class Chain(Struct, frozen=True):
    name: str
    next: "Chain | None" = None


class Named(NamedTuple):
    at: datetime
    count: int = 0


class Typed(TypedDict, total=False):
    at: datetime
    note: str


@dataclasses.dataclass(frozen=True)
class Data:
    at: datetime
    inner: "Data | None" = None


class Cash(Struct, frozen=True, tag=True):
    amount: Decimal


class Card(Struct, frozen=True, tag=True):
    at: datetime


Customer = NewType("Customer", str)


def of(annotation: Any) -> type[Any]:
    """Return an event with one field of a type."""
    made: type[Any] = type(Event)(
        "Happened", (Event,), {"__module__": __name__, "__annotations__": {"it": annotation}}
    )
    return made


def numbered(cases: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Give each case an id of its own."""
    return [pytest.param(*case, id=f"{n} {case[0]}") for n, case in enumerate(cases)]


def stored(annotation: Any, value: object) -> Any:
    """Return what comes back of a value."""
    cls = of(annotation)
    codec = Codec([cls])
    event = cls(it=value)
    sealed = codec.seal(event)
    assert codec.decode(sealed.type, sealed.revision, sealed.data) == sealed.event
    return sealed.event.it  # type: ignore[attr-defined]

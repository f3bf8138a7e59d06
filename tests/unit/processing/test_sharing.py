"""Which events several views may hold. Read by: who adds a kind of value."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NamedTuple
from uuid import UUID

import pytest
from msgspec import Struct

from leftfold.messages.message import Event
from leftfold.processing.sharing import can_be_shared


class Fixed(Struct, frozen=True):
    name: str


class Loose(Struct):
    name: str


class Size(Enum):
    SMALL = "s"


class Pair(NamedTuple):
    first: int
    second: Fixed


@dataclass(frozen=True)
class Plain:
    name: str


class Tree(Event):
    name: str
    children: "tuple[Tree, ...]" = ()


def event_with(annotation: Any) -> type[Event]:
    body = {"__annotations__": {"field": annotation}, "__module__": __name__}
    found: type[Event] = type(Event)("Happened", (Event,), body)
    return found


@pytest.mark.parametrize(
    "annotation",
    [
        str,
        int | None,
        Decimal,
        datetime,
        date,
        UUID,
        Size,
        Literal["a"],
        Fixed,
        tuple[Fixed, ...],
        tuple[int, Fixed | None],
        frozenset[str],
        Pair,
    ],
    ids=str,
)
def test_what_cannot_be_changed_is_shared(annotation: Any) -> None:
    assert can_be_shared(event_with(annotation))


@pytest.mark.parametrize(
    "annotation",
    [
        list[str],
        dict[str, int],
        set[int],
        bytearray,
        Any,
        Loose,
        Plain,
        tuple[Loose, ...],
        tuple[int, list[int]],
        Fixed | list[int],
    ],
    ids=str,
)
def test_what_can_be_changed_is_not(annotation: Any) -> None:
    assert not can_be_shared(event_with(annotation))


def test_a_type_may_hold_itself() -> None:
    assert can_be_shared(Tree)

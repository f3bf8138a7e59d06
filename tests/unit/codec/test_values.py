"""Moments, numbers and texts, at any depth and in any container. Read by: authors of the codec."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from msgspec import Struct
from unit.codec.kinds import (
    HERE,
    INF,
    NAIVE,
    NAN,
    NORTH,
    THERE,
    Card,
    Cash,
    Chain,
    Data,
    Line,
    Named,
    Tree,
    Typed,
    numbered,
    stored,
)

from leftfold.errors import CodecError

HOLDERS: list[tuple[Any, Any, Any]] = [
    (datetime, THERE, HERE),
    (datetime | None, THERE, HERE),
    (Annotated[datetime, "note"], THERE, HERE),
    (datetime | int, THERE, HERE),
    (list[datetime], [THERE], [HERE]),
    (list[datetime] | None, [THERE], [HERE]),
    (list[datetime | int], [1, THERE], [1, HERE]),
    (set[datetime], {THERE}, {HERE}),
    (tuple[int, datetime], (1, THERE), (1, HERE)),
    (tuple[datetime, ...], (THERE, THERE), (HERE, HERE)),
    (dict[str, datetime], {"a": THERE}, {"a": HERE}),
    (dict[datetime, int], {THERE: 1}, {HERE: 1}),
    (Mapping[str, Sequence[datetime]], {"a": [THERE]}, {"a": [HERE]}),
    (Line, Line(THERE), Line(HERE)),
    (Line | None, Line(THERE), Line(HERE)),
    (list[Line], [Line(THERE)], [Line(HERE)]),
    (Tree, Tree(left=Tree(left=Tree(THERE))), Tree(left=Tree(left=Tree(HERE)))),
    (Named, Named(THERE), Named(HERE)),
    (Typed, {"at": THERE, "note": "n"}, {"at": HERE, "note": "n"}),
    (Data, Data(HERE, Data(THERE)), Data(HERE, Data(HERE))),
    (Cash | Card, Card(THERE), Card(HERE)),
    (dict[str, list[tuple[int, Line | None]]], {"a": [(1, Line(THERE))]}, {"a": [(1, Line(HERE))]}),
]


@pytest.mark.parametrize(("annotation", "given", "settled"), numbered(HOLDERS))
def test_a_moment_is_stored_in_utc_wherever_it_is(
    annotation: Any, given: Any, settled: Any
) -> None:
    again = stored(annotation, given)
    assert again == settled
    assert repr(again) == repr(settled)
    assert type(again) is type(settled)


@pytest.mark.parametrize(("annotation", "given", "_settled"), numbered(HOLDERS))
def test_a_moment_without_zone_is_refused_wherever_it_is(
    annotation: Any, given: Any, _settled: Any
) -> None:
    with pytest.raises(CodecError, match="2030-01-02T03:00:00 has no time zone"):
        stored(annotation, replaced(given, NAIVE))


def replaced(holder: Any, by: datetime) -> Any:
    """Return the holder with another moment wherever it has THERE."""
    if isinstance(holder, datetime):
        found: Any = by if holder is THERE else holder
    elif isinstance(holder, dict):
        found = {replaced(k, by): replaced(v, by) for k, v in holder.items()}
    elif isinstance(holder, (list, set, tuple)):
        make = getattr(holder, "_make", type(holder))
        found = make([replaced(v, by) for v in holder])
    elif isinstance(holder, Struct) or dataclasses.is_dataclass(holder):
        names = getattr(holder, "__struct_fields__", ("at", "inner"))
        found = type(holder)(**{n: replaced(getattr(holder, n), by) for n in names})
    else:
        found = holder
    return found


class Moment(datetime):
    """As test tools replace the class."""


def test_a_moment_of_a_subclass_is_stored_as_a_plain_one() -> None:
    again = stored(datetime, Moment(2030, 1, 2, tzinfo=NORTH))
    assert again == datetime(2030, 1, 2, 3, tzinfo=UTC)
    assert type(again) is datetime


@pytest.mark.parametrize(
    ("annotation", "value"),
    numbered(
        [
            (float, NAN),
            (float, -INF),
            (Decimal, Decimal("NaN")),
            (Decimal, Decimal("sNaN")),
            (Decimal | None, Decimal("-Infinity")),
            (float | None, NAN),
            (list[float], [1.0, NAN]),
            (tuple[int, float], (1, INF)),
            (dict[float, int], {NAN: 1}),
            (Line, Line(HERE, NAN)),
            (Cash | Card, Cash(Decimal("NaN"))),
            (Any, NAN),
            (list[Any], [1, {"a": (NAN,)}]),
            (Any, Decimal("Infinity")),
            (object, [NAN]),
        ]
    ),
)
def test_what_is_no_number_is_refused_wherever_it_is(annotation: Any, value: object) -> None:
    with pytest.raises(CodecError, match=r"Happened cannot be stored: .*JSON has no such number"):
        stored(annotation, value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    numbered(
        [
            (str, "a\x00"),
            (dict[str, int], {"\x00": 1}),
            (list[str | None], [None, "\x00"]),
            (Any, {"a": ["\x00"]}),
            (Chain, Chain("a", Chain("\x00"))),
        ]
    ),
)
def test_u0000_is_refused_wherever_it_is(annotation: Any, value: object) -> None:
    with pytest.raises(CodecError, match=r"a text holds U\+0000, which databases refuse"):
        stored(annotation, value)


@pytest.mark.parametrize("value", ["a\ud800", {"\udfff": 1}, ["\ud800"]])
def test_lone_surrogates_are_refused(value: object) -> None:
    with pytest.raises(CodecError, match=r"cannot be stored: .*surrogates not allowed"):
        stored(Any, value)

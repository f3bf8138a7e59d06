"""Which types and values an event may hold, and what comes back of them. Read by: its authors."""

import dataclasses
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Struct
from unit.codec.kinds import (
    HERE,
    NAN,
    Card,
    Cash,
    Chain,
    Colour,
    Customer,
    Data,
    Level,
    Line,
    Named,
    Status,
    Typed,
    numbered,
    of,
    stored,
)

from leftfold.codec import Codec
from leftfold.codec.values import settle_for
from leftfold.errors import CodecError, ConfigurationError
from leftfold.messages import Event


@pytest.mark.parametrize(
    ("annotation", "value"),
    numbered(
        [
            (bool, True),
            (int, 2**64 - 1),
            (int, -(2**70)),
            (float, -0.0),
            (float, 1e308),
            (str, '"\\u0000" is no U+0000 \U0001f600'),
            (bytes, b"\x00\xff"),
            (date, date(2030, 1, 2)),
            (time, time(1, 2, 3, 4)),
            (timedelta, timedelta(days=-3, microseconds=5)),
            (UUID, UUID(int=5)),
            (Colour, Colour.RED),
            (Level, Level.HIGH),
            (Status | None, Status.OPEN),
            (Customer, Customer("c")),
            (Literal["a", 1], 1),
            (None, None),
            (list[int], []),
            (set[str], {"a", "b"}),
            (frozenset[int], frozenset({1, 2})),
            (tuple[int, ...], (1, 2)),
            (tuple[int, str], (1, "a")),
            (dict[int, str], {1: "a", -5: "b"}),
            (dict[UUID, int], {UUID(int=5): 1}),
            (dict[date, int], {date(2030, 1, 2): 1}),
            (dict[Status, int], {Status.OPEN: 1}),
            (Mapping[str, list[int]], {"a": [1]}),
            (Sequence[int], [1, 2]),
            (Chain, Chain("a", Chain("b", Chain("c")))),
            (int | str | None, "5"),
            (int | float, 1.0),
            (Cash | Card, Cash(Decimal("1.10"))),
            (Any, {"a": [1, True, None, 1.5, {"b": "c"}]}),
            (object, [1, "a"]),
            (Annotated[int, msgspec.Meta(ge=0)], 0),
        ]
    ),
)
def test_a_value_comes_back_as_it_was(annotation: Any, value: object) -> None:
    again = stored(annotation, value)
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize(
    "digits", ["1.10", "0.000", "1E+400", "-0", "1E+5", "123456789012345678901234.5"]
)
def test_a_decimal_keeps_its_digits(digits: str) -> None:
    assert str(stored(Decimal, Decimal(digits))) == digits
    assert Codec([cls := of(Decimal)]).encode(cls(it=Decimal(digits)))[2] == (
        b'{"it":"%s"}' % digits.encode()
    )


@pytest.mark.parametrize(
    ("annotation", "value"),
    numbered(
        [
            (int, True),
            (int, "5"),
            (int, 1.0),
            (int, NAN),
            (str, 5),
            (str, None),
            (str, datetime(2030, 1, 2, tzinfo=UTC)),
            (bool, 1),
            (Decimal, 0.1),
            (Colour, "red"),
            (list[int], (1, 2)),
            (tuple[int, ...], [1, 2]),
            (Line, {"at": HERE}),
            (Line, None),
            (Typed, {"at": HERE, "surplus": 1}),
            (date, HERE),
            (Annotated[int, msgspec.Meta(ge=0)], -1),
            (Literal["a"], "b"),
            (Any, (1, 2)),
            (Any, {1: "a"}),
            (Any, {1, 2}),
            (Any, HERE),
            (Any, Decimal(1)),
            (Any, UUID(int=5)),
            (Any, Line(HERE)),
            (Any, Named(HERE)),
            (Any, Data(HERE)),
            (Any, b"x"),
            (Any, Colour.RED),
            (Any, Level.HIGH),
            (Any, [Status.OPEN]),
            (Any, {Status.OPEN: 1}),
            (Any, object()),
            (Any, (n for n in range(3))),
            (dict[str, int], {1: 1}),
            (datetime, datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))),
        ]
    ),
)
def test_what_would_not_come_back_as_it_was_is_refused(annotation: Any, value: object) -> None:
    with pytest.raises(CodecError, match="Happened cannot be stored"):
        stored(annotation, value)


def test_what_is_unset_stays_unset() -> None:
    class Patched(Event):
        note: str | msgspec.UnsetType | None = msgspec.UNSET
        at: datetime | msgspec.UnsetType = msgspec.UNSET

    sealed = Codec([Patched]).seal(Patched())
    assert (sealed.data, sealed.event) == (b"{}", Patched())


def test_a_float_field_may_be_given_a_whole_number_and_has_a_float() -> None:
    again = stored(float, 1)
    assert (again, type(again)) == (1.0, float)


def test_the_order_of_a_dict_is_kept() -> None:
    assert list(stored(dict[str, int], OrderedDict(b=1, a=2))) == ["b", "a"]


def test_the_field_that_differs_is_named_with_both_values() -> None:
    with pytest.raises(
        CodecError,
        match=r"its it would come back as \[1, 2\], not as \(1, 2\). Give the field the type",
    ):
        stored(Any, (1, 2))


def nested(depth: int) -> Any:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_depth_beyond_the_interpreters_is_an_error_and_no_crash() -> None:
    assert stored(Any, nested(50)) == nested(50)
    with pytest.raises(CodecError, match="recursion"):
        stored(Any, nested(100_000))
    chain = Chain("end")
    for _ in range(100_000):
        chain = Chain("a", chain)
    with pytest.raises(CodecError, match="recursion"):
        stored(Chain, chain)
    while chain.next is not None:  # take it apart without recursion
        chain = chain.next


class Money:
    """A class of its own, which JSON knows nothing of."""


class NoEquality(Struct, eq=False):
    x: int


@dataclasses.dataclass(eq=False)
class NoEqualityEither:
    x: int


class One(Struct):
    x: int


class Two(Struct):
    y: int


@pytest.mark.parametrize(
    ("annotation", "words"),
    numbered(
        [
            (Money, "its field 'it' is Money, which JSON cannot hold; make it a msgspec Struct"),
            (list[dict[str, Money]], "its field 'it' is Money"),
            (One | Two, "its field 'it' is .*all Struct types must be tagged"),
            (list[int] | set[int], "its field 'it' is .*more than one array-like"),
            (datetime | UUID, "its field 'it' is .*more than one str-like"),
            (dict[tuple[int, int], int], "a dict whose keys are no texts or numbers"),
            (dict[bool, int], "a dict whose keys are no texts or numbers"),
            (NoEquality, "NoEquality, which has no equality, .* leave out eq=False"),
            (NoEqualityEither, "NoEqualityEither, which has no equality"),
            (
                "Nowhere",
                "the annotation 'Nowhere' cannot be resolved. It is imported under TYPE_CH",
            ),
        ]
    ),
)
def test_a_type_that_cannot_be_stored_is_refused_when_the_app_is_made(
    annotation: Any, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Codec([of(annotation)])


def test_a_type_that_holds_nothing_to_check_costs_nothing() -> None:
    assert settle_for(dict[str, list[Chain]]) is None
    assert settle_for(tuple[int, str, UUID]) is None

"""Kept values come back, and sort as the values do. Read by: who adds a kind of column."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.errors import ConfigurationError
from leftfold.processing.columns import Column, Scale, column_of
from leftfold.processing.values import Misfit

Sku = NewType("Sku", str)


class Color(StrEnum):
    RED = "red"


class Rank(IntEnum):
    LOW = 1


class Odd(Enum):
    PAIR = (1, 2)


def column(annotation: Any) -> Column:
    return column_of("Order", "field", annotation)


def again(annotation: Any, value: Any) -> Any:
    """Return a value as it comes back."""
    kind = column(annotation)
    kept = kind.encode(value)
    return kept if kept is None or kind.decode is None else kind.decode(kept)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, "text"),
        (Sku, "text"),
        (Annotated[str, msgspec.Meta(max_length=3)], "text"),
        (int | None, "integer"),
        (bool, "boolean"),
        (float, "float"),
        (Decimal, "decimal"),
        (Annotated[Decimal, Scale(2)] | None, "decimal"),
        (datetime, "datetime"),
        (date, "date"),
        (UUID, "uuid"),
        (Color, "text"),
        (Rank, "integer"),
        (Literal["a", "b"], "text"),
        (Literal[1, 2], "integer"),
        (Literal["a", 1], "json"),
        (list[str], "json"),
        (str | int, "json"),
        (dict[str, Decimal], "json"),
        (Any, "json"),
    ],
)
def test_the_type_of_a_field_says_how_it_is_kept(annotation: Any, kind: str) -> None:
    assert column(annotation).kind == kind


@pytest.mark.parametrize("annotation", [Odd, list[Odd], msgspec.UnsetType])
def test_a_type_that_json_does_not_know_is_refused_by_name(annotation: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Order\.field: .* cannot be kept in a column"):
        column(annotation)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Color, Color.RED),
        (Rank, Rank.LOW),
        (str | int, 5),
        (dict[str, Decimal], {"a": Decimal("1.10")}),
        (int | None, None),
        (list[str] | None, None),
        (float, 3),
        (Decimal, 3),
    ],
)
def test_values_come_back(annotation: Any, value: Any) -> None:
    assert again(annotation, value) == value


def test_a_member_of_an_enum_of_texts_fits_a_text() -> None:
    assert again(str, Color.RED) == "red"
    assert type(again(str, Color.RED)) is str


@given(st.decimals(-(2**63), 2**63 - 1, places=3).map(lambda d: d.scaleb(-9)))
def test_what_fits_a_scale_comes_back_exactly(value: Decimal) -> None:
    for annotation in (Annotated[Decimal, Scale(12)], Annotated[Decimal, Scale(18)]):
        try:
            found = again(annotation, value)
        except Misfit:
            continue
        assert found == value
        assert "E" not in str(again(Decimal, Decimal(int(value))))


@given(st.lists(st.decimals(-(10**9), 10**9, places=6), min_size=2, max_size=2))
def test_decimals_sort_as_they_are_kept(pair: list[Decimal]) -> None:
    encode = column(Decimal).encode

    assert (pair[0] < pair[1]) == (encode(pair[0]) < encode(pair[1]))


MOMENTS = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001
    lambda d: d.replace(tzinfo=UTC)
)


@given(MOMENTS, MOMENTS, st.integers(-23, 23))
def test_moments_sort_as_they_are_kept_in_any_zone(
    one: datetime, other: datetime, hours: int
) -> None:
    encode = column(datetime).encode
    moved = one.astimezone(timezone(timedelta(hours=hours)))

    assert encode(moved) == encode(one)
    assert (one < other) == (encode(one) < encode(other))
    assert again(datetime, moved) == one


@given(st.text())
def test_texts_come_back_or_are_refused(text: str) -> None:
    try:
        assert again(str, text) == text
    except Misfit:
        assert "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text)


def test_a_scale_that_was_declared_shows_all_its_places() -> None:
    assert str(again(Annotated[Decimal, Scale(2)], Decimal(5))) == "5.00"
    assert str(again(Decimal, Decimal("5.00"))) == "5"
    assert str(again(Decimal, Decimal("100.50"))) == "100.5"


def test_a_misfit_says_what_it_is_and_what_to_do() -> None:
    with pytest.raises(Misfit, match=r"Decimal.*0\.001.* finer than the column's 2 .*Scale\(n\)"):
        column(Annotated[Decimal, Scale(2)]).encode(Decimal("0.001"))
    with pytest.raises(Misfit, match="beyond 92233720368547758, the most with 2 decimal places"):
        column(Annotated[Decimal, Scale(2)]).encode(Decimal(10**17))
    with pytest.raises(Misfit, match="would come back as"):
        column(list[Any]).encode([(1, 2)])

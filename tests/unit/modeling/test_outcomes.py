"""First answers, kept and given again. Read by: authors of commands with ids."""

import types
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from msgspec import Struct
from unit.modeling.deciding import NotPositive

from leftfold.errors import AlreadyExists, CodecError, NotFound, Rejected
from leftfold.messages import Command, MessageType
from leftfold.modeling.outcomes import (
    content_of,
    encode_refusal,
    encode_result,
    fingerprint_of,
    fingerprints_of,
    outcome_of,
)


class Colour(Enum):
    RED = "red"


class Row(Struct):
    name: str
    price: Decimal


def command(result: Any) -> Any:
    """Return a command called Ask that promises this."""
    return types.new_class("Ask", (Command[result],))()


@pytest.mark.parametrize(
    ("promised", "result"),
    [
        (None, None),
        (int, 2**70),
        (Decimal, Decimal("1.10")),
        (tuple[int, str], (1, "a")),
        (list[Row], [Row("a", Decimal("1.00"))]),
        (Row | None, None),
        (Row | None, Row("a", Decimal(1))),
        (Colour, Colour.RED),
        (dict[str, set[int]], {"a": {1, 2}}),
        (Any, {"a": [1, None, "x"]}),
    ],
    ids=str,
)
def test_an_answer_comes_back_as_it_was(promised: Any, result: Any) -> None:
    ask = command(promised)
    again, refusal = outcome_of(ask, encode_result(ask, result))
    assert (again, type(again), refusal) == (result, type(result), None)


def test_a_decimal_answer_keeps_its_digits() -> None:
    ask = command(Decimal)
    assert str(outcome_of(ask, encode_result(ask, Decimal("1.100")))[0]) == "1.100"


@pytest.mark.parametrize(
    ("promised", "result"),
    [
        (Any, Decimal("1.10")),
        (Any, (1, 2)),
        (Any, Row("a", Decimal(1))),
        (Any, object()),
        (Any, float("nan")),
        (int, None),
        (int, "5"),
        (float, float("inf")),
        (str, "\ud800"),
    ],
    ids=str,
)
def test_an_answer_that_would_not_come_back_is_refused(promised: Any, result: Any) -> None:
    with pytest.raises(CodecError, match=r"Ask was sent with an id, so its answer is kept, but"):
        encode_result(command(promised), result)


class Detailed(Rejected):
    """Is made of more than its words."""

    def __init__(self, order: str, missing: int) -> None:
        super().__init__(f"order {order} lacks {missing}")
        self.order = order


class Wrapped(Rejected):
    """Makes its words of one text."""

    def __init__(self, order: str) -> None:
        super().__init__(f"order {order} is not paid")


class Coded(Rejected):
    """Has kept the code of its former name."""

    code = "not-yet-settled"


@pytest.mark.parametrize(
    "refusal",
    [
        NotFound("no account 'a'"),
        AlreadyExists("there is one"),
        NotPositive("-1"),
        Rejected("no"),
        Rejected(),
        Detailed("o-1", 5),
        Wrapped("o-1"),
        Coded("later"),
    ],
    ids=repr,
)
def test_a_refusal_comes_back_as_its_class_with_its_words(refusal: Rejected) -> None:
    _, again = outcome_of(command(None), encode_refusal(refusal))
    assert type(again) is type(refusal)
    assert str(again) == str(refusal)
    assert again is not None
    assert again.code == refusal.code


def test_a_refusal_whose_class_is_gone_keeps_its_code() -> None:
    kept = b'{"refused":"sold-out","reason":"no seats"}'
    _, again = outcome_of(command(None), kept)
    assert type(again) is Rejected
    assert (again.code, str(again)) == ("sold-out", "no seats")
    assert Rejected.code == "rejected"
    assert Rejected("other").code == "rejected"


def test_two_classes_of_one_code_are_not_guessed_between() -> None:
    first = type("Twice", (Rejected,), {"__module__": "one"})
    second = type("Twice", (Rejected,), {"__module__": "two"})
    assert first.code == second.code == "twice"  # type: ignore[attr-defined]
    _, again = outcome_of(command(None), encode_refusal(first("no")))
    assert (type(again), again and again.code) == (Rejected, "twice")


def test_a_class_that_is_loaded_again_counts_once() -> None:
    first = type("Reloaded", (Rejected,), {"__module__": "shop"})
    second = type("Reloaded", (Rejected,), {"__module__": "shop"})
    _, again = outcome_of(command(None), encode_refusal(first("no")))
    assert type(again) is second


def test_a_refusal_that_is_no_unicode_text_is_kept_all_the_same() -> None:
    _, again = outcome_of(command(None), encode_refusal(Rejected("bad name \ud800")))
    assert str(again) == r"bad name \ud800"


def test_an_answer_that_does_not_fit_any_more_says_so() -> None:
    kept = encode_result(command(int), 5)
    with pytest.raises(CodecError, match="was kept, but does not fit its result type now"):
        outcome_of(command(str), kept)


class Place(Command[None]):
    order: str
    lines: dict[str, int] = {}
    tags: set[str] = set()
    price: Any = 1


def test_equal_commands_have_equal_contents_in_every_process() -> None:
    one = Place(order="o", lines={"a": 1, "b": 2}, tags={"x", "y", "z"})
    other = Place(order="o", lines={"b": 2, "a": 1}, tags={"z", "y", "x"})
    assert content_of(one) == content_of(other)
    # Kept in receipts: it never changes.
    assert fingerprint_of(one).hex()[:16] == "de92a507ac1994f6"


@pytest.mark.parametrize(
    "other",
    [
        Place(order="p"),
        Place(order="o", lines={"a": 1}),
        Place(order="o", tags={"x"}),
        Place(order="o", price=2),
        Place(order="o", price=True),
        Place(order="o", price=1.0),
        Place(order="o", price="1"),
    ],
    ids=repr,
)
def test_other_contents_have_other_fingerprints(other: Place) -> None:
    assert fingerprint_of(other) != fingerprint_of(Place(order="o"))


def made(name: str, annotations: dict[str, Any], **options: Any) -> Any:
    defaults = options.pop("defaults", {})
    body = {"__module__": __name__, "__annotations__": annotations, **defaults}
    return MessageType(name, (Command,), body, **options)


def test_a_command_is_the_same_after_its_class_got_a_field_or_another_name() -> None:
    before = made("Place", {"order": str})(order="o")
    grown = made("Place", {"order": str, "note": str}, defaults={"note": ""})
    renamed = made("PlaceOrder", {"order": str}, formerly=("Place",))
    other = made("PlaceOrder", {"order": str})

    assert fingerprint_of(before) in fingerprints_of(grown(order="o"))
    assert fingerprint_of(before) not in fingerprints_of(grown(order="o", note="n"))
    assert fingerprint_of(before) in fingerprints_of(renamed(order="o"))
    assert fingerprint_of(before) not in fingerprints_of(other(order="o"))


def test_a_command_that_is_no_json_cannot_have_an_id() -> None:
    with pytest.raises(CodecError, match="Place cannot be sent with an id"):
        fingerprint_of(Place(order="o", price=object()))

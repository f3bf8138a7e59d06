"""Which tags a message carries. Read by: authors of tags=."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from leftfold.errors import CodecError
from leftfold.messages import Event, together
from leftfold.messages.message import options_of


class Colour(StrEnum):
    RED = "red"


class Liked(
    Event,
    tags={
        "like": together("article", "user"),
        "party": ("user", "friend"),
        "email": lambda event: event.email.casefold() if event.email else None,
        "words": "words",
    },
):
    article: str
    user: str
    friend: str | None = None
    email: str | None = None
    words: tuple[str, ...] = ()


def tags(event: Event) -> frozenset[str]:
    return options_of(type(event)).read_tags(event)


def test_tags_come_from_fields_alternatives_pairs_and_functions() -> None:
    assert tags(Liked(article="a/1", user="ann")) == {"like:a\\/1/ann", "party:ann"}
    assert tags(
        Liked(article="a", user="ann", friend="bob", email="Bob@X.ORG", words=("x", "y"))
    ) == {"like:a/ann", "party:ann", "party:bob", "email:bob@x.org", "words:x", "words:y"}


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("x", {"it:x"}),
        (5, {"it:5"}),
        (UUID(int=1), {"it:00000000-0000-0000-0000-000000000001"}),
        (date(2030, 1, 2), {"it:2030-01-02"}),
        (datetime(2030, 1, 2, tzinfo=UTC), {"it:2030-01-02T00:00:00+00:00"}),
        (Colour.RED, {"it:red"}),
        (None, set[str]()),
        ([], set[str]()),
        ({"a", "b"}, {"it:a", "it:b"}),
        (("a", None), {"it:a"}),
    ],
)
def test_a_tag_is_the_text_of_its_value(value: object, tag: set[str]) -> None:
    class Happened(Event, tags=("it",)):
        it: Any

    assert tags(Happened(it=value)) == tag


@pytest.mark.parametrize("value", [Decimal(1), 1.5, b"x", {"a": 1}, object()])
def test_what_has_no_one_text_is_no_tag(value: object) -> None:
    class Happened(Event, tags=("it",)):
        it: Any

    with pytest.raises(CodecError, match="cannot be a tag: a tag is a str, int, UUID or date"):
        tags(Happened(it=value))

"""How keys are written, and where they fall. Read by: who names a stream or a row."""

from datetime import UTC, date, datetime
from enum import Enum, IntEnum, StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.errors import CodecError, ConfigurationError
from leftfold.messages import Command
from leftfold.messages.keys import key_reader, key_text, slice_of, stream_name


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


class Kind(Enum):
    A = "a"


class Text(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("ann",), "ann"),
        (("a/b\\c",), "a/b\\c"),
        ((" Ärger ",), " Ärger "),
        ((0,), "0"),
        ((-17,), "-17"),
        ((2**70,), "1180591620717411303424"),
        ((UUID("0189E8E0-7D6C-7ABC-8DEF-000000000001"),), "0189e8e0-7d6c-7abc-8def-000000000001"),
        ((date(2030, 1, 2),), "2030-01-02"),
        ((Colour.RED,), "red"),
        ((Size.BIG,), "3"),
        ((Kind.A,), "a"),
        ((Text("sub"),), "sub"),
        (("room", date(2030, 1, 2)), "room/2030-01-02"),
        (("a/b", "c"), "a\\/b/c"),
        (("a", "b/c"), "a/b\\/c"),
        (("a\\", "b"), "a\\\\/b"),
    ],
)
def test_a_key_is_written_in_one_way(parts: tuple[object, ...], text: str) -> None:
    assert key_text(parts) == text


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("",), "A key is empty"),
        (("a", ""), "A key is empty"),
        ((None,), "None cannot be a key: a key is a str, int, UUID or date, not NoneType"),
        ((True,), "True cannot be a key"),
        ((1.5,), "1.5 cannot be a key"),
        ((datetime(2030, 1, 2, tzinfo=UTC),), "not datetime"),
        (((1, 2),), "cannot be a key"),
        (("x" * 513,), "has 513 bytes; the limit is 512"),
        (("ä" * 257,), "has 514 bytes"),
        (("x" * 10_000,), "has 10,000 bytes"),
        (("a\x00b",), r"holds U\+0000"),
        (("a\ud800",), "is no Unicode text. Remove the surrogates"),
    ],
)
def test_what_is_no_key_is_refused_by_name(parts: tuple[object, ...], words: str) -> None:
    with pytest.raises(CodecError, match=words):
        key_text(parts)


def test_a_key_of_512_bytes_is_fine() -> None:
    assert len(key_text(("ä" * 256,)).encode()) == 512


PARTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=15
)


@given(st.tuples(PARTS, PARTS), st.tuples(PARTS, PARTS))
def test_different_composite_keys_have_different_texts(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert (key_text(one) == key_text(other)) == (one == other)


@given(st.lists(PARTS, min_size=2, max_size=4))
def test_a_composite_key_can_be_taken_apart_again(parts: list[str]) -> None:
    taken, part, escaped = [], "", False
    for char in key_text(tuple(parts)):
        if escaped or char not in "\\/":
            part, escaped = part + char, False
        elif char == "\\":
            escaped = True
        else:
            taken.append(part)
            part = ""
    assert [*taken, part] == parts


@pytest.mark.parametrize(
    ("tenant", "key", "number"),
    [  # of docs/reference/keys.md and more; rows are stored by them, so they never change
        ("", "o-1", 711),
        ("acme", "o-1", 4),
        ("", "1180591620717411303424", 850),
        ("", "Zürich", 923),
        ("acme", "Zürich", 184),
        ("", "room/12/2030-01-31", 817),
        ("", "a\\/b/c\\\\d", 621),
        ("nörd", "o-1/7", 843),
        ("", "😀", 370),
    ],
)
def test_a_key_keeps_its_slice(tenant: str, key: str, number: int) -> None:
    assert slice_of(tenant, key) == number


@given(st.text(), PARTS)
def test_every_key_falls_in_one_of_1024_slices(tenant: str, key: str) -> None:
    tenant = tenant.encode(errors="ignore").decode()
    assert 0 <= slice_of(tenant, key) < 1024
    assert slice_of(tenant, key) == slice_of(tenant, key)


class Book(Command[None]):
    room: str
    night: date
    guests: int = 1


FIELDS = Book.__struct_fields__


def test_a_key_is_read_from_fields_and_functions() -> None:
    book = Book(room="12", night=date(2030, 1, 2), guests=2)

    def read(source: object) -> tuple[object, ...]:
        return key_reader("Rooms.book", Book, FIELDS, source, decorator="handles")(book)  # type: ignore[arg-type]

    assert read("room") == ("12",)
    assert read(("room", "night")) == ("12", date(2030, 1, 2))
    assert read(lambda given: given.room.upper()) == ("12",)
    assert read(("room", lambda given: given.guests)) == ("12", 2)


def test_a_key_that_is_no_field_is_named_with_the_fields_there_are() -> None:
    class Withdraw(Command[None]):
        id: str
        amount: int

    words = (
        r"Account.withdraw: Withdraw has no field 'account' \(it has: id, amount\). Rename the "
        r'field, or say which holds the key: @handles\(key="id"\)\.'
    )
    with pytest.raises(ConfigurationError, match=words):
        key_reader(
            "Account.withdraw",
            Withdraw,
            Withdraw.__struct_fields__,
            "account",
            decorator="handles",
        )


def test_a_stream_is_the_models_name_and_the_key() -> None:
    assert stream_name("Account", "a/b") == "Account/a/b"

"""Events to bytes and back, by name, revision and class. Read by: authors of the codec."""

import datetime as dt
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.codec.kinds import Chain, Colour, Line, Tree, of

from leftfold.codec import Codec, Upcaster, decode_envelope, encode_envelope
from leftfold.errors import CodecError, ConfigurationError
from leftfold.messages import Event, Metadata

T = TypeVar("T")
NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)


class Placed(Event, tags=("order",)):
    order: str
    total: Decimal


class Changed(Event, Generic[T]):
    value: T


# Every pair of a type and values of it that can be built from these comes back.

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
MOMENTS = st.datetimes(timezones=ZONES).filter(lambda at: 1 < at.year < 9_999)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (bool, st.booleans()),
    (int, st.integers(-(2**80), 2**80)),
    (float, FLOATS),
    (str, TEXT),
    (bytes, st.binary()),
    (Decimal, NUMBERS),
    (datetime, MOMENTS),
    (date, st.dates()),
    (dt.time, st.times()),
    (timedelta, st.timedeltas()),
    (UUID, st.uuids()),
    (Colour, st.sampled_from(Colour)),
    (Chain, st.builds(Chain, TEXT, st.builds(Chain, TEXT, st.none()) | st.none())),
    (Line, st.builds(Line, MOMENTS, FLOATS)),
    (Tree, st.builds(Tree, MOMENTS, st.builds(Tree, MOMENTS, st.none()))),
]
KEYS = [leaf for leaf in LEAVES if leaf[0] in {int, str, UUID, date, Decimal, datetime}]
Typed = tuple[Any, st.SearchStrategy[Any]]


def containers(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    def held(one: Typed, other: Typed, key: Typed) -> list[Typed]:
        (kind, values), (kind_2, values_2), (key_kind, keys) = one, other, key
        return [
            (list[kind], st.lists(values, max_size=3)),  # type: ignore[valid-type]
            (tuple[kind, ...], st.lists(values, max_size=3).map(tuple)),  # type: ignore[valid-type]
            (tuple[kind, kind_2], st.tuples(values, values_2)),  # type: ignore[valid-type]
            (dict[key_kind, kind], st.dictionaries(keys, values, max_size=3)),  # type: ignore[valid-type]
            (kind | None, values | st.none()),
        ]

    return st.builds(held, inner, inner, st.sampled_from(KEYS)).flatmap(st.sampled_from)


KINDS = st.recursive(st.sampled_from(LEAVES), containers, max_leaves=4)


@given(st.data())
def test_whatever_fits_its_type_comes_back_equal(data: st.DataObject) -> None:
    annotation, values = data.draw(KINDS)
    cls = of(annotation)
    codec = Codec([cls])
    event = cls(it=data.draw(values))

    sealed = codec.seal(event)

    assert sealed.event == event
    assert codec.decode(sealed.type, sealed.revision, sealed.data) == event
    assert codec.seal(sealed.event).data == sealed.data


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ANYTHING = st.recursive(
    JSON | st.floats() | NUMBERS | MOMENTS | st.datetimes() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON)
def test_whatever_json_holds_comes_back_as_it_was(value: Any) -> None:
    cls = of(Any)
    sealed = Codec([cls]).seal(cls(it=value))
    assert repr(sealed.event) == repr(cls(it=value))


@given(st.sampled_from([Any, object, str, int, datetime, list[Any], dict[str, Any]]), ANYTHING)
def test_anything_else_comes_back_equal_or_is_refused_by_name(kind: Any, value: Any) -> None:
    cls = of(kind)
    codec = Codec([cls])
    sealed = unless_refused(lambda: codec.seal(cls(it=value)), "Happened cannot be stored: ")
    if sealed is not None:
        assert codec.decode(sealed.type, sealed.revision, sealed.data) == cls(it=value)


@given(st.binary(), st.integers(0, 3))
def test_no_bytes_crash_the_reader(data: bytes, revision: int) -> None:
    codec = Codec([Placed])
    event = unless_refused(lambda: codec.decode("Placed", revision, data), "'Placed'")
    assert event is None or isinstance(event, Placed)


def unless_refused(work: Callable[[], T], words: str) -> T | None:
    """Return what comes of some work, or None where it is refused with these words."""
    try:
        return work()
    except CodecError as error:
        if words not in str(error):
            raise
        return None


def test_an_event_is_sealed_with_its_name_its_tags_and_the_copy_that_was_read() -> None:
    event = Placed(order="o-1", total=Decimal("1.10"))
    sealed = Codec([Placed]).seal(event)
    assert (sealed.type, sealed.revision, sealed.tags) == ("Placed", 1, {"order:o-1"})
    assert sealed.data == b'{"order":"o-1","total":"1.10"}'
    assert sealed.event == event
    assert sealed.event is not event


def test_an_event_of_a_generic_class_is_stored_under_the_class() -> None:
    codec = Codec([Changed])
    sealed = codec.seal(Changed[int](value=5))
    assert codec.decode(sealed.type, 1, sealed.data) == Changed(value=5)


def test_an_event_that_the_app_does_not_know_is_not_stored() -> None:
    with pytest.raises(CodecError, match=r"test_codec.Placed is not known to this App"):
        Codec([]).seal(Placed(order="o", total=Decimal(1)))


def test_a_wire_name_belongs_to_one_class() -> None:
    class Other(Event, name="Placed"):
        pass

    class Renamed(Event, formerly=("Placed",)):
        pass

    for clash in (Other, Renamed):
        with pytest.raises(ConfigurationError, match=r"'Placed' is used by .*Placed and .*"):
            Codec([Placed, clash])
    assert Codec([Placed, Placed]).names_of([Placed]) == {"Placed"}


@pytest.mark.parametrize(
    ("name", "revision", "data", "words"),
    [
        ("Unknown", 1, b"{}", r"No class answers to the stored name 'Unknown'.*formerly="),
        ("Placed", 1, b"{", r"does not fit .*Placed: Input data was truncated"),
        ("Placed", 1, b"[]", r"Expected `object`, got `array`"),
        ("Placed", 1, b"{}", r"missing required field `order`.*add an Upcaster"),
        ("Placed", 1, b'"\xff"', r"does not fit"),
        ("Placed", 1, b'{"x":' + b"[" * 100_000, r"recursion"),
        ("Placed", 2, b"{}", r"revision 2, newer than .*Placed with 1.*newer release"),
        ("Placed", 0, b"{}", r"no Upcaster takes revision 0"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, revision: int, data: bytes, words: str) -> None:
    with pytest.raises(CodecError, match=words):
        Codec([Placed]).decode(name, revision, data)


def test_a_field_that_the_class_has_no_more_is_left_out() -> None:
    data = b'{"order":"o","total":"1","colour":"red"}'
    assert Codec([Placed]).decode("Placed", 1, data) == Placed(order="o", total=Decimal(1))


class Checked(Event):
    amount: int

    def __post_init__(self) -> None:
        if self.amount < 0:
            message = "negative"
            raise ZeroDivisionError(message)


def test_a_class_that_refuses_stored_values_is_a_codec_error_too() -> None:
    with pytest.raises(CodecError, match="negative"):
        Codec([Checked]).decode("Checked", 1, b'{"amount":-1}')


def upcasters(*revisions: int, name: str = "paid") -> Sequence[Upcaster]:
    return [
        Upcaster(name, revision=n, to=lambda data, n=n: {**data, f"from_{n}": True})
        for n in revisions
    ]


class Paid(Event, name="paid", revision=3, formerly=("settled",)):
    ref: str
    from_1: bool = False
    from_2: bool = False


def test_an_older_revision_is_lifted_step_by_step() -> None:
    codec = Codec([Paid], upcasters(2, 1))
    assert codec.decode("paid", 1, b'{"ref":"r"}') == Paid(ref="r", from_1=True, from_2=True)
    assert codec.decode("settled", 2, b'{"ref":"r"}') == Paid(ref="r", from_2=True)
    assert codec.decode("paid", 3, b'{"ref":"r"}') == Paid(ref="r")
    assert [codec.reads("paid", n) for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert not codec.reads("unknown", 1)


def test_an_upcaster_may_be_given_under_a_former_name() -> None:
    codec = Codec([Paid], upcasters(1, 2, name="settled"))
    assert codec.decode("paid", 1, b'{"ref":"r"}') == Paid(ref="r", from_1=True, from_2=True)


def test_an_upcaster_may_give_values_as_python_has_them() -> None:
    class Priced(Event, revision=2):
        price: Decimal
        at: datetime

    lifted = Upcaster(
        "Priced",
        revision=1,
        to=lambda data: {
            "price": Decimal(data["cents"]) / 100,
            "at": datetime(2030, 1, 1, tzinfo=UTC),
        },
    )
    event = Codec([Priced], [lifted]).decode("Priced", 1, b'{"cents":"110"}')
    assert event == Priced(price=Decimal("1.1"), at=NEW_YEAR)


@pytest.mark.parametrize(
    ("given_upcasters", "words"),
    [
        (upcasters(1), "have a gap: none takes revision 2. Add Upcaster"),
        (upcasters(2, 3), "leads to 4, but the class is revision 3"),
        (upcasters(1, 1, 2), "take the same revision. Remove one"),
        (upcasters(1, name="unknown"), r"Upcaster\('unknown', revision=1\) .*no event has this"),
    ],
)
def test_a_chain_that_leads_nowhere_is_refused(
    given_upcasters: Sequence[Upcaster], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Codec([Paid], given_upcasters)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (lambda data: data["gone"], r"Upcaster\('paid', revision=2\).*failed: KeyError: 'gone'"),
        (lambda _data: None, "returned None, not a dict. End it with return"),
        (lambda _data: {"ref": 5}, "Expected `str`, got `int`"),
        (lambda _data: {"ref": object()}, "unsupported"),
    ],
)
def test_an_upcaster_that_fails_is_named(to: Any, words: str) -> None:
    codec = Codec([Paid], [Upcaster("paid", revision=2, to=to)])
    with pytest.raises(CodecError, match=words):
        codec.decode("paid", 2, b'{"ref":"r"}')


def test_an_upcaster_remembers_the_module_that_made_it() -> None:
    assert upcasters(1)[0].module == __name__


def test_a_revision_without_upcasters_reads_itself_only() -> None:
    codec = Codec([Paid])
    with pytest.raises(CodecError, match=r"no Upcaster takes revision 1. Add Upcaster\('paid', "):
        codec.decode("paid", 1, b'{"ref":"r"}')


def test_the_envelope_keeps_who_when_and_why() -> None:
    command = Metadata(
        id=UUID(int=1),
        time=datetime(2030, 1, 1, 0, 0, 0, 7, tzinfo=UTC),
        actor="ann",
        correlation=UUID(int=2),
        causation=UUID(int=3),
        trace="t",
        tenant="north",
    )
    envelope = decode_envelope(encode_envelope(command))
    assert (envelope.time, envelope.actor, envelope.trace) == (command.time, "ann", "t")
    assert (envelope.correlation, envelope.causation) == (UUID(int=2), UUID(int=1))
    assert msgspec.json.decode(encode_envelope(Metadata(id=UUID(int=1), time=command.time))) == {
        "time": "2030-01-01T00:00:00.000007Z",
        "causation": "00000000-0000-0000-0000-000000000001",
    }
    with pytest.raises(CodecError, match="Stored metadata cannot be read"):
        decode_envelope(b"{}")

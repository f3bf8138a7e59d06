"""What a message's class statement says, and what it may not say. Read by: authors of messages."""

from typing import Any, Generic, TypeVar

import msgspec
import pytest

from leftfold.errors import ConfigurationError
from leftfold.messages import Command, Event, Message, MessageType, Query
from leftfold.messages.message import options_of

T = TypeVar("T")


class Placed(Event, name="shop.placed", revision=2, tags=("order",), public=True):
    order: str
    key: str = ""
    name: str = ""


class Renamed(Event, formerly=("OldName", "OlderName")):
    pass


class Changed(Event, Generic[T]):
    value: T


def test_the_class_keywords_are_kept_under_a_dunder() -> None:
    options = options_of(Placed)
    assert (options.kind, options.name, options.revision) == ("Event", "shop.placed", 2)
    assert (options.public, options.formerly) == (True, ())
    assert options.read_tags(Placed(order="o-1")) == {"order:o-1"}
    assert options_of(Renamed).name == "Renamed"
    assert options_of(Renamed).formerly == ("OldName", "OlderName")


def test_fields_may_be_called_like_options() -> None:
    assert Placed(order="o", key="k", name="n").key == "k"


@pytest.mark.parametrize("cls", [Placed, Renamed, Changed])
def test_messages_are_frozen_and_keyword_only(cls: Any) -> None:
    config = cls.__struct_config__
    assert config.frozen
    with pytest.raises(TypeError):
        cls("positional")


def test_kinds_are_inherited() -> None:
    class Add(Command[int]):
        pass

    class AddMore(Add):
        pass

    class Asked(Query[int]):
        pass

    assert [options_of(c).kind for c in (Add, AddMore, Asked, Message)] == [
        "Command",
        "Command",
        "Query",
        "Message",
    ]


def test_tags_are_those_of_the_base_unless_given() -> None:
    class About(Event, tags=("order",)):
        order: str

    class Sent(About):
        pass

    class Counted(About, tags=()):
        pass

    assert options_of(Sent).read_tags(Sent(order="o")) == {"order:o"}
    assert options_of(Counted).read_tags(Counted(order="o")) == frozenset()
    assert options_of(Sent).name == "Sent"


def made(keywords: dict[str, Any], body: dict[str, Any] | None = None, base: Any = Event) -> Any:
    return MessageType("Made", (base,), {"__module__": "shop", **(body or {})}, **keywords)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        (
            {"tag": "course"},
            (
                r"class Made\(Event, tag=…\): unknown keyword 'tag'. Known: name, revision, "
                r'tags, public, formerly. Did you mean tags=\("course",\)\?'
            ),
        ),
        ({"revison": 2}, r"Did you mean revision=…\?"),
        ({"frozen": False}, "Leftfold sets msgspec's own options by itself; leave it out"),
        ({"name": ""}, "the name '' must be a text of 1 to 128 bytes"),
        ({"name": "a/b"}, "the name 'a/b'"),
        ({"name": "a\x00"}, "printable"),
        ({"name": "\ud800"}, "printable"),
        ({"name": "ä" * 65}, "128 bytes"),
        ({"name": 5}, "the name 5"),
        ({"revision": 0}, "revision=0 must be a whole number from 1"),
        ({"revision": True}, "revision=True"),
        ({"tags": "order"}, r"tags='order' must be a tuple. Write tags=\(\"order\",\)"),
        ({"tags": ["order"]}, "tags= must be a tuple or, for tags, a dict"),
        ({"tags": ("order",)}, "Made has no field 'order' for its tag 'order'"),
        ({"tags": {"a:b": "order"}}, "the tag name 'a:b' must be a word without a colon"),
        ({"formerly": "Old"}, r"formerly='Old' must be a tuple. Write formerly=\(\"Old\",\)"),
        ({"formerly": ("Old/er",)}, "formerly=: the name 'Old/er'"),
    ],
)
def test_a_wrong_keyword_is_an_error_with_advice(keywords: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        made(keywords)


@pytest.mark.parametrize("keyword", ["tags", "public"])
def test_only_events_have_tags_and_are_public(keyword: str) -> None:
    with pytest.raises(ConfigurationError, match=f"unknown keyword '{keyword}'. Known: name"):
        made({keyword: ("x",)}, base=Command)


BOTH = (
    r"Made.paid is both a field and a method, so the method would become the field's default. "
    r"Rename one, e.g. the field to is_paid\."
)


def method(self: object) -> None:
    """Do nothing."""


def test_a_field_and_a_method_may_not_share_a_name() -> None:
    with pytest.raises(ConfigurationError, match=BOTH):
        made({}, {"__annotations__": {"paid": bool}, "paid": method})

    with pytest.raises(ConfigurationError, match=BOTH):
        exec(  # noqa: S102  the order of the two in the body matters
            "class Made(Event):\n    def paid(self): ...\n    paid: bool = False\n",
            {"Event": Event},
        )

    class Base(Event):
        paid: bool

    with pytest.raises(ConfigurationError, match=BOTH):
        made({}, {"paid": method}, base=Base)


def test_a_field_may_not_be_called_like_a_method_of_a_base() -> None:
    class Base(Event):
        def total(self) -> int:
            return 0

    with pytest.raises(ConfigurationError, match=r"Made.total is a field called like the method"):
        made({}, {"__annotations__": {"total": int}}, base=Base)


def test_two_methods_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Made.total is defined twice"):
        exec(  # noqa: S102  the order of the two in the body matters
            "class Made(Event):\n    def total(self): ...\n    def total(self): ...\n",
            {"Event": Event},
        )


def test_a_property_may_have_a_setter() -> None:
    class Model(Event):
        @property
        def total(self) -> int:
            return 1

        @total.setter
        def total(self, value: int) -> None: ...

    assert Model().total == 1


def test_unset_tells_absent_from_null() -> None:
    class Patched(Event):
        note: str | msgspec.UnsetType | None = msgspec.UNSET

    assert msgspec.json.encode(Patched()) == b"{}"
    assert msgspec.json.encode(Patched(note=None)) == b'{"note":null}'

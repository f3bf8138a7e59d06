"""The pipeline between values and bytes: forth to write, back to read. Read by: its authors."""

import pytest

from leftfold import CodecError, Upcaster
from leftfold.codec.steps import Upcast, Values, dumped, loaded


class Marked:
    """A step that leaves its name, so that the order can be seen."""

    writes = True

    def __init__(self, name: str) -> None:
        self.name = name

    def reads(self, revision: int) -> bool:
        return True

    def dump(self, values: Values) -> Values:
        return {**values, "way": [*values["way"], self.name]}

    def load(self, values: Values, revision: int) -> Values:
        assert values["way"][-1] == self.name
        return {**values, "way": values["way"][:-1]}


def test_values_are_written_in_order_and_read_in_reverse() -> None:
    steps = (Marked("encrypt"), Marked("shorten"))
    written = dumped(steps, {"a": 1, "way": []})
    assert written == {"a": 1, "way": ["encrypt", "shorten"]}
    assert loaded(steps, written, 1) == {"a": 1, "way": []}


def test_an_upcast_has_nothing_to_do_with_the_newest_revision() -> None:
    upcast = Upcast("paid", "shop.Paid", 3, {})
    assert not upcast.writes
    assert not upcast.reads(3)
    assert upcast.reads(1)
    assert upcast.leads_from(3)


def test_an_upcast_follows_the_chain() -> None:
    chain = {
        1: Upcaster("paid", revision=1, to=lambda values: {"ref": values["order"]}),
        2: Upcaster("paid", revision=2, to=lambda values: {**values, "by": "till"}),
    }
    upcast = Upcast("paid", "shop.Paid", 3, chain)
    assert upcast.leads_from(1)
    assert upcast.load({"order": "o-1"}, 1) == {"ref": "o-1", "by": "till"}


def test_an_upcast_says_which_step_is_missing_and_what_is_too_new() -> None:
    upcast = Upcast("paid", "shop.Paid", 2, {})
    assert not upcast.leads_from(1)
    assert not upcast.leads_from(3)
    with pytest.raises(CodecError, match=r"no Upcaster takes revision 1\. Add Upcaster"):
        upcast.load({}, 1)
    with pytest.raises(CodecError, match="written by a newer release"):
        upcast.load({}, 3)

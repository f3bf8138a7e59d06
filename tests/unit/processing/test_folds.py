"""How events become rows. Read by: who changes a fold's rules."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import pytest
from msgspec import Struct

from leftfold.errors import CodecError, ConfigurationError
from leftfold.messages.message import Event
from leftfold.messages.metadata import Metadata
from leftfold.modeling.roles import evolves
from leftfold.processing.view import View
from leftfold.testing.given_view import given_view

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Line(Struct, frozen=True):
    product: str
    quantity: int


class Placed(Event):
    order: str
    customer: str
    lines: tuple[Line, ...] = ()


class Paid(Event):
    ref: str


class Shipped(Event):
    order: str


class Booked(Event):
    room: str
    first: date
    count: int

    def nights(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range(self.count)]


class Commented(Event):
    article: str
    number: int


class Removed(Event):
    article: str


class Order(View, key="order"):
    order: str
    customer: str
    placed_at: datetime
    status: str = "placed"

    @evolves
    @classmethod
    def placed(cls, event: Placed, metadata: Metadata) -> Self:
        return cls(order=event.order, customer=event.customer, placed_at=metadata.time)

    @evolves(key="ref")
    def paid(self, event: Paid) -> None:
        self.status = "paid"

    @evolves(missing_ok=True)
    def shipped(self, event: Shipped) -> None:
        self.delete()


class Counted(View, key="order"):
    order: str
    times: int = 0

    @evolves
    def touched(self, event: Placed | Shipped) -> None:
        self.times += 1

    @evolves(key="ref", missing_ok=True)
    def paid(self, event: Paid) -> None:
        self.times += 10


class Sold(View, key="product"):
    product: str
    sold: int = 0
    last: str = ""

    @evolves(each="lines")
    def placed(self, event: Placed, metadata: Metadata, line: Line) -> None:
        self.sold += line.quantity
        self.last = f"{event.order} {metadata.time:%H}"


class SoldTo(View, key=("customer", "product")):
    customer: str
    product: str
    sold: int = 0

    @evolves(each="lines")
    def placed(self, event: Placed, line: Line) -> None:
        self.sold += line.quantity


class Night(View, key=("room", "night")):
    room: str
    night: date
    bookings: int = 0

    @evolves(each=Booked.nights)
    def booked(self, event: Booked) -> None:
        self.bookings += 1


class Comment(View, key=("article", "number")):
    article: str
    number: int
    edits: int = 0

    @evolves
    def commented(self, event: Commented) -> None:
        self.edits += 1

    @evolves(key="article", existing=True)
    def removed(self, event: Removed) -> None:
        self.delete()


def placed(order: str = "o", *lines: tuple[str, int]) -> Placed:
    return Placed(order=order, customer="c", lines=tuple(Line(p, q) for p, q in lines))


def order(status: str = "placed") -> Order:
    return Order(order="o", customer="c", placed_at=NOON, status=status)


def test_a_classmethod_builds_the_row_and_methods_change_it() -> None:
    given_view(Order, [placed(), Paid(ref="o")], NOON).then(order("paid"))


def test_a_second_building_event_replaces_the_row() -> None:
    given_view(Order, [placed(), Paid(ref="o"), placed()], NOON).then(order())


def test_a_deleted_row_may_be_built_again() -> None:
    given_view(Order, [placed(), Shipped(order="o")]).then()
    given_view(Order, [placed(), Shipped(order="o"), placed()], NOON).then(order())


def test_an_event_for_no_row_is_refused_by_name() -> None:
    with pytest.raises(CodecError, match=r"Order\.paid: there is no Order 'o', and it cannot be"):
        given_view(Order, [Paid(ref="o")])


def test_a_missing_row_may_be_fine() -> None:
    given_view(Order, [Shipped(order="o")]).then()


def test_a_row_is_made_from_defaults() -> None:
    given_view(Counted, [placed(), Shipped(order="o"), placed("p")]).then(
        Counted(order="o", times=2), Counted(order="p", times=1)
    )


def test_a_fold_that_needs_a_row_makes_none_from_defaults() -> None:
    given_view(Counted, [Paid(ref="o"), placed(), Paid(ref="o")]).then(Counted(order="o", times=11))


def test_each_line_has_its_row() -> None:
    given_view(Sold, [placed("o", ("tea", 2), ("cup", 1), ("tea", 3)), placed("p")], NOON).then(
        Sold(product="tea", sold=5, last="o 12"), Sold(product="cup", sold=1, last="o 12")
    )


def test_parts_of_the_key_come_from_the_line_and_from_the_event() -> None:
    given_view(SoldTo, [placed("o", ("tea", 2), ("cup", 1)), placed("p", ("tea", 1))]).then(
        SoldTo(customer="c", product="tea", sold=3), SoldTo(customer="c", product="cup", sold=1)
    )


def test_a_plain_element_is_the_part_that_the_event_lacks() -> None:
    given_view(
        Night,
        [
            Booked(room="1", first=date(2030, 1, 31), count=2),
            Booked(room="1", first=date(2030, 2, 1), count=1),
        ],
    ).then(
        Night(room="1", night=date(2030, 1, 31), bookings=1),
        Night(room="1", night=date(2030, 2, 1), bookings=2),
    )


def test_every_row_that_begins_with_the_key_is_folded() -> None:
    comments = [Commented(article=a, number=n) for a in ("x", "xy") for n in (1, 2)]

    given_view(Comment, [*comments, Removed(article="x"), Removed(article="none")]).then(
        Comment(article="xy", number=1, edits=1), Comment(article="xy", number=2, edits=1)
    )


def test_rows_that_come_after_are_not_touched() -> None:
    first, again = Commented(article="x", number=1), Commented(article="x", number=2)

    given_view(Comment, [first, Removed(article="x"), again]).then(
        Comment(article="x", number=2, edits=1)
    )


def test_events_that_are_not_folded_change_nothing() -> None:
    given_view(Sold, [Paid(ref="o")]).then()


def test_other_rows_are_shown_side_by_side() -> None:
    result = given_view(Counted, [placed()])

    with pytest.raises(AssertionError) as caught:
        result.then(Counted(order="o", times=2), Counted(order="p"))

    words = str(caught.value)
    assert "Counted has other rows than expected." in words
    assert "times=2" in words
    assert "times=1" in words
    assert "(no row)" in words


class Renamed(View, key="order"):
    order: str

    @evolves
    def placed(self, event: Placed) -> None:
        self.order = "other"


def test_a_fold_that_changes_the_key_is_refused_by_name() -> None:
    with pytest.raises(CodecError, match="A fold of Renamed changed the key of row 'o' to 'other'"):
        given_view(Renamed, [placed()])


class Misbuilt(View, key="order"):
    order: str

    @evolves
    @classmethod
    def placed(cls, event: Placed) -> Self:
        return cls(order=event.customer)


def test_a_row_that_is_built_with_another_key_is_refused_by_name() -> None:
    with pytest.raises(CodecError, match=r"Misbuilt\.placed built a Misbuilt with order='c' for"):
        given_view(Misbuilt, [placed()])


class Filled(View, key="order"):
    order: str = ""
    customer: str = ""

    @evolves
    @classmethod
    def placed(cls, event: Placed) -> Self:
        return cls(customer=event.customer)


def test_a_key_left_at_its_default_is_filled() -> None:
    given_view(Filled, [placed()]).then(Filled(order="o", customer="c"))


class Nothing(View, key="order"):
    order: str

    @evolves
    @classmethod
    def placed(cls, event: Placed) -> Any:
        return event.customer


def test_a_builder_that_returns_nothing_is_refused_by_name() -> None:
    with pytest.raises(CodecError, match=r"Nothing\.placed returned .c., not a Nothing."):
        given_view(Nothing, [placed()])


def test_delete_outside_a_fold_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"Counted\.delete\(\) was called outside"):
        Counted(order="o").delete()


class ByCustomer(View, key="name"):
    name: str
    orders: int = 0

    @evolves(key=lambda e: e.customer or None)
    def placed(self, event: Placed) -> None:
        self.orders += 1


def _known(event: Placed) -> list[str]:
    return [event.customer] if event.customer else []


class ByKnownCustomer(View, key="name"):
    name: str
    orders: int = 0

    @evolves(each=_known)
    def placed(self, event: Placed) -> None:
        self.orders += 1


def test_a_key_that_is_none_is_refused_with_advice() -> None:
    with pytest.raises(CodecError, match=r"name.* None .*no str.*Leave out events .* each="):
        given_view(ByCustomer, [Placed(order="o", customer="")])


def test_each_leaves_out_events_without_a_key() -> None:
    given_view(ByKnownCustomer, [placed(), Placed(order="p", customer="")]).then(
        ByKnownCustomer(name="c", orders=1)
    )


class Hoarder(View, key="order"):
    order: str
    count: int = 0

    @evolves
    def placed(self, event: Placed) -> None:
        self.memory = 1


def test_nothing_can_be_kept_beside_the_fields() -> None:
    with pytest.raises(AttributeError, match="memory"):
        given_view(Hoarder, [placed()])

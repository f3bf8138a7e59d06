"""What a View's author is told about a View that cannot work. Read by: who changes the words."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self

import pytest
from msgspec import Struct

from leftfold.errors import ConfigurationError
from leftfold.messages.message import Command, Event
from leftfold.messages.metadata import Metadata
from leftfold.modeling.model import ModelType
from leftfold.modeling.roles import evolves, handles
from leftfold.processing.columns import Scale
from leftfold.processing.view import View
from leftfold.processing.viewmodel import table_name, view_model


class Line(Struct, frozen=True):
    product: str
    quantity: int


class Placed(Event):
    order: str
    customer: str | None
    lines: tuple[Line, ...]

    def nights(self) -> list[date]:
        return []

    def things(self):  # noqa: ANN201  says nothing on purpose
        return []


class Paid(Event):
    ref: str


class Pay(Command[None]):
    ref: str


def wrong(view: Any) -> str:
    """Return the words for a view that cannot work."""
    with pytest.raises(ConfigurationError) as caught:
        view_model(view)
    return str(caught.value)


def test_a_view_without_key() -> None:
    class Order(View):
        order: str

        @evolves
        def placed(self, event: Placed) -> None: ...

    assert wrong(Order).startswith("class Order(View) has no key. Name the field that holds")


def test_a_key_that_is_not_declared() -> None:
    class Order(View, key="order"):
        customer: str = ""

        @evolves
        def placed(self, event: Placed) -> None: ...

    assert wrong(Order).startswith(
        "class Order(View, key='order'): no field 'order' is declared (it has: customer). Add "
        "order: str"
    )


@pytest.mark.parametrize("kind", [bool, float, Decimal, datetime, list[str], str | None])
def test_a_key_of_a_type_that_is_none(kind: Any) -> None:
    class Order(View, key="order"):
        order: kind

        @evolves
        def placed(self, event: Placed) -> None: ...

    assert "Order.order is part of the key and kept as" in wrong(Order)


def test_a_command_handler_in_a_view() -> None:
    class Order(View, key="order"):
        order: str

        @handles
        def pay(self, command: Pay) -> None: ...

    assert "Order.pay: a View only folds, with @evolves." in wrong(Order)


def test_a_view_that_folds_nothing() -> None:
    class Order(View, key="order"):
        order: str

    assert wrong(Order).startswith("Order folds no event, so it would stay empty.")


def test_a_fold_of_no_event_of_yours() -> None:
    class Order(View, key="order"):
        order: str

        @evolves
        def anything(self, event: Event) -> None: ...

    assert wrong(Order).startswith("Order.anything evolves Event, which is no event of yours.")


def test_an_async_fold() -> None:
    class Order(View, key="order"):
        order: str

        @evolves
        async def placed(self, event: Placed) -> None: ...

    assert wrong(Order).startswith("Order.placed is async.")


def test_a_key_that_the_event_lacks() -> None:
    class Order(View, key="order"):
        order: str

        @evolves
        def paid(self, event: Paid) -> None: ...

    assert wrong(Order) == (
        "Order.paid: Paid has no field 'order' (it has: ref). Rename the field, or say which holds "
        'the key: @evolves(key="ref").'
    )


def test_a_required_field_that_nothing_fills() -> None:
    class Order(View, key="order"):
        order: str
        total: int

        @evolves
        def placed(self, event: Placed) -> None: ...

    assert wrong(Order) == (
        "Order.total has no default and no classmethod builds the row. Give a default, or add "
        "@evolves @classmethod def placed(cls, event: Placed) -> Self."
    )


def test_an_index_of_an_unknown_column() -> None:
    class Order(View, key="order", indexes=(("custmer", "order"),)):
        order: str
        customer: str = ""

        @evolves
        def placed(self, event: Placed) -> None: ...

    assert wrong(Order) == (
        "class Order, indexes=: Order has no column 'custmer' (it has: order, customer). Did you "
        "mean 'customer'?"
    )


def test_an_index_of_a_column_without_order() -> None:
    class Order(View, key="order", indexes=("notes",)):
        order: str
        notes: list[str] = []

        @evolves
        def placed(self, event: Placed) -> None: ...

    assert "Order.notes is kept as JSON, which has no order." in wrong(Order)


def test_two_folds_of_one_event_into_one_row() -> None:
    class Order(View, key="order"):
        order: str

        @evolves
        def placed(self, event: Placed) -> None: ...

        @evolves
        def also(self, event: Placed) -> None: ...

    assert wrong(Order).startswith("Placed is folded by Order.placed and Order.also, into the same")


def test_two_folds_of_one_event_into_different_rows_are_fine() -> None:
    class Party(View, key="name"):
        name: str

        @evolves(key="order")
        def placed(self, event: Placed) -> None: ...

        @evolves(key="customer")
        def bought(self, event: Placed) -> None: ...

    assert len(view_model(Party).folds[Placed]) == 2


@pytest.mark.parametrize("option", ["missing_ok", "existing"])
def test_a_builder_that_needs_no_row(option: str) -> None:
    class Order(View, key="order"):
        order: str

        @evolves(**{option: True})
        @classmethod
        def placed(cls, event: Placed) -> Self:
            return cls(order=event.order)

    assert f"Order.placed: {option}=True means nothing where a classmethod builds" in wrong(Order)


def test_an_option_of_another_model() -> None:
    class Order(View, key="order"):
        order: str

        @evolves(ends=True)
        def placed(self, event: Placed) -> None: ...

    assert "means nothing in a View. Call self.delete()" in wrong(Order)


def test_a_key_of_the_wrong_length() -> None:
    class Night(View, key=("room", "night")):
        room: str
        night: str

        @evolves(key="order")
        def placed(self, event: Placed) -> None: ...

    assert wrong(Night).startswith(
        "Night.placed: key= has 1 parts, and the view's key has 2 (room, night)."
    )


@pytest.mark.parametrize("key", [None, ("order", "customer")])
def test_existing_rows_are_named_by_the_first_parts_of_the_key(key: Any) -> None:
    class Night(View, key=("order", "customer")):
        order: str
        customer: str

        @evolves(key=key, existing=True)
        def placed(self, event: Placed) -> None: ...

    assert "existing=True calls the fold for every row whose composite key begins" in wrong(Night)


def test_elements_that_hold_no_key() -> None:
    class Sold(View, key="sku"):
        sku: str

        @evolves(each="lines")
        def placed(self, event: Placed, line: Line) -> None: ...

    assert wrong(Sold) == (
        "Sold.placed: neither Placed (it has: order, customer, lines) nor its elements (they have: "
        "product, quantity) have 'sku'. Say where the key comes from: @evolves(each=…, key=\"…\")."
    )


def test_plain_elements_fill_one_part_only() -> None:
    class Booked(View, key=("room", "night")):
        room: str
        night: date

        @evolves(each=Placed.nights)
        def placed(self, event: Placed, night: date) -> None: ...

    assert "(they are plain values) have 'room' and 'night'" in wrong(Booked)


def test_elements_of_a_field_that_is_not_there() -> None:
    class Sold(View, key="product"):
        product: str

        @evolves(each="items")
        def placed(self, event: Placed, line: Line) -> None: ...

    assert "Sold.placed: Placed has no field or method 'items'" in wrong(Sold)


def test_elements_of_an_unknown_type() -> None:
    class Sold(View, key="product"):
        product: str

        @evolves(each=Placed.things)
        def placed(self, event: Placed) -> None: ...

    assert "Leftfold cannot tell what the elements of each= are. Take the element" in wrong(Sold)


def test_a_fold_that_wants_a_service() -> None:
    class Order(View, key="order"):
        order: str

        @evolves
        def placed(self, event: Placed, metadata: Metadata, line: Line) -> None: ...

    assert "Order.placed: a fold takes the event, with each= the element" in wrong(Order)


@pytest.mark.parametrize("field", ["_tenant", "_Slice"])
def test_a_field_with_the_name_of_a_column_of_leftfold(field: str) -> None:
    def placed(self: Any, event: Placed) -> None: ...

    body = {"__annotations__": {"order": str, field: str}, "placed": evolves(placed)}
    view = ModelType("Order", (View,), body, key="order")

    assert f"Order.{field} cannot be a column" in wrong(view)


@pytest.mark.parametrize("version", [0, "2", True, 1.0])
def test_a_version_that_is_none(version: Any) -> None:
    class Order(View, key="order", version=version):
        order: str

        @evolves
        def placed(self, event: Placed) -> None: ...

    assert "version=" in wrong(Order)


def test_a_scale_that_no_column_has() -> None:
    with pytest.raises(ConfigurationError, match="0 to 18 decimal places"):
        Scale(19)


def test_what_stays_for_stored_rows_to_be_read() -> None:
    class Order(View, key="order"):
        order: str
        total: Annotated[Decimal, Scale(2)] | None = None
        weight: Decimal = Decimal(0)
        notes: list[str] = []

        @evolves
        def placed(self, event: Placed) -> None: ...

    assert [column.definition() for column in view_model(Order).columns] == [
        "order: text",
        "total: decimal(2)?",
        "weight: decimal(6)",
        "notes: json",
    ]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("CustomerOrder", "customer_order_v1"),
        ("HTTPLog", "http_log_v1"),
        ("shop.order-lines", "shop_order_lines_v1"),
        ("Ärzte", "ärzte_v1"),
        ("x" * 128, "x" * 48 + "_" + "24da1b81_v1"),
    ],
)
def test_tables_are_named_after_views(name: str, table: str) -> None:
    assert table_name(name, 1) == table
    assert len(table.encode()) <= 60


def test_long_names_are_told_apart() -> None:
    assert table_name("x" * 100 + "a", 1) != table_name("x" * 100 + "b", 1)

"""The rules of orders: what is placed, refused, paid and shipped. Read by: authors of rules."""

from datetime import UTC, datetime
from decimal import Decimal

from leftfold import AlreadyExists, Event, NotFound, given
from shop.orders.messages import (
    ConfirmPayment,
    Line,
    LinesRefused,
    OrderPaid,
    OrderPlaced,
    OrderRefused,
    OrderShipped,
    PlaceOrder,
    RefusedLine,
    ShipOrder,
)
from shop.orders.order import AlreadyPaid, AlreadyShipped, NeverPlaced, NotPaid, Order
from shop.orders.views import SalesByCountry, SalesByMonth, SalesByProduct

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)
MUGS = Line(product="mug", quantity=3, price=Decimal("8.50"))
TEAPOT = Line(product="teapot", quantity=1, price=Decimal("32.001"))


def placing(*lines: Line) -> PlaceOrder:
    return PlaceOrder(order="o-1", customer="ann", country="EIRE", ordered_at=NOON, lines=lines)


def placed(
    *lines: Line, total: str = "25.50", order: str = "o-1", **changed: object
) -> OrderPlaced:
    given_fields = {"customer": "ann", "country": "EIRE", "ordered_at": NOON, **changed}
    return OrderPlaced(order=order, lines=lines or (MUGS,), total=Decimal(total), **given_fields)


def refused(line: Line, reason: str) -> RefusedLine:
    return RefusedLine(
        product=line.product, quantity=line.quantity, price=line.price, reason=reason
    )


def order_refused(*lines: RefusedLine) -> OrderRefused:
    return OrderRefused(order="o-1", customer="ann", country="EIRE", ordered_at=NOON, lines=lines)


PAID: Event = OrderPaid(order="o-1", payment="p-1")
SHIPPED: Event = OrderShipped(order="o-1", carrier="post")
PAY = ConfirmPayment(order="o-1", payment="p-1")
SHIP = ShipOrder(order="o-1", carrier="post")


def test_an_order_is_placed_with_its_exact_total() -> None:
    (given(Order).when(placing(MUGS, TEAPOT)).then(placed(MUGS, TEAPOT, total="57.501")).returns(2))


def test_a_line_for_nothing_or_of_nothing_is_refused_beside_those_placed() -> None:
    free = Line(product="ribbon", quantity=1, price=Decimal(0))
    returned = Line(product="mug", quantity=-1, price=Decimal("8.50"))

    given(Order).when(placing(free, MUGS, returned)).then(
        placed(MUGS),
        LinesRefused(
            order="o-1",
            ordered_at=NOON,
            lines=(
                refused(free, "the price is not positive"),
                refused(returned, "the quantity is not positive"),
            ),
        ),
    ).returns(1)


def test_an_order_without_a_valid_line_is_refused_as_a_fact_of_its_own() -> None:
    free = Line(product="ribbon", quantity=1, price=Decimal(0))

    given(Order).when(placing(free)).then(
        order_refused(refused(free, "the price is not positive"))
    ).returns(0)
    given(Order).when(placing()).then(order_refused()).returns(0)


def test_a_number_is_used_once() -> None:
    given(Order, placed()).when(placing(MUGS)).rejected(AlreadyExists, match="o-1")
    given(Order, order_refused()).when(placing(MUGS)).rejected(AlreadyExists, match="o-1")


def test_an_order_must_be_paid_before_it_is_shipped() -> None:
    given(Order, placed()).when(SHIP).rejected(NotPaid, match="25.50 is due before it is shipped")
    given(Order, placed(), PAID).when(SHIP).then(SHIPPED)


def test_an_order_is_paid_and_shipped_once() -> None:
    given(Order, placed()).when(PAY).then(PAID)
    given(Order, placed(), PAID).when(PAY).rejected(AlreadyPaid)
    given(Order, placed(), PAID, SHIPPED).when(PAY).rejected(AlreadyPaid)
    given(Order, placed(), PAID, SHIPPED).when(SHIP).rejected(AlreadyShipped)


def test_nothing_follows_a_refused_order() -> None:
    given(Order, order_refused()).when(PAY).rejected(NeverPlaced)
    given(Order, order_refused()).when(SHIP).rejected(NeverPlaced)


def test_what_was_never_ordered_is_not_found() -> None:
    given(Order).when(SHIP).rejected(NotFound, match="o-1")


def test_sales_by_month_count_what_was_placed_and_what_was_refused() -> None:
    new_year = datetime(2030, 2, 1, tzinfo=UTC)
    free = refused(Line(product="ribbon", quantity=1, price=Decimal(0)), "free")

    given(
        SalesByMonth,
        placed(MUGS, TEAPOT, total="57.501"),
        LinesRefused(order="o-1", ordered_at=NOON, lines=(free, free)),
        placed(order="o-2", customer=None),
        order_refused(free),
        placed(order="o-3", ordered_at=new_year),
    ).then(
        SalesByMonth(
            month="2030-01",
            orders=2,
            lines=3,
            sales=Decimal("83.001"),
            most_lines=2,
            without_customer=1,
            refused_orders=1,
            refused_lines=3,
        ),
        SalesByMonth(month="2030-02", orders=1, lines=1, sales=Decimal("25.50"), most_lines=1),
    )


def test_sales_by_country_and_by_product_add_up() -> None:
    events = (placed(MUGS, TEAPOT, MUGS, total="83.001"), placed(order="o-2", country="France"))

    given(SalesByCountry, *events).then(
        SalesByCountry(country="EIRE", orders=1, sales=Decimal("83.001")),
        SalesByCountry(country="France", orders=1, sales=Decimal("25.50")),
    )
    given(SalesByProduct, *events).then(
        SalesByProduct(product="mug", units=9, sales=Decimal("76.50")),
        SalesByProduct(product="teapot", units=1, sales=Decimal("32.001")),
    )

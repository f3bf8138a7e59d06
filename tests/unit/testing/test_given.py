"""given, when, then: what passes, and how a failure shows. Read by: its authors."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Self

import pytest

from leftfold import (
    Aggregate,
    Boundary,
    Command,
    ConfigurationError,
    Decider,
    Event,
    Metadata,
    NotFound,
    Rejected,
    evolves,
    given,
    handles,
)


class Placed(Event, tags=("order", "customer")):
    order: str
    customer: str
    total: Decimal


class Paid(Event):
    order: str
    by: str | None = None


class Shipped(Event):
    order: str
    at: datetime


class Place(Command[None]):
    order: str
    customer: str
    total: Decimal


class Pay(Command[None]):
    order: str


class Ship(Command[Decimal]):
    order: str


class NotPaid(Rejected):
    """The order must be paid before it is shipped."""


class Order(Aggregate, key="order"):
    total: Decimal
    is_paid: bool = False

    @handles(new=True)
    def place(self, command: Place) -> None:
        self.record(Placed(order=command.order, customer=command.customer, total=command.total))

    @handles
    def pay(self, command: Pay, metadata: Metadata) -> None:
        self.record(Paid(order=command.order, by=metadata.actor))

    @handles
    def ship(self, command: Ship, metadata: Metadata) -> Decimal:
        if not self.is_paid:
            message = f"order {command.order} is not paid"
            raise NotPaid(message)
        self.record(Shipped(order=command.order, at=metadata.time))
        return self.total

    @evolves
    @classmethod
    def placed(cls, event: Placed) -> Self:
        return cls(total=event.total)

    @evolves
    def paid(self, event: Paid) -> None:
        self.is_paid = True


class Careless(Aggregate, key="order"):
    count: int = 0

    @handles(missing_ok=True)
    def pay(self, command: Pay) -> None:
        self.count = 5

    @evolves
    def paid(self, event: Paid) -> None:
        self.count += 1


class Few(Boundary, tags=("customer",)):
    customer: str
    orders: int = 0

    @handles
    def place(self, command: Place) -> None:
        if self.orders >= 2:
            message = "two open orders"
            raise Rejected(message)
        self.record(Placed(order=command.order, customer=self.customer, total=command.total))

    @evolves
    def placed(self, event: Placed) -> None:
        self.orders += 1


class TurnOn(Command[None]):
    lamp: str


class TurnedOn(Event):
    lamp: str


def decide(command: TurnOn, on: bool) -> list[TurnedOn]:
    return [] if on else [TurnedOn(lamp=command.lamp)]


def evolve(on: bool, event: TurnedOn) -> bool:
    return True


lamp = Decider(name="lamp", key="lamp", initial=False, evolve=evolve, decide=decide)

PLACED = Placed(order="o-1", customer="ann", total=Decimal("9.50"))
NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


def test_events_and_answer_are_compared() -> None:
    (
        given(Order, PLACED, Paid(order="o-1"))
        .when(Ship(order="o-1"), at=NOON)
        .then(Shipped(order="o-1", at=NOON))
        .returns(Decimal("9.50"))
    )


def test_the_actor_reaches_the_handler() -> None:
    given(Order, PLACED).when(Pay(order="o-1"), actor="ann").then(Paid(order="o-1", by="ann"))


def test_a_refusal_is_compared_by_class_and_words() -> None:
    given(Order, PLACED).when(Ship(order="o-1")).rejected(NotPaid, match="not paid")
    given(Order).when(Ship(order="o-1")).rejected(NotFound, match="o-1")


def test_a_boundary_sees_only_what_carries_its_tags() -> None:
    other = Placed(order="o-9", customer="bob", total=Decimal(1))
    place = Place(order="o-3", customer="ann", total=Decimal(2))
    placed = Placed(order="o-3", customer="ann", total=Decimal(2))
    given(Few, PLACED, other).when(place).then(placed)
    given(Few, PLACED, PLACED).when(place).rejected(match="two open")


def test_a_decider_is_given_events_too() -> None:
    given(lamp).when(TurnOn(lamp="l")).then(TurnedOn(lamp="l"))
    given(lamp, TurnedOn(lamp="l")).when(TurnOn(lamp="l")).then()


def test_a_failure_shows_expected_and_found_side_by_side() -> None:
    outcome = given(lamp, TurnedOn(lamp="l")).when(TurnOn(lamp="l"))
    with pytest.raises(AssertionError) as failure:
        outcome.then(TurnedOn(lamp="l"))
    text = str(failure.value)
    assert "expected           │ found" in text
    assert "≠ TurnedOn(lamp='l') │ (nothing)" in text


def test_long_values_are_shown_one_below_the_other() -> None:
    outcome = given(Order).when(Place(order="o" * 40, customer="ann", total=Decimal(1)))
    with pytest.raises(AssertionError) as failure:
        outcome.then(Placed(order="p" * 40, customer="ann", total=Decimal(1)))
    lines = str(failure.value).splitlines()
    assert any(line.startswith("≠ 1. expected Placed(order='ppp") for line in lines)
    assert any(line.startswith("     found    Placed(order='ooo") for line in lines)


def test_a_refusal_where_events_were_expected_says_why() -> None:
    with pytest.raises(AssertionError, match="refused the command") as failure:
        given(Order, PLACED).when(Ship(order="o-1")).then(Shipped(order="o-1", at=NOON))
    assert "order o-1 is not paid" in str(failure.value)


def test_events_where_a_refusal_was_expected_are_shown() -> None:
    with pytest.raises(AssertionError, match="accepted the command") as failure:
        given(Order, PLACED).when(Pay(order="o-1")).rejected(NotPaid)
    assert "Paid(order='o-1'" in str(failure.value)


def test_another_refusal_than_expected_fails() -> None:
    with pytest.raises(AssertionError, match="refused otherwise"):
        given(Order, PLACED).when(Ship(order="o-1")).rejected(NotFound)
    with pytest.raises(AssertionError, match="refused otherwise"):
        given(Order, PLACED).when(Ship(order="o-1")).rejected(NotPaid, match="no such words")


def test_state_changed_without_an_event_is_told() -> None:
    with pytest.raises(ConfigurationError) as failure:
        given(Careless, Paid(order="o-1")).when(Pay(order="o-1"))
    assert str(failure.value) == (
        "Careless.pay changed count from 1 to 5 without an event; the change is lost at the next "
        "load. Record an event and change count in @evolves."
    )


def test_a_command_that_the_model_does_not_handle_is_named() -> None:
    with pytest.raises(ConfigurationError, match="Order does not handle TurnOn"):
        given(Order).when(TurnOn(lamp="l"))


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not <class 'int'>"):
        given(int)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue,reportArgumentType]

"""The mistakes of newcomers, each with what it is answered. Read by: authors of error messages.

Three parts stay in every answer: what is wrong, where, what to do.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

import pytest

from leftfold import (
    Aggregate,
    App,
    Boundary,
    Command,
    ConfigurationError,
    Event,
    NoHandler,
    NotRunning,
    Query,
    Rows,
    TestApp,
    View,
    evolves,
    given,
    handles,
)

if TYPE_CHECKING:
    from unit.app.bank import Balance


class Withdraw(Command[Decimal]):
    id: str
    amount: Decimal


class Withdrawn(Event):
    id: str
    amount: Decimal


class Mailer:
    """A service that nobody provides."""


class OrdersOf(Query[int]):
    pass


def message_of(make: Callable[[], Any]) -> str:
    with pytest.raises(ConfigurationError) as info:
        make()
    return str(info.value)


def test_1_a_field_and_a_method_of_one_name() -> None:
    def make() -> None:
        class Order(Aggregate, key="order"):
            paid: bool = False

            @evolves
            def paid(self, event: Withdrawn) -> None: ...  # type: ignore[no-redef]  # noqa: F811

    assert message_of(make) == (
        "Order.paid is both a field and a method, so the method would become the field's default. "
        "Rename one, e.g. the field to is_paid."
    )


def test_2_an_unknown_class_keyword() -> None:
    def make() -> None:
        class OrderPlaced(Event, tag="course"):  # type: ignore[call-arg]
            course: str

    assert message_of(make) == (
        "class OrderPlaced(Event, tag=…): unknown keyword 'tag'. "
        'Known: name, revision, tags, public, formerly. Did you mean tags=("course",)?'
    )


def test_3_a_command_without_the_key_field() -> None:
    class Account(Aggregate, key="account"):
        @handles
        def withdraw(self, command: Withdraw) -> Decimal:
            return command.amount

    assert message_of(lambda: App("bank", Account)) == (
        "Account.withdraw: Withdraw has no field 'account' (it has: id, amount). Rename the "
        'field, or say which holds the key: @handles(key="id").'
    )


def test_4_a_parameter_without_type() -> None:
    class Account(Aggregate, key="id"):
        @handles
        def withdraw(self, command) -> Decimal: ...  # type: ignore[no-untyped-def,empty-body] # noqa: ANN001

    assert message_of(lambda: App("bank", Account)) == (
        "Account.withdraw: parameter 'command' has no type, so Leftfold cannot tell what it "
        "handles. Write command: Withdraw."
    )


@handles
async def balances_of(query: OrdersOf, balances: "Rows[Balance]") -> int:
    return await balances.find().count()


def test_5_an_annotation_that_cannot_be_resolved() -> None:
    assert message_of(lambda: App("bank", balances_of)) == (
        "balances_of: the annotation 'Balance' cannot be resolved. It is imported under "
        "TYPE_CHECKING or defined inside a function; import it at module level."
    )


def test_6_two_handlers_of_one_command() -> None:
    class Account(Aggregate, key="id"):
        @handles
        def withdraw(self, command: Withdraw) -> Decimal:
            return command.amount

    class Transfers(Aggregate, key="id"):
        @handles
        def withdraw(self, command: Withdraw) -> Decimal:
            return command.amount

    assert _without_lines(message_of(lambda: App("bank", Account, Transfers))) == (
        "Withdraw is handled by Account.withdraw (test_mistakes.py:N) and Transfers.withdraw "
        "(test_mistakes.py:N). A command has one handler; remove one, or use two commands."
    )


def _without_lines(text: str) -> str:
    return re.sub(r"\.py:\d+", ".py:N", text)


async def test_7_a_command_that_nobody_handles() -> None:
    class CloseAccount(Command[None]):
        account: str

    class Account(Aggregate, key="id"):
        @handles(missing_ok=True)
        def withdraw(self, command: Withdraw) -> Decimal:
            return command.amount

    async with TestApp(App("bank", Account)) as app:
        with pytest.raises(NoHandler) as info:
            await app.send(CloseAccount(account="a"))
    assert str(info.value) == (
        "No part of App 'bank' handles CloseAccount. Parts: Account. Add its handler, or pass the "
        "part to App(...)."
    )


def test_8_a_handler_that_returns_another_type() -> None:
    class Account(Aggregate, key="id"):
        @handles
        def withdraw(self, command: Withdraw) -> str:
            return ""

    assert message_of(lambda: App("bank", Account)) == (
        "Account.withdraw returns str, but Withdraw is a Command[Decimal]. Change one of them."
    )


class AccountOpened(Event):
    id: str
    owner: str


class Open(Command[None]):
    id: str
    owner: str


def test_9_a_field_that_nothing_sets() -> None:
    class Account(Aggregate, key="id"):
        owner: str

        @evolves
        def opened(self, event: AccountOpened) -> None:
            self.owner = event.owner

    assert message_of(lambda: App("bank", Account)) == (
        "Account.owner has no default and no classmethod builds the state. Give a default, or add "
        "@evolves @classmethod def opened(cls, event: AccountOpened) -> Self."
    )


def test_10_a_field_that_is_read_before_it_is_set() -> None:
    class Account(Aggregate, key="id"):
        owner: str

        @handles(new=True)
        def open(self, command: Open) -> None:
            if self.owner == command.owner:
                self.record(AccountOpened(id=command.id, owner=command.owner))

        @evolves
        @classmethod
        def opened(cls, event: AccountOpened) -> Self:
            return cls(owner=event.owner)

    assert message_of(lambda: given(Account).when(Open(id="a", owner="ann"))) == (
        "Account.open read self.owner before it was set. A new=True handler has no state until it "
        "records the event that Account.opened folds."
    )


@handles
async def orders_of(query: OrdersOf, mailer: Mailer) -> int:
    return 0


def test_11_something_that_nothing_provides() -> None:
    assert message_of(lambda: App("shop", orders_of, database="sqlite:///x.db")) == (
        "orders_of asks for Mailer (parameter 'mailer'), which nothing provides. Add App(..., "
        "provide={Mailer: ...}). Built in: Metadata, App, Rows[...], BlockingRows[...], Connection."
    )


def test_12_an_async_decision() -> None:
    class Account(Aggregate, key="id"):
        @handles
        async def withdraw(self, command: Withdraw) -> Decimal:
            return command.amount

    assert message_of(lambda: App("bank", Account)) == (
        "Account.withdraw is async. Aggregates decide without I/O, because a decision may run "
        "again. Fetch in a free @handles function, then send a command."
    )


class Careless(Aggregate, key="id"):
    balance: Decimal = Decimal(10)

    @handles(missing_ok=True)
    def withdraw(self, command: Withdraw) -> Decimal:
        self.balance -= command.amount
        return self.balance


async def test_13_state_that_changed_without_an_event() -> None:
    async with TestApp(App("bank", Careless)) as app:
        with pytest.raises(ConfigurationError) as info:
            await app.send(Withdraw(id="a", amount=Decimal(5)))
    assert str(info.value) == (
        "Careless.withdraw changed balance from Decimal('10') to Decimal('5') without an event; "
        "the change is lost at the next load. Record an event and change balance in @evolves."
    )


def test_14_a_boundary_over_events_without_the_tag() -> None:
    class MoneyDeposited(Event):
        account: str

    class Transfers(Boundary, tags=("account",)):
        @evolves
        def deposited(self, event: MoneyDeposited) -> None: ...

    assert message_of(lambda: App("bank", Transfers)) == (
        "Transfers folds MoneyDeposited by tag 'account', but MoneyDeposited declares no tags, so "
        'it would never be found. Write class MoneyDeposited(Event, tags=("account",)). Events '
        "already stored need leftfold retag."
    )


async def test_15_an_app_that_does_not_run() -> None:
    with pytest.raises(NotRunning) as info:
        await App("bank", Careless).send(Withdraw(id="a", amount=Decimal(5)))
    assert str(info.value) == "App 'bank' is not running; use async with app:"


def test_15_a_wire_name_used_twice() -> None:
    def event(module: str) -> type[Event]:
        class Happened(Event):
            id: str

        Happened.__module__ = module
        return Happened

    first, second = event("first"), event("second")
    text = message_of(lambda: App("bank", first, second))
    assert "'Happened' is used by" in text
    assert "first." in text
    assert "second." in text
    assert "name=" in text


async def test_15_an_unknown_url_scheme_and_what_to_install() -> None:
    with pytest.raises(ConfigurationError) as info:
        async with App("bank", Careless, database="mysql://host/x"):
            pass
    assert str(info.value) == (
        "'mysql://host/x': nothing installed answers to the URL scheme 'mysql'. Known: memory, "
        "sqlite. Install the package that brings it, or use a file here: sqlite:///shop.db."
    )


class Forgotten(Event):
    id: str


class Forgetful(Aggregate, key="id"):
    @handles(missing_ok=True)
    def withdraw(self, command: Withdraw) -> Decimal:
        self.record(Forgotten(id=command.id))
        return Decimal(0)


async def test_15_an_event_that_nobody_evolves_or_handles() -> None:
    with pytest.warns(UserWarning, match="Forgotten is recorded, but no part evolves") as warned:
        async with App("bank", Forgetful):
            pass
    assert "pass Forgotten itself to App(...)" in str(warned[0].message)
    async with App("bank", Forgetful, Forgotten) as app:
        assert await app.send(Withdraw(id="a", amount=Decimal(1))) == 0


def test_a_view_of_one_name_twice_is_refused_too() -> None:
    def view() -> type[View]:
        class Balances(View, key="id"):
            id: str

            @evolves
            def opened(self, event: AccountOpened) -> None: ...

        return Balances

    assert "processor name 'Balances' is used by" in message_of(lambda: App("bank", view(), view()))

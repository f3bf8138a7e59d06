"""Aggregates: what is refused when they are made, and what they do. Read by: their authors."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from unit.modeling.deciding import Deposit, Deposited, Open, Opened, compiled, deciding

from leftfold.errors import ConfigurationError
from leftfold.messages import Command, Event, Metadata
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.roles import evolves, handles


class Withdraw(Command[int]):
    id: str
    amount: int


def aggregate(base: Any = Aggregate, **body: Any) -> Any:
    """Return an Aggregate called Account with these members."""
    annotations = body.pop("annotations", {})
    keywords = body.pop("keywords", {"key": "account"})
    namespace = {"__module__": __name__, "__annotations__": annotations, **body}
    return type(Aggregate)("Account", (base,), namespace, **keywords)


def refused(words: str, make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError, match=words):
        make()


def withdrawing(**options: Any) -> Any:
    """Return a handler of Withdraw, marked with these options."""

    def withdraw(self: Any, command: Withdraw) -> int:
        return int(self.balance - command.amount)

    return handles(**options)(withdraw)


def test_a_key_that_no_field_holds_is_refused_with_advice() -> None:

    refused(
        r"Account.withdraw: Withdraw has no field 'account' \(it has: id, amount\). Rename the "
        r'field, or say which holds the key: @handles\(key="id"\)\.',
        lambda: compiled(aggregate(withdraw=withdrawing())),
    )
    assert compiled(aggregate(withdraw=withdrawing(key="id")))


def test_a_model_without_key_is_refused() -> None:

    refused(
        r'class Account\(Aggregate\) has no key. .*class Account\(Aggregate, key="id"\)',
        lambda: compiled(aggregate(withdraw=withdrawing(), keywords={})),
    )
    refused("key=5 must be a field, or a tuple", lambda: aggregate(keywords={"key": 5}))
    refused("key=<built-in", lambda: aggregate(keywords={"key": len}))


def test_keywords_of_other_models_are_refused() -> None:
    refused(
        r"class Account\(Aggregate, version=…\): unknown keyword 'version'. Known: key, name\.",
        lambda: aggregate(keywords={"key": "account", "version": 2}),
    )
    refused(
        r"unknown keyword 'nane'.*Did you mean name=…\?", lambda: aggregate(keywords={"nane": 2})
    )


def test_async_class_level_and_yielding_handlers_are_refused() -> None:
    async def later(self: Any, command: Withdraw) -> int: ...  # type: ignore[empty-body]
    def of_class(cls: Any, command: Withdraw) -> int: ...  # type: ignore[empty-body]
    def yielding(self: Any, command: Withdraw) -> Iterator[Event]:
        yield Deposited(account="a", amount=1)

    refused(
        "Account.withdraw is async. Aggregates decide without I/O, because a decision may run "
        "again. Fetch in a free @handles function, then send a command.",
        lambda: compiled(aggregate(withdraw=handles(key="id")(later))),
    )
    refused(
        "Account.withdraw is a classmethod, but a command is decided on a state",
        lambda: compiled(aggregate(withdraw=handles(classmethod(of_class)))),
    )
    refused(
        r"Account.withdraw \(test_aggregate.py:\d+\) yields, so its body would not run",
        lambda: compiled(aggregate(withdraw=handles(key="id")(yielding))),
    )


def test_folds_that_cannot_work_are_refused() -> None:
    async def later(self: Any, event: Opened) -> None: ...
    def more(self: Any, event: Opened, owner: str) -> None: ...
    def command(self: Any, event: Withdraw) -> None: ...
    def every(self: Any, event: Event) -> None: ...
    def one(self: Any, event: Opened) -> None: ...
    def other(self: Any, event: Opened | Deposited) -> None: ...

    def fold(method: Any, **more: Any) -> Callable[[], object]:
        return lambda: compiled(aggregate(opened=evolves(method), **more))

    refused("Account.opened is async. A fold only changes state", fold(later))
    refused("opened: a fold takes the event and, if it wants, Metadata; not 'ow", fold(more))
    refused("Account.opened evolves Withdraw, which is no event of yours", fold(command))
    refused("Account.opened evolves Event, which is no event of yours", fold(every))
    refused(
        r"Opened is folded by Account.opened \(.*\) and Account.other \(.*\). Fold it in one",
        fold(one, other=evolves(other)),
    )


def test_options_that_mean_nothing_are_refused_with_advice() -> None:
    def opened(self: Any, event: Opened) -> None: ...
    def both(self: Any, event: Opened) -> None: ...

    refused(
        r"Account.withdraw: @handles\(tags=…\) means nothing in an Aggregate. An Aggregate is fo",
        lambda: compiled(aggregate(withdraw=withdrawing(tags=("a",)))),
    )
    refused(
        r"Account.opened: @evolves\(each=…\) means nothing",
        lambda: compiled(aggregate(opened=evolves(each="lines")(opened))),
    )
    refused(
        "new=True and missing_ok=True exclude each other",
        lambda: compiled(
            aggregate(withdraw=withdrawing(new=True, missing_ok=True, key="id"))  # type: ignore[call-overload]
        ),
    )
    refused(r"@handles\(nwe=…\): unknown option. Known: ", lambda: handles(nwe=True))  # type: ignore[call-overload]
    refused("marks functions and methods, not 5", lambda: handles(5))  # type: ignore[type-var]
    refused("is marked twice", lambda: handles(evolves(both)))


def test_a_field_that_nothing_sets_is_refused() -> None:
    def opened(self: Any, event: Opened) -> None: ...

    refused(
        "Account.owner has no default and no classmethod builds the state. Give a default, or add "
        r"@evolves @classmethod def opened\(cls, event: Opened\) -> Self\.",
        lambda: compiled(aggregate(annotations={"owner": str}, opened=evolves(opened))),
    )
    refused("def opened.*AccountOpened", lambda: compiled(aggregate(annotations={"owner": str})))


def test_what_no_state_can_be_called_on_is_refused() -> None:
    def static(command: Withdraw) -> int: ...  # type: ignore[empty-body]
    def opened(cls: Any, event: Opened) -> Any: ...
    def made(self: Any) -> None: ...

    refused(
        "Account.withdraw is a staticmethod, but it is called on a state. Make it a method",
        lambda: aggregate(withdraw=handles(staticmethod(static))),
    )
    refused(
        r"Account has a __post_init__ and fields without default \(owner\)",
        lambda: compiled(
            aggregate(
                annotations={"owner": str},
                opened=evolves(classmethod(opened)),
                __post_init__=made,
            )
        ),
    )


def test_two_methods_for_one_command_are_refused() -> None:
    def take(self: Any, command: Withdraw | Deposit) -> int: ...  # type: ignore[empty-body]

    refused(
        r"Withdraw is handled by Account.withdraw \(.*py:\d+\) and Account.take \(.*py:\d+\). A "
        "command has one handler; remove one, or use two commands.",
        lambda: compiled(
            aggregate(withdraw=withdrawing(), take=handles(take), keywords={"key": "id"})
        ),
    )


class Base(Aggregate, key="account"):
    """What its subclasses share: key, fields, a fold."""

    balance: int = 0

    @handles(missing_ok=True)
    def deposit(self, command: Deposit) -> int:
        self.record(Deposited(account=command.account, amount=command.amount))
        return self.balance

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount


async def test_a_model_may_derive_from_another() -> None:
    class Savings(Base):
        @evolves
        def deposited(self, event: Deposited) -> None:
            self.balance += 2 * event.amount

    async with deciding(Savings) as bank:
        assert await bank.send(Deposit(account="a", amount=5)) == 10
        assert (await bank.log())[0].stream == "Savings/a"


class Account(Aggregate, key="account"):
    owner: str
    balance: int = 0

    @handles(new=True)
    def open(self, command: Open) -> None:
        if command.owner == "look":
            self.record(Opened(account=self.owner, owner=""))
        self.record(Opened(account=command.account, owner=command.owner))

    @handles(missing_ok=True)
    def deposit(self, command: Deposit) -> int:
        return len(self.owner)

    @evolves
    @classmethod
    def opened(cls, event: Opened) -> Self:
        return cls(owner=event.owner)


async def test_a_field_is_unset_until_the_state_is_built() -> None:
    async with deciding(Account) as bank:
        words = (
            "Account.open read self.owner before it was set. A new=True handler has no state until "
            "it records the event that Account.opened folds."
        )
        with pytest.raises(ConfigurationError, match=words):
            await bank.send(Open(account="a", owner="look"))
        with pytest.raises(ConfigurationError, match="A missing_ok=True handler has no state"):
            await bank.send(Deposit(account="a", amount=1))


def test_outside_handlers_an_unset_field_is_an_attribute_error() -> None:
    blank = compiled(Account).blank(Open(account="a", owner="ann"))
    with pytest.raises(AttributeError, match=r"Account.owner was read before it was set"):
        _ = blank.owner
    with pytest.raises(AttributeError, match="has no attribute 'surplus'"):
        _ = blank.surplus
    with pytest.raises(AttributeError):
        blank.blance = 5  # a typing error in a fold is not kept in silence


class Recorder(Aggregate, key="account"):
    balance: int = 0

    @handles(missing_ok=True)
    def deposit(self, command: Deposit) -> int:
        wrong: Any = {1: "no event", 2: Metadata, 3: None}.get(command.amount)
        if command.amount == 4:
            Recorder().record(Deposited(account="a", amount=1))
        elif command.amount <= 3:
            self.record(wrong)
        self.record(Deposited(account=command.account, amount=command.amount))
        return 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        if event.amount == 5:
            self.record(event)
        if event.amount == 6:
            Recorder().record(event)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (1, "Recorder.deposit recorded 'no event', which is no Event"),
        (2, "which is no Event. Record an instance"),
        (3, "recorded None, which is no Event"),
        (4, "called outside a handler of this Recorder"),
        (5, "Recorder.deposit: record.. was called inside @evolves. A fold only changes state"),
        (6, "called inside @evolves"),
    ],
)
async def test_what_may_not_be_recorded_is_refused(amount: int, words: str) -> None:
    async with deciding(Recorder) as bank:
        with pytest.raises(ConfigurationError, match=words):
            await bank.send(Deposit(account="a", amount=amount))
        assert await bank.types() == []


def test_recording_outside_a_handler_is_refused() -> None:
    refused(
        r"Recorder.record\(\) was called outside a handler of this Recorder. Send a command",
        lambda: Recorder().record(Deposited(account="a", amount=1)),
    )


async def test_a_task_that_a_handler_leaves_behind_cannot_record() -> None:
    left: list[Any] = []

    class Leaky(Aggregate, key="account"):
        @handles(missing_ok=True)
        def deposit(self, command: Deposit) -> int:
            left.append(self)
            return 0

    async with deciding(Leaky, events=[Deposited]) as bank:
        await bank.send(Deposit(account="a", amount=1))
        await asyncio.sleep(0)
        refused("outside a handler", lambda: left[0].record(Deposited(account="a", amount=1)))

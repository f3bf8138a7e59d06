"""An App in memory: sending, asking, nesting, what is around. Read by: authors of the App."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from unit.app import bank
from unit.app.bank import (
    Account,
    Balance,
    BalanceOf,
    Deposit,
    DepositAll,
    Deposited,
    Open,
    TooLittle,
)

from leftfold import (
    App,
    Command,
    ConfigurationError,
    IdReused,
    Metadata,
    NoHandler,
    NotCurrent,
    NotFound,
    NotRunning,
    Query,
    Rows,
    TestApp,
    View,
    evolves,
    handles,
)


@pytest.fixture
async def app() -> AsyncIterator[TestApp]:
    async with TestApp(App("bank", bank)) as running:
        yield running


async def test_a_command_is_answered_and_seen_in_a_view(app: TestApp) -> None:
    await app.send(Open(account="a", owner="ann"))
    receipt = await app.dispatch(Deposit(account="a", amount=5), actor="ann")
    assert receipt.result == 5
    assert receipt.events == (Deposited(account="a", amount=5, by="ann"),)
    assert await app.ask(BalanceOf(account="a"), after=receipt.token) == 5
    assert await app.rows(Balance).get("a", after=receipt.token) == Balance(
        account="a", owner="ann", balance=5
    )


async def test_a_refusal_is_raised_as_its_class_and_changes_nothing(app: TestApp) -> None:
    await app.send(Open(account="a", owner="ann"))
    with pytest.raises(TooLittle, match="-1 is not positive"):
        await app.send(Deposit(account="a", amount=-1))
    assert await app.send(Deposit(account="a", amount=1)) == 1


async def test_a_command_with_an_id_runs_once_and_gives_its_first_answer(app: TestApp) -> None:
    await app.send(Open(account="a", owner="ann"))
    first = await app.dispatch(Deposit(account="a", amount=5), id="d-1")
    await app.send(Deposit(account="a", amount=2))
    again = await app.dispatch(Deposit(account="a", amount=5), id="d-1")
    assert again == first
    with pytest.raises(IdReused, match="d-1"):
        await app.send(Deposit(account="a", amount=6), id="d-1")
    assert await app.send(Deposit(account="a", amount=1)) == 8


async def test_a_kept_refusal_comes_back_as_its_class(app: TestApp) -> None:
    with pytest.raises(NotFound, match="'a'"):
        await app.send(Deposit(account="a", amount=5), id="early")
    await app.send(Open(account="a", owner="ann"))
    with pytest.raises(NotFound, match="'a'"):
        await app.send(Deposit(account="a", amount=5), id="early")
    with pytest.raises(TooLittle):
        await app.send(Deposit(account="a", amount=0), id="nothing")
    with pytest.raises(TooLittle, match="0 is not positive"):
        await app.send(Deposit(account="a", amount=0), id="nothing")


async def test_a_free_function_with_an_id_sends_what_it_sent_before(app: TestApp) -> None:
    for account in "ab":
        await app.send(Open(account=account, owner="ann"))
    all_twice = DepositAll(accounts=("a", "b", "a"), amount=5)
    assert await app.send(all_twice, id="all") == 5 + 5 + 10
    assert await app.send(all_twice, id="all") == 20
    await app.settled()
    assert await app.ask(BalanceOf(account="a")) == 10


async def test_what_a_handler_sends_keeps_actor_and_names_its_cause(app: TestApp) -> None:
    await app.send(Open(account="a", owner="ann"))
    receipt = await app.dispatch(DepositAll(accounts=("a",), amount=1), actor="bob")
    assert receipt.events == ()
    assert await app.ask(BalanceOf(account="a"), after=receipt.token) == 1
    live = app._running()  # noqa: SLF001
    page = await live.store.read_all((), after=None, limit=10)
    decoded = live.wiring.codec.decode(
        page.records[-1].type, page.records[-1].revision, page.records[-1].data
    )
    assert decoded == Deposited(account="a", amount=1, by="bob")


async def test_a_token_of_an_empty_log_is_a_token(app: TestApp) -> None:
    with pytest.raises(NotFound):
        await app.send(Deposit(account="a", amount=1))
    receipt = await app.dispatch(DepositAll(accounts=(), amount=1))
    assert await app.rows(Balance).get("a", after=receipt.token) is None


async def test_the_head_is_the_token_of_the_newest_event(app: TestApp) -> None:
    empty = await app.head()
    assert await app.rows(Balance).get("a", after=empty) is None
    receipt = await app.dispatch(Open(account="a", owner="ann"))
    assert await app.head() == receipt.token != empty


async def test_a_message_that_nobody_handles_is_named(app: TestApp) -> None:
    class CloseAccount(Command[None]):
        account: str

    with pytest.raises(NoHandler) as refused:
        await app.send(CloseAccount(account="a"))
    assert "No part of App 'bank' handles CloseAccount." in str(refused.value)
    with pytest.raises(ConfigurationError, match="takes a Command"):
        await app.send(BalanceOf(account="a"))  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue,reportArgumentType]


async def test_an_app_that_does_not_run_says_so() -> None:
    app = App("bank", bank)
    with pytest.raises(NotRunning, match="App 'bank' is not running; use async with app:"):
        await app.send(Open(account="a", owner="ann"))


async def test_an_app_may_run_again_but_not_twice_at_once() -> None:
    app = App("bank", bank)
    async with app:
        await app.send(Open(account="a", owner="ann"))
        with pytest.raises(ConfigurationError, match="is running already"):
            await app.__aenter__()
        assert await app.send(Deposit(account="a", amount=1)) == 1
    async with app:
        with pytest.raises(NotFound):
            await app.send(Deposit(account="a", amount=1))


async def test_apps_nest_and_share_one_log() -> None:
    inner = App("accounts", Account)
    outer = App("bank", inner, Balance, bank.balance_of)
    async with TestApp(outer) as app:
        await app.send(Open(account="a", owner="ann"))
        await app.settled()
        assert await app.ask(BalanceOf(account="a")) == 0


def test_an_inner_app_has_no_database_of_its_own() -> None:
    inner = App("accounts", Account, database="sqlite:///x.db")
    with pytest.raises(ConfigurationError, match="give the database to App\\('bank'"):
        App("bank", inner)


class Note:
    """A service that the test looks into."""

    def __init__(self) -> None:
        self.lines: list[str] = []


class Clerk:
    """A service that needs another."""

    def __init__(self, note: Note) -> None:
        self.note = note


class Ask(Query[int]):
    pass


@handles
def ask_clerk(query: Ask, clerk: Clerk, metadata: Metadata) -> int:
    clerk.note.lines.append(f"asked {metadata.id.version}")
    return len(clerk.note.lines)


async def test_services_are_made_in_order_and_closed_in_reverse() -> None:
    note = Note()

    async def make_note() -> AsyncIterator[Note]:
        note.lines.append("note opened")
        yield note
        note.lines.append("note closed")

    def make_clerk(note: Note) -> Iterator[Clerk]:
        note.lines.append("clerk opened")
        yield Clerk(note)
        note.lines.append("clerk closed")

    app = App("shop", ask_clerk, provide={Clerk: make_clerk, Note: make_note})
    async with app:
        assert await app.ask(Ask()) == 3
    assert note.lines == ["note opened", "clerk opened", "asked 7", "clerk closed", "note closed"]


async def test_a_test_replaces_a_service() -> None:
    note = Note()
    app = App("shop", ask_clerk, provide={Clerk: Clerk(Note())})
    async with TestApp(app, provide={Clerk: Clerk(note)}) as test:
        assert await test.ask(Ask()) == 1
    assert note.lines == ["asked 7"]


def test_what_nothing_provides_is_named_when_the_app_is_whole() -> None:
    inner = App("desk", ask_clerk)
    App("shop", inner, provide={Clerk: Clerk(Note())}, database="sqlite:///x.db")
    with pytest.raises(ConfigurationError) as refused:
        TestApp(inner)
    assert str(refused.value).startswith(
        "ask_clerk asks for Clerk (parameter 'clerk'), which nothing provides. "
        "Add App(..., provide={Clerk: ...}). Built in: Metadata, App, Rows[...]"
    )
    with pytest.raises(ConfigurationError, match="which nothing provides"):
        App("desk", ask_clerk, database="sqlite:///x.db")


async def test_interceptors_run_around_every_message_outermost_first() -> None:
    seen: list[str] = []

    def named(name: str) -> Any:
        async def around(
            message: Any, metadata: Metadata, proceed: Callable[[], Awaitable[Any]]
        ) -> Any:
            seen.append(f"{name} {type(message).__name__}")
            try:
                return await proceed()
            finally:
                seen.append(f"{name} done")

        return around

    inner = App("accounts", bank, intercept=(named("inner"),))
    async with TestApp(App("bank", inner, intercept=(named("outer"),))) as app:
        await app.send(Open(account="a", owner="ann"))
        with pytest.raises(TooLittle):
            await app.send(Deposit(account="a", amount=0))
    assert seen == [
        *("outer Open", "inner Open", "inner done", "outer done"),
        *("outer Deposit", "inner Deposit", "inner done", "outer done"),
    ]


async def test_an_interceptor_may_answer_by_itself() -> None:
    async def closed(
        message: Any, metadata: Metadata, proceed: Callable[[], Awaitable[Any]]
    ) -> Any:
        return 42 if isinstance(message, Deposit) else await proceed()

    async with TestApp(App("bank", bank, intercept=(closed,))) as app:
        receipt = await app.dispatch(Deposit(account="none", amount=1))
    assert (receipt.result, receipt.events) == (42, ())


def test_scripts_use_it_without_await() -> None:
    app = App("bank", bank)
    with app.blocking() as running:
        running.send(Open(account="a", owner="ann"))
        receipt = running.dispatch(Deposit(account="a", amount=5))
        assert running.ask(BalanceOf(account="a"), after=receipt.token) == 5
        rows = running.rows(Balance)
        assert [row.account for row in rows.find(balance=5)] == ["a"]
        with pytest.raises(TooLittle):
            running.send(Deposit(account="a", amount=0))
    with app.blocking() as running, pytest.raises(NotFound):
        running.send(Deposit(account="a", amount=5))


class Brittle(View, key="account"):
    account: str
    total: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.total += 100 // (event.amount - 5)


class TotalOf(Query[int]):
    account: str


@handles
async def total_of(query: TotalOf, totals: Rows[Brittle]) -> int:
    return (await totals.get_one(query.account)).total


async def test_a_query_after_a_token_says_why_its_view_is_not_there() -> None:
    async with App("bank", bank, Brittle, total_of) as app:
        await app.send(Open(account="a", owner="ann"))
        token = (await app.dispatch(Deposit(account="a", amount=5))).token
        with pytest.raises(NotCurrent, match="ZeroDivisionError"):
            await app.ask(TotalOf(account="a"), after=token, timeout_s=5)
        assert await app.ask(BalanceOf(account="a"), after=token) == 5

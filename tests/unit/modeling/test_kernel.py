"""The way of a command: what is stored, answered, kept and decided again. Read by: its authors."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self

import pytest
from unit.modeling.deciding import (
    Account,
    Close,
    Closed,
    Deciding,
    Deposit,
    Deposited,
    Note,
    Noted,
    Notes,
    NotPositive,
    Open,
    Opened,
    Transfer,
    Transfers,
    deciding,
)

from leftfold.clock import SystemClock
from leftfold.errors import (
    AlreadyExists,
    CodecError,
    CommitRefused,
    ConflictError,
    IdReused,
    NotFound,
    Rejected,
    StorageError,
)
from leftfold.eventstore import Commit, Conflict, MemoryEventStore, Result
from leftfold.messages import Command, Event, Metadata
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.roles import evolves, handles


@pytest.fixture
async def bank() -> AsyncIterator[Deciding]:
    async with deciding(Account, Notes, Transfers) as running:
        yield running


async def test_what_a_handler_records_is_stored_under_its_key(bank: Deciding) -> None:
    await bank.send(Open(account="a", owner="ann"))
    answer = await bank.answer(Deposit(account="a", amount=5), actor="ann")

    records = await bank.log()
    assert [(r.stream, r.type, r.version) for r in records] == [
        ("Account/a", "Opened", 1),
        ("Account/a", "Deposited", 2),
    ]
    assert answer.result == 5
    assert answer.events == (Deposited(account="a", amount=5),)
    assert answer.last == records[-1].in_log


async def test_existence_is_asked_before_the_handler_runs(bank: Deciding) -> None:
    with pytest.raises(NotFound, match="There is no Account 'a'"):
        await bank.send(Deposit(account="a", amount=5))
    await bank.send(Open(account="a", owner="ann"))
    with pytest.raises(AlreadyExists, match="Account 'a' exists already"):
        await bank.send(Open(account="a", owner="bob"))


async def test_an_ended_aggregate_is_neither_found_nor_new(bank: Deciding) -> None:
    await bank.send(Open(account="a", owner="ann"))
    await bank.send(Close(account="a"))
    for _ in range(2):
        with pytest.raises(NotFound, match="has ended"):
            await bank.send(Deposit(account="a", amount=5))
        with pytest.raises(AlreadyExists):
            await bank.send(Open(account="a", owner="bob"))


class Reopen(Command[None]):
    account: str


class Reopened(Event):
    account: str


class Strange(Aggregate, key="account", name="Account"):
    """Records something after its own end."""

    @handles(missing_ok=True)
    def reopen(self, command: Reopen) -> None:
        self.record(Closed(account=command.account))
        self.record(Reopened(account=command.account))

    @evolves(ends=True)
    def closed(self, event: Closed) -> None:
        pass

    @evolves
    def reopened(self, event: Reopened) -> None:
        pass


async def test_an_end_stays_the_end_whatever_was_recorded_after_it() -> None:
    store = MemoryEventStore(SystemClock())
    async with deciding(Strange, store=store) as cached:
        await cached.send(Reopen(account="a"))
        with pytest.raises(NotFound):
            await cached.send(Reopen(account="a"))
    async with deciding(Strange, store=store) as loaded:
        with pytest.raises(NotFound):
            await loaded.send(Reopen(account="a"))


async def test_a_cached_state_that_is_refused_is_as_it_was(bank: Deciding) -> None:
    await bank.send(Open(account="a", owner="ann"))
    await bank.send(Deposit(account="a", amount=5))
    with pytest.raises(NotPositive, match="there are 5"):
        await bank.send(Deposit(account="a", amount=0))
    assert len(bank.cache) == 1
    assert await bank.send(Deposit(account="a", amount=1)) == 6


async def test_a_state_that_can_be_changed_is_loaded_anew_after_a_refusal(bank: Deciding) -> None:
    assert await bank.send(Note(list="l", word="eggs")) == 1
    with pytest.raises(Rejected, match="among 1"):
        await bank.send(Note(list="l", word="eggs"))
    assert len(bank.cache) == 0
    assert await bank.send(Note(list="l", word="milk")) == 2


async def test_an_answer_without_events_keeps_no_state_that_may_have_been_changed(
    bank: Deciding,
) -> None:
    await bank.send(Note(list="l", word="eggs"))
    assert await bank.send(Note(list="l", word="")) == 1
    assert len(bank.cache) == 0


@pytest.mark.parametrize("model", [Account, Notes])
async def test_another_kernel_on_the_store_is_noticed(model: type[Aggregate]) -> None:
    store = MemoryEventStore(SystemClock())
    async with deciding(model, store=store) as one, deciding(model, store=store) as two:
        if model is Account:
            await one.send(Open(account="a", owner="ann"))
            assert await two.send(Deposit(account="a", amount=1)) == 1
            assert await one.send(Deposit(account="a", amount=2)) == 3
            assert await two.send(Deposit(account="a", amount=4)) == 7
        else:
            assert await one.send(Note(list="l", word="x")) == 1
            assert await two.send(Note(list="l", word="y")) == 2
            assert await one.send(Note(list="l", word="z")) == 3


async def test_a_boundary_that_adds_to_a_stream_is_noticed_by_its_aggregate(
    bank: Deciding,
) -> None:
    await bank.send(Open(account="a", owner="ann"))
    await bank.send(Open(account="b", owner="bob"))
    await bank.send(Deposit(account="a", amount=10))
    assert await bank.send(Transfer(source="a", target="b", amount=4)) == 6
    assert await bank.send(Deposit(account="a", amount=1)) == 7
    assert await bank.send(Deposit(account="b", amount=1)) == 5
    assert [r.stream for r in await bank.log()][3:5] == ["Account/a", "Account/b"]


async def test_an_event_that_cannot_be_read_again_is_refused_and_leaves_nothing() -> None:
    async with deciding(Account) as bank:
        await bank.send(Open(account="a", owner="ann"))
        with pytest.raises(CodecError, match="Deposited cannot be stored"):
            await bank.send(Deposit(account="a", amount=1.5))  # type: ignore[arg-type]
        assert await bank.types() == ["Opened"]
        assert await bank.send(Deposit(account="a", amount=1)) == 1


async def test_a_commit_beyond_a_limit_is_refused_and_leaves_nothing(bank: Deciding) -> None:
    with pytest.raises(CommitRefused, match="1 MiB"):
        await bank.send(Open(account="a", owner="x" * (1 << 20)))
    assert await bank.types() == []


class Sum(Command[int]):
    account: str
    amounts: tuple[int, ...]


class Careless(Aggregate, key="account", name="Account"):
    """Changes its state without events, beside those that it records."""

    balance: int = 0

    @handles(missing_ok=True)
    def sum(self, command: Sum) -> int:
        before = self.balance
        for amount in command.amounts:
            self.balance += 1_000
            try:
                self.record(Deposited(account=command.account, amount=amount))
            except CodecError:
                continue
        return before

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount


async def test_a_change_without_an_event_is_not_kept() -> None:
    async with deciding(Careless) as bank:
        await bank.send(Sum(account="a", amounts=(1, 2)))
        bad: tuple[int, ...] = (4, "x")  # type: ignore[assignment]
        assert await bank.send(Sum(account="a", amounts=bad)) == 3
        assert len(bank.cache) == 1
        assert await bank.send(Sum(account="a", amounts=())) == 7


class Seen(Aggregate, key="account", name="Account"):
    """Folds metadata into its state."""

    seen: tuple[object, ...] = ()

    @handles(missing_ok=True)
    def see(self, command: Deposit) -> int:
        self.record(Deposited(account=command.account, amount=command.amount))
        return len(set(self.seen))

    @evolves
    def deposited(self, event: Deposited, metadata: Metadata) -> None:
        self.seen = (*self.seen, metadata)


async def test_a_fold_sees_the_same_metadata_at_once_and_later() -> None:
    store = MemoryEventStore(SystemClock())
    states: list[object] = []
    for _ in range(2):
        async with deciding(Seen, store=store) as bank:
            await bank.answer(Deposit(account="a", amount=1), actor="ann")
            folded = bank.cache.take(("", "Account/a"))
            assert folded is not None
            states.append(folded.state.seen[0])
    assert states[0] == states[1]
    assert isinstance(states[0], Metadata)
    assert (states[0].actor, states[0].position, states[0].token) == ("ann", None, None)


class Late(Aggregate, key="account", name="Account"):
    """Its first event may be one that does not build it."""

    owner: str
    balance: int = 0

    @handles(missing_ok=True)
    def deposit(self, command: Deposit) -> int:
        self.record(Deposited(account=command.account, amount=command.amount))
        return self.balance

    @evolves
    @classmethod
    def opened(cls, event: Opened) -> Self:
        return cls(owner=event.owner)

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount


async def test_a_state_whose_fields_are_not_all_built_yet_is_kept_too() -> None:
    async with deciding(Late) as bank:
        assert await bank.send(Deposit(account="a", amount=1)) == 1
        assert len(bank.cache) == 1
        assert await bank.send(Deposit(account="a", amount=2)) == 3


class Contended(MemoryEventStore):
    """Somebody else is always first."""

    async def append(self, commits: object) -> list[Result]:
        return [Conflict("what was", "what is")]


async def test_who_is_never_first_is_told_so_after_some_tries() -> None:
    async with deciding(Account, store=Contended(SystemClock())) as bank:
        with pytest.raises(
            ConflictError, match=r"decided 20 times on 'Account/a'.*what is"
        ) as info:
            await bank.send(Open(account="a", owner="ann"))
    assert info.value.retryable


class Forgetful(MemoryEventStore):
    """Stores, and then cannot say so, as often as it is told to."""

    failures = 0

    async def append(self, commits: list[Commit]) -> list[Result]:  # type: ignore[override]
        results = await super().append(commits)
        if self.failures:
            self.failures -= 1
            message = "The connection broke."
            raise StorageError(message)
        return results


async def test_an_append_with_unknown_outcome_is_repeated_as_it_was() -> None:
    store = Forgetful(SystemClock())
    async with deciding(Account, store=store) as bank:
        await bank.send(Open(account="a", owner="ann"))
        store.failures = 2
        answer = await bank.answer(Deposit(account="a", amount=5))
        assert answer.result == 5
        assert answer.last == (await store.head())
        assert await bank.types() == ["Opened", "Deposited"]
        assert await bank.send(Deposit(account="a", amount=1)) == 6


async def test_a_stored_command_whose_answer_was_lost_gives_its_first_answer() -> None:
    store = Forgetful(SystemClock())
    async with deciding(Account, store=store) as bank:
        await bank.send(Open(account="a", owner="ann"))
        store.failures = 3
        assert await bank.send(Deposit(account="a", amount=5), id="d") == 5
        store.failures = 3
        with pytest.raises(StorageError, match="broke"):
            await bank.send(Deposit(account="a", amount=1))
        assert await bank.send(Deposit(account="a", amount=2)) == 8


async def test_a_retry_is_answered_although_deciding_again_would_fail(bank: Deciding) -> None:
    await bank.send(Open(account="a", owner="ann"), id="first")
    await bank.send(Close(account="a"))
    assert await bank.send(Open(account="a", owner="ann"), id="first") is None
    with pytest.raises(IdReused, match="'first'"):
        await bank.send(Open(account="a", owner="bob"), id="first")


class Blow(Command[None]):
    list: str


class Fuse(Aggregate, key="list", name="Notes"):
    blown: bool = False

    @handles(missing_ok=True)
    def blow(self, command: Blow) -> None:
        if self.blown:
            message = "a fault of the handler"
            raise ZeroDivisionError(message)
        self.record(Noted(list=command.list, word="bang"))

    @evolves
    def noted(self, event: Noted) -> None:
        self.blown = True


async def test_a_retry_is_answered_although_the_handler_crashes_now() -> None:
    async with deciding(Fuse) as fuse:
        first = await fuse.answer(Blow(list="l"), id="b")
        again = await fuse.answer(Blow(list="l"), id="b")
        assert (again.events, again.last, again.repeated) == (first.events, first.last, True)
        with pytest.raises(ZeroDivisionError):
            await fuse.send(Blow(list="l"), id="other")


async def test_commands_of_one_stream_take_turns(bank: Deciding) -> None:
    await bank.send(Open(account="a", owner="ann"))
    answers = await asyncio.gather(
        *(bank.send(Deposit(account="a", amount=1)) for _ in range(50)),
        *(bank.send(Note(list="l", word=f"w{n}")) for n in range(50)),
    )
    assert sorted(answers[:50]) == list(range(1, 51))
    assert sorted(answers[50:]) == list(range(1, 51))


async def test_a_stored_event_that_no_class_answers_to_stops_the_load_by_name() -> None:
    store = MemoryEventStore(SystemClock())
    async with deciding(Account, store=store) as bank:
        await bank.send(Open(account="a", owner="ann"))
    async with deciding(Careless, store=store) as other:
        with pytest.raises(CodecError, match="'Account/a', whose event 1 is a 'Opened'"):
            await other.send(Sum(account="a", amounts=()))

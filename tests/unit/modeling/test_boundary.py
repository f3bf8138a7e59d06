"""Boundaries: what they fold, where their events go, what is refused. Read by: their authors."""

import asyncio
from typing import Any, Self

import pytest
from unit.modeling.deciding import (
    Account,
    Deposit,
    Deposited,
    Open,
    Transfer,
    Transfers,
    deciding,
)

from leftfold.clock import SystemClock
from leftfold.errors import CodecError, ConfigurationError, Rejected
from leftfold.eventstore import MemoryEventStore
from leftfold.messages import Command, Event, together
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.boundary import Boundary
from leftfold.modeling.roles import evolves, handles


class Signed(Event, tags={"email": lambda event: event.email.casefold(), "user": "user"}):
    user: str
    email: str


class Left(Event, tags=("user",)):
    user: str


class SignUp(Command[None]):
    user: str
    email: str


class Leave(Command[None]):
    user: str


class Emails(Boundary, tags={"email": lambda command: command.email.casefold()}):
    """An e-mail belongs to one user."""

    owner: str | None = None

    @handles
    def sign_up(self, command: SignUp) -> None:
        if self.owner is not None:
            message = f"{command.email} belongs to {self.owner}"
            raise Rejected(message)
        self.record(Signed(user=command.user, email=command.email))

    @evolves
    def signed(self, event: Signed) -> None:
        self.owner = event.user


class Users(Boundary, tags=("user",)):
    user: str
    signed: bool = False

    @handles
    def leave(self, command: Leave) -> None:
        if not self.signed:
            message = f"{self.user} is not signed up"
            raise Rejected(message)
        self.record(Left(user=command.user))

    @evolves
    @classmethod
    def begun(cls, event: Signed) -> Self:
        return cls(user=event.user, signed=True)

    @evolves
    def left(self, event: Left) -> None:
        self.signed = False


async def test_a_computed_tag_makes_a_value_unique() -> None:
    async with deciding(Emails, Users) as users:
        await users.send(SignUp(user="ann", email="Ann@X.org"))
        with pytest.raises(Rejected, match="belongs to ann"):
            await users.send(SignUp(user="bob", email="ann@x.ORG"))
        await users.send(SignUp(user="bob", email="bob@x.org"))
        assert [r.stream for r in await users.log()] == ["Emails/ann@x.org", "Emails/bob@x.org"]
        await users.send(Leave(user="ann"))
        with pytest.raises(Rejected, match="ann is not signed up"):
            await users.send(Leave(user="ann"))
        assert (await users.log())[-1].stream == "Users/ann"


async def test_of_many_at_the_same_moment_one_gets_the_value() -> None:
    store = MemoryEventStore(SystemClock())
    async with deciding(Emails, store=store) as one, deciding(Emails, store=store) as two:
        answers = await asyncio.gather(
            *(
                users.send(SignUp(user=f"u{n}", email="same@x.org"))
                for n in range(10)
                for users in (one, two)
            ),
            return_exceptions=True,
        )
        assert answers.count(None) == 1
        assert sum(isinstance(answer, Rejected) for answer in answers) == 19
        assert len(await one.log()) == 1


class Liked(Event, tags={"like": together("article", "user"), "article": "article"}):
    article: str
    user: str


class Like(Command[int]):
    article: str
    user: str


class Likes(Boundary, tags={"like": together("article", "user"), "article": "article"}):
    mine: bool = False
    all: int = 0

    @handles
    def like(self, command: Like) -> int:
        if not self.mine:
            self.record(Liked(article=command.article, user=command.user))
        return self.all

    @evolves(tags=("like",))
    def by_me(self, event: Liked) -> None:
        self.mine = True

    @evolves(tags=("article",))
    def by_anyone(self, event: Liked) -> None:
        self.all += 1


async def test_one_event_may_be_folded_by_several_tags() -> None:
    async with deciding(Likes) as likes:
        assert await likes.send(Like(article="a", user="ann")) == 1
        assert await likes.send(Like(article="a", user="bob")) == 2
        assert await likes.send(Like(article="a", user="ann")) == 2
        assert await likes.send(Like(article="b", user="ann")) == 1
        assert len(await likes.log()) == 3


class Numbered(Event):
    number: int


class Next(Command[int]):
    pass


class Numbers(Boundary, tags=()):
    last: int = 0

    @handles
    def next(self, command: Next) -> int:
        self.record(Numbered(number=self.last + 1))
        return self.last

    @evolves
    def numbered(self, event: Numbered) -> None:
        self.last = event.number


async def test_without_tags_every_event_of_the_types_is_folded() -> None:
    store = MemoryEventStore(SystemClock())
    async with deciding(Numbers, store=store) as one, deciding(Numbers, store=store) as two:
        answers = await asyncio.gather(*(k.send(Next()) for k in (one, two) * 10))
        assert sorted(answers) == list(range(1, 21))
        assert {record.stream for record in await one.log()} == {"Numbers/all"}


class Asked(Command[int]):
    user: str | None


class Askers(Boundary, tags=("user",)):
    seen: int = 0

    @handles
    def asked(self, command: Asked) -> int:
        return self.seen

    @evolves
    def signed(self, event: Signed) -> None:
        self.seen += 1


async def test_a_command_without_any_of_the_tags_folds_nothing() -> None:
    async with deciding(Askers, Emails) as users:
        await users.send(SignUp(user="ann", email="a"))
        assert await users.send(Asked(user=None)) == 0
        assert await users.send(Asked(user="ann")) == 1


async def test_events_stored_under_a_former_name_are_folded() -> None:
    store = MemoryEventStore(SystemClock())
    async with deciding(Numbers, store=store) as before:
        await before.send(Next())

    class Counted(Event, formerly=("Numbered",)):
        number: int

    class Counters(Boundary, tags=(), name="Numbers"):
        last: int = 0

        @handles
        def next(self, command: Next) -> int:
            self.record(Counted(number=self.last + 1))
            return self.last

        @evolves
        def counted(self, event: Counted) -> None:
            self.last = event.number

    async with deciding(Counters, store=store) as after:
        assert await after.send(Next()) == 2
        assert await after.types() == ["Numbered", "Counted"]


async def test_another_log_in_the_place_of_ours_is_read_from_its_beginning() -> None:
    # An older copy came back and has grown to the same length while a command was decided.
    class Swapped(MemoryEventStore):
        other: MemoryEventStore | None = None

        async def append(self, commits: Any) -> Any:
            if self.other is not None:
                vars(self).update(vars(self.other))
                self.other = None
            return await super().append(commits)

    other, store = MemoryEventStore(SystemClock()), Swapped(SystemClock())
    async with deciding(Numbers, store=store) as ours, deciding(Numbers, store=other) as theirs:
        for _ in range(3):
            await ours.send(Next())
        async with deciding(Askers, Emails, store=other) as users:
            await users.send(SignUp(user="ann", email="a"))
            await users.send(SignUp(user="bob", email="b"))
        await theirs.send(Next())
        store.other = other
        assert await ours.send(Next()) == 2


# Where events go.


class Left2(Aggregate, key="account"):
    @evolves(key="account")
    def deposited(self, event: Deposited) -> None: ...


class Right2(Aggregate, key="owner"):
    @evolves
    def deposited(self, event: Deposited) -> None: ...


class Move(Command[None]):
    account: str
    to: str | None = None


class Moves(Boundary, tags=("account",)):
    @handles
    def move(self, command: Move) -> None:
        to: Any = {None: None, "Left2": Left2, "Right2": Right2}[command.to]
        self.record(Deposited(account=command.account, amount=1), to=to)


async def test_an_event_goes_to_the_aggregate_that_folds_it_or_is_named() -> None:
    async with deciding(Moves, Left2) as one:
        await one.send(Move(account="a"))
        await one.send(Move(account="b", to="Left2"))
        assert [r.stream for r in await one.log()] == ["Left2/a", "Left2/b"]
    async with deciding(Moves, Left2, Right2) as two:
        words = r"Moves.move recorded Deposited, which Left2 and Right2 fold. .*to=Left2\)"
        with pytest.raises(ConfigurationError, match=words):
            await two.send(Move(account="a"))
        words = r"Right2.deposited: Deposited has no field 'owner' .*@evolves\(key=\"account\"\)"
        with pytest.raises(ConfigurationError, match=words):
            await two.send(Move(account="a", to="Right2"))
        assert await two.types() == []
    async with deciding(Moves) as alone:
        await alone.send(Move(account="a"))
        assert [r.stream for r in await alone.log()] == ["Moves/a"]


async def test_the_first_source_names_the_stream() -> None:
    class Pairs(Boundary, tags={"account": ("source", "target")}):
        @handles
        def transfer(self, command: Transfer) -> int:
            self.record(Deposited(account=command.source, amount=1))
            return 0

    async with deciding(Pairs) as pairs:
        await pairs.send(Transfer(source="z", target="a", amount=1))
        assert (await pairs.log())[0].stream == "Pairs/z"


async def test_transfers_and_deposits_on_both_sides_lose_nothing() -> None:
    async with deciding(Account, Transfers) as bank:
        for account in "ab":
            await bank.send(Open(account=account, owner=account))
            await bank.send(Deposit(account=account, amount=100))
        await asyncio.gather(
            *(bank.send(Transfer(source="a", target="b", amount=1)) for _ in range(10)),
            *(bank.send(Transfer(source="b", target="a", amount=2)) for _ in range(10)),
            *(bank.send(Deposit(account="a", amount=5)) for _ in range(10)),
        )
        assert await bank.send(Deposit(account="a", amount=1)) == 161
        assert await bank.send(Deposit(account="b", amount=1)) == 91


@pytest.mark.parametrize("text", ["x" * 513, "\ud800", "\x00"])
async def test_a_tag_that_no_store_keeps_is_refused(text: str) -> None:
    async with deciding(Askers) as users:
        with pytest.raises(CodecError, match="The value of a tag"):
            await users.send(Asked(user=text))

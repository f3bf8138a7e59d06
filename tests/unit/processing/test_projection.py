"""What a Projection may be, and what it is told. Read by: who changes Projections."""

from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert, select, update

from leftfold.errors import ConfigurationError, NotCurrent
from leftfold.messages.message import Command, Event
from leftfold.messages.metadata import Metadata
from leftfold.modeling.roles import evolves, handles
from leftfold.processing.projection import Projection, projection_model
from leftfold.processing.rows import BlockingRows, Rows
from leftfold.processing.view import View

TABLES = MetaData()
BALANCES = Table(
    "balances",
    TABLES,
    Column("account", Text, primary_key=True),
    Column("total", Integer, nullable=False),
)
JOURNAL = Table(
    "journal",
    TABLES,
    Column("position", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("by", Text, nullable=False),
)


class Deposited(Event):
    account: str
    amount: int


class Opened(Event):
    account: str


class Unknown(Event):
    account: str


class Open(Command[None]):
    account: str


class Currency:
    def __init__(self, name: str) -> None:
        self.name = name


class Statement(View, key="account"):
    account: str

    @evolves
    def opened(self, event: Opened) -> None: ...


class Balances(Projection, tables=(BALANCES,)):
    @handles
    def opened(self, event: Opened, connection: Connection) -> None:
        connection.execute(insert(BALANCES).values(account=event.account, total=0))

    @handles
    def deposited(self, event: Deposited, connection: Connection) -> None:
        if event.amount < 0:
            raise ValueError("negative")
        own = BALANCES.c.account == event.account
        changed = update(BALANCES).where(own).values(total=BALANCES.c.total + event.amount)
        connection.execute(changed)


class Journal(Projection, tables=(JOURNAL,)):
    @handles
    def opened(self, event: Opened, connection: Connection) -> None:
        """Leave these out."""

    @handles
    def anything(
        self, event: Event, metadata: Metadata, connection: Connection, currency: Currency
    ) -> None:
        row = {"position": metadata.position, "type": type(event).__name__, "by": currency.name}
        connection.execute(insert(JOURNAL).values(**row))


async def rows_of(log: Any, table: Table) -> list[tuple[Any, ...]]:
    def read() -> Any:
        snapshot = log.readside.snapshot()
        try:
            return [tuple(row) for row in snapshot.connection.execute(select(table))]
        finally:
            snapshot.close()

    found: list[tuple[Any, ...]] = await log.readside.run(read)
    return found


async def test_methods_write_in_the_transaction_of_the_position(log: Any) -> None:
    events = [Deposited(account="ann", amount=n) for n in range(1, 101)]
    await log.put(Opened(account="ann"), *events)

    async with log.following(projections=[Balances]) as models:
        await models.settled()
        (status,) = await models.status()

    assert await rows_of(log, BALANCES) == [("ann", 5050)]
    assert (status.processor, status.position, status.state) == ("Balances", 101, "current")


async def test_a_failing_event_undoes_what_it_wrote_and_no_more(log: Any) -> None:
    amounts = [1] * 10 + [-1, 1]
    await log.put(Opened(account="ann"), *(Deposited(account="ann", amount=a) for a in amounts))

    async with log.following(projections=[Balances]) as models:
        with pytest.raises(NotCurrent, match=r"failed at position 12 .*Balances\.deposited: Value"):
            await models.settled()

    assert await rows_of(log, BALANCES) == [("ann", 10)]


async def test_a_wrong_statement_is_the_methods_failure(log: Any) -> None:
    await log.put(Opened(account="ann"), Opened(account="ann"))

    async with log.following(projections=[Balances]) as models:
        with pytest.raises(NotCurrent, match=r"at position 2 .*Balances\.opened: IntegrityError"):
            await models.settled()


class Ending(Projection, tables=(BALANCES,)):
    how = "commit"

    @handles
    def opened(self, event: Opened, connection: Connection) -> None:
        connection.execute(insert(BALANCES).values(account=event.account, total=0))
        getattr(connection, self.how)()


@pytest.mark.parametrize("how", ["commit", "rollback"])
async def test_a_projection_does_not_end_its_transaction(
    log: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(Ending, "how", how)
    await log.put(Opened(account="ann"))

    async with log.following(projections=[Ending]) as models:
        with pytest.raises(NotCurrent, match=r"was committed or rolled back\. .* remove the call"):
            await models.settled()
        (status,) = await models.status()

    assert status.position == 0
    assert await rows_of(log, BALANCES) == []


async def test_a_method_for_every_event_takes_what_no_other_takes(log: Any) -> None:
    await log.put(Opened(account="ann"), Deposited(account="ann", amount=1), Unknown(account="ann"))

    async with log.following(
        projections=[Journal], events=[Deposited], provide={Currency: Currency("EUR")}
    ) as models:
        await models.settled()

    assert await rows_of(log, JOURNAL) == [(2, "Deposited", "EUR")]


def wrong(projection: Any) -> str:
    """Return the words for a projection that cannot work."""
    with pytest.raises(ConfigurationError) as caught:
        projection_model(projection)
    return str(caught.value)


def test_a_projection_that_handles_nothing() -> None:
    class Empty(Projection): ...

    assert wrong(Empty).startswith("Empty handles no event. Add @handles")


def test_an_async_method() -> None:
    class Slow(Projection):
        @handles
        async def opened(self, event: Opened) -> None: ...

    assert "Slow.opened is async. A Projection writes in a worker thread" in wrong(Slow)


def test_a_method_for_a_command() -> None:
    class Commanding(Projection):
        @handles
        def open(self, command: Open) -> None: ...

    assert "Commanding.open handles Open, which is no event." in wrong(Commanding)


def test_a_fold_in_a_projection() -> None:
    class Folding(Projection):
        @evolves
        def opened(self, event: Opened) -> None: ...

    assert "Folding.opened: @evolves means nothing in a Projection." in wrong(Folding)


def test_an_option_that_belongs_elsewhere() -> None:
    class Keyed(Projection):
        @handles(key="account")
        def opened(self, event: Opened) -> None: ...

    assert "Keyed.opened: @handles(key=…) means nothing in a Projection." in wrong(Keyed)


def test_two_methods_for_one_event() -> None:
    class Twice(Projection):
        @handles
        def opened(self, event: Opened) -> None: ...

        @handles
        def also(self, event: Opened | Deposited) -> None: ...

    assert "Opened is handled by Twice.opened and Twice.also." in wrong(Twice)


def test_an_unknown_class_keyword() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown keyword 'table'.*Did you mean tables="):

        class Typo(Projection, table=(BALANCES,)): ...


def test_a_subclass_handles_what_its_base_handles() -> None:
    class More(Balances):
        @handles
        def unknown(self, event: Unknown) -> None: ...

    assert projection_model(More).events == {Opened, Deposited, Unknown}
    assert projection_model(More) is not projection_model(Balances)
    assert projection_model(More).name == "More"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Rows[Statement], "is a plain def and asks for Rows"),
        (BlockingRows[Statement], "is replayed and asks for BlockingRows"),
        (Currency, "asks for Currency"),
    ],
)
async def test_what_a_method_may_not_ask_for(log: Any, asked: Any, words: str) -> None:
    def opened(self: Any, event: Opened, given: Any) -> None: ...

    opened.__annotations__["given"] = asked
    projection: Any = type("Asking", (Projection,), {"opened": handles(opened)})

    with pytest.raises(ConfigurationError, match=words):
        async with log.following(Statement, projections=[projection]):
            pass

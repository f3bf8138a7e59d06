"""Which rows a handler gets, and who may ask for what. Read by: who changes injection."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError

from leftfold.bus.functions import Runner, free_function
from leftfold.bus.injection import Injector
from leftfold.bus.providing import Services
from leftfold.errors import ConfigurationError, NotCurrent
from leftfold.messages.message import Command, Event, Query
from leftfold.messages.metadata import Metadata
from leftfold.modeling.roles import evolves, handles
from leftfold.processing.injecting import row_injectables
from leftfold.processing.rows import BlockingRows, Rows
from leftfold.processing.view import View


class Deposited(Event):
    account: str


class Statement(View, key="account"):
    account: str
    count: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.count += 1


class Counts(Query[list[int]]):
    account: str


class Count(Command[list[int]]):
    account: str


ASKED = Metadata(id=UUID(int=1), time=datetime(2030, 1, 1, tzinfo=UTC))
OWN = Counts(account="ann")

Put = Callable[[], Any]


class Asked:
    """A function of the user's, run as the App runs it, on a view with one deposit."""

    def __init__(self, log: Any, models: Any) -> None:
        self.log = log
        self.models = models

    async def __call__(self, function: Any, message: Any = OWN) -> Any:
        injector = Injector(Services({}), row_injectables(lambda: self.models))
        return await Runner(free_function(function), injector)(message, ASKED)

    async def put(self) -> str:
        token: str = await self.log.put(Deposited(account="ann"))
        return token


@pytest.fixture
async def asked(log: Any) -> AsyncIterator[Asked]:
    async with log.following(Statement) as models:
        found = Asked(log, models)
        await found.put()
        await models.settled()
        yield found


async def count(rows: Rows[Statement]) -> int:
    return (await rows.get_one("ann")).count


async def test_all_reads_of_a_query_see_one_state(asked: Asked) -> None:
    @handles
    async def counts(query: Counts, rows: Rows[Statement], same: Rows[Statement]) -> list[int]:
        before = await count(rows)
        await asked.put()  # the view in memory waits for the snapshot to end
        return [before, await count(rows), await count(same), await rows.find().count()]

    assert await asked(counts) == [1, 1, 1, 1]
    await asked.models.settled()
    assert await count(asked.models.rows(Statement)) == 2


async def test_a_command_sees_what_it_caused(asked: Asked) -> None:
    @handles
    async def counts(command: Count, rows: Rows[Statement]) -> list[int]:
        before = await count(rows)
        row = await rows.get_one("ann", after=await asked.put())
        return [before, row.count]

    assert await asked(counts, Count(account="ann")) == [1, 2]


async def test_a_query_waits_for_a_token_with_its_first_read_only(asked: Asked) -> None:
    @handles
    async def first(query: Counts, rows: Rows[Statement]) -> list[int]:
        row = await rows.get_one("ann", after=await asked.put())
        return [row.count, await count(rows)]

    @handles
    async def later(query: Counts, rows: Rows[Statement]) -> list[int]:
        await rows.find().count()
        row = await rows.get_one("ann", after=await asked.put(), timeout_s=0.2)
        return [row.count]

    assert await asked(first) == [2, 2]
    with pytest.raises(NotCurrent):
        await asked(later)


async def test_plain_functions_read_in_their_thread(asked: Asked) -> None:
    @handles
    def counts(query: Counts, rows: BlockingRows[Statement]) -> list[int]:
        return [rows.get_one(query.account).count, rows.find(rows.table.c.count > 0).count()]

    assert await asked(counts) == [1, 1]


async def test_a_query_may_read_with_sql_and_write_nothing(asked: Asked) -> None:
    table = asked.models.rows(Statement).table

    @handles
    def reads(query: Counts, connection: Connection) -> list[int]:
        return list(connection.execute(select(table.c.count)).scalars())

    @handles
    def writes(query: Counts, connection: Connection) -> list[int]:
        row = {"_tenant": "", "account": "ben", "count": 9, "_slice": 0}
        connection.execute(insert(table).values(**row))
        return []

    assert await asked(reads) == [1]
    with pytest.raises(DBAPIError, match="ReadOnly"):
        await asked(writes)
    assert await asked.models.rows(Statement).get("ben") is None


async def test_a_failed_query_ends_its_snapshot(asked: Asked) -> None:
    @handles
    async def fails(query: Counts, rows: Rows[Statement]) -> list[int]:
        await count(rows)
        raise ZeroDivisionError

    for _ in range(10):
        with pytest.raises(ZeroDivisionError):
            await asked(fails)

    await asked.put()
    await asked.models.settled()


@handles
async def _blocks(query: Counts, rows: BlockingRows[Statement]) -> list[int]: ...


@handles
async def _connects(query: Counts, connection: Connection) -> list[int]: ...


@handles
def _awaits(query: Counts, rows: Rows[Statement]) -> list[int]: ...


@handles
def _changes(command: Count, connection: Connection) -> list[int]: ...


@handles
async def _names_nothing(query: Counts, rows: Rows) -> list[int]: ...


@handles
async def _names_no_view(query: Counts, rows: Rows[Deposited]) -> list[int]: ...


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (_blocks, "_blocks is async and asks for BlockingRows[Statement], which would block"),
        (_connects, "_connects is async and asks for Connection, which would block"),
        (_awaits, "_awaits is a plain def and asks for Rows[Statement], whose methods are awaited"),
        (_changes, "_changes handles a command and asks for Connection."),
        (_names_nothing, "_names_nothing asks for Rows of no View"),
        (_names_no_view, "_names_no_view asks for Rows of no View"),
    ],
    ids=["blocking", "connection", "awaited", "command", "bare", "no view"],
)
def test_what_may_not_be_asked_for(function: Any, words: str) -> None:
    injector = Injector(Services({}), row_injectables(lambda: pytest.fail("is not running")))

    with pytest.raises(ConfigurationError) as caught:
        Runner(free_function(function), injector)

    assert str(caught.value).startswith(words)


def test_what_can_be_asked_for_is_listed() -> None:
    @handles
    async def asks(query: Counts, mailer: str) -> list[int]: ...

    injector = Injector(Services({}), row_injectables(lambda: pytest.fail("is not running")))

    with pytest.raises(
        ConfigurationError, match=r"Metadata, Rows\[...\], BlockingRows\[...\], Con"
    ):
        Runner(free_function(asks), injector)

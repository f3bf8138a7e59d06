"""Read models follow the log, and say why where they do not. Read by: who changes a processor."""

import asyncio
import warnings
from decimal import Decimal
from typing import Any

import pytest

from leftfold.errors import (
    ConfigurationError,
    InvalidToken,
    NotCurrent,
    StoreChanged,
)
from leftfold.eventstore.memory import open_memory
from leftfold.messages.message import Event
from leftfold.modeling.roles import evolves
from leftfold.processing.readmodels import ReadModels
from leftfold.processing.view import View


class Deposited(Event):
    account: str
    amount: int


class Noted(Event):
    text: str


class Retired(Event):
    name: str


class Statement(View, key="account"):
    account: str
    total: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.total += event.amount


class Cautious(View, key="account"):
    account: str
    total: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        if event.amount < 0:
            raise ValueError("negative")
        self.total += event.amount


class Notes(View, key="text"):
    text: str
    count: int = 0

    @evolves
    def noted(self, event: Noted) -> None:
        self.count += 1


def deposits(*amounts: int, account: str = "ann") -> list[Deposited]:
    return [Deposited(account=account, amount=amount) for amount in amounts]


async def total(read_models: ReadModels, account: str = "ann", **options: Any) -> int | None:
    row = await read_models.rows(Statement).get(account, **options)
    return row.total if row else None


async def test_a_row_is_seen_after_its_token(log: Any) -> None:
    async with log.following(Statement) as models:
        for number in range(1, 20):
            token = await log.put(*deposits(1))
            assert await total(models, after=token) == number


async def test_a_view_folds_what_is_older_than_itself(log: Any) -> None:
    token = await log.put(*deposits(*[1] * 5_000))

    async with log.following(Statement) as models:
        assert await total(models, after=token) == 5_000


async def test_a_view_goes_on_where_it_was(log: Any) -> None:
    await log.put(*deposits(1, 2))
    async with log.following(Statement) as models:
        await models.settled()
    token = await log.put(*deposits(4))

    async with log.following(Statement) as models:
        assert await total(models, after=token) == 7


async def test_the_token_of_an_empty_log_waits_for_nothing(log: Any) -> None:
    from leftfold.eventstore.tokens import encode_token

    token = encode_token(await log.store.identity(), None)
    async with log.following(Statement) as models:
        assert await total(models, after=token) is None


async def test_a_token_of_another_store_is_refused(log: Any) -> None:
    from leftfold.eventstore.tokens import encode_token

    other = await open_memory("memory://", clock=log.clock)
    token = encode_token(await other.identity(), None)
    async with log.following(Statement) as models:
        with pytest.raises(InvalidToken, match="of another store"):
            await total(models, after=token)


async def test_a_token_whose_event_is_not_in_this_copy_is_refused(log: Any) -> None:
    from uuid import UUID

    from leftfold.eventstore.port import Mark
    from leftfold.eventstore.tokens import encode_token

    await log.put(*deposits(1, 2))
    token = encode_token(await log.store.identity(), Mark(2, UUID(int=2)))
    async with log.following(Statement) as models:
        with pytest.raises(StoreChanged):
            await total(models, after=token)


async def test_who_waits_too_short_is_told_how_far_the_view_is(log: Any) -> None:
    token = await log.put(*deposits(*[1] * 3_000))

    async with log.following(Statement) as models:
        with pytest.raises(NotCurrent, match=r"Statement is at position \d+, and 3000 was asked"):
            await total(models, after=token, timeout_s=0)


async def test_waiting_for_one_view_does_not_wait_for_others(log: Any) -> None:
    token = await log.put(*deposits(-1))

    async with log.following(Statement, Cautious) as models:
        assert await total(models, after=token) == -1
        with pytest.raises(NotCurrent, match=r"Cautious .* failed at position 1 \(Deposited\)"):
            await models.rows(Cautious).get("ann", after=token)


async def test_types_that_nobody_knows_are_passed(log: Any) -> None:
    token = await log.put(Noted(text="x"), Retired(name="y"), *deposits(1), Retired(name="z"))

    async with log.following(Statement) as models:
        assert await total(models, after=token) == 1
        (status,) = await models.status()

    assert (status.position, status.lag) == (4, 0)


class Items(Event):
    names: list[str]


class Keeper(View, key="first"):
    first: str
    names: list[str] = []

    @evolves(key=lambda event: event.names[0])
    def items(self, event: Items) -> None:
        self.names = event.names
        self.names.append("more")


class Reader(View, key="first"):
    first: str
    count: int = 0

    @evolves(key=lambda event: event.names[0])
    def items(self, event: Items) -> None:
        self.count = len(event.names)


async def test_a_view_that_changes_what_an_event_holds_changes_it_for_nobody_else(log: Any) -> None:
    await log.put(Items(names=["a"]))

    async with log.following(Keeper, Reader) as models:
        await models.settled()

        assert (await models.rows(Keeper).get_one("a")).names == ["a", "more"]
        assert (await models.rows(Reader).get_one("a")).count == 1


async def test_stopping_in_the_middle_loses_nothing(log: Any) -> None:
    token = await log.put(*deposits(*[1] * 4_000))
    for pause_s in (0.0, 0.001, 0.005, 0.02):
        async with log.following(Statement):
            await asyncio.sleep(pause_s)

    async with log.following(Statement) as models:
        assert await total(models, after=token) == 4_000


async def test_rows_of_a_view_that_is_no_part_are_refused(log: Any) -> None:
    async with log.following(Statement) as models:
        with pytest.raises(ConfigurationError, match=r"Notes is no View of this App .*Statement"):
            models.rows(Notes)


async def test_views_that_would_share_a_table_are_refused(log: Any) -> None:
    class Other(View, key="text", name="state-ment"):
        text: str

        @evolves
        def noted(self, event: Noted) -> None: ...

    class Another(View, key="text", name="State_Ment"):
        text: str

        @evolves
        def noted(self, event: Noted) -> None: ...

    with pytest.raises(ConfigurationError, match="would share the table state_ment_v1"):
        async with log.following(Other, Another):
            pass


async def test_a_raised_version_is_built_beside_the_old_rows(log: Any) -> None:
    await log.put(*deposits(5))
    async with log.following(Statement) as models:
        await models.settled()

    class Doubled(View, key="account", name="Statement", version=2):
        account: str
        total: Decimal = Decimal(0)

        @evolves
        def deposited(self, event: Deposited) -> None:
            self.total += 2 * event.amount

    async with log.following(Statement) as old, log.following(Doubled) as new:
        await new.settled()

        assert await total(old) == 5
        assert await new.rows(Doubled).get("ann") == Doubled(account="ann", total=Decimal(10))


async def test_the_same_fold_again_warns_of_nothing(log: Any) -> None:
    await log.put(*deposits(5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            async with log.following(Statement) as models:
                await models.settled()

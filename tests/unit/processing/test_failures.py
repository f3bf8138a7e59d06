"""What becomes of a view that cannot go on. Read by: who changes how a processor fails."""

from collections.abc import Callable
from typing import Any

import pytest

from leftfold.errors import NotCurrent, StorageError
from leftfold.eventstore.memory import open_memory
from leftfold.messages.message import Event
from leftfold.modeling.roles import evolves
from leftfold.processing.fingerprint import ChangedFoldWarning
from leftfold.processing.readmodels import ReadModels
from leftfold.processing.view import View


class Deposited(Event):
    account: str
    amount: int


class Noted(Event):
    text: str


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


async def test_a_fold_that_fails_stops_its_view_at_the_event_and_loses_nothing(log: Any) -> None:
    await log.put(*deposits(*[1] * 700), *deposits(-1, 5))

    async with log.following(Cautious, Statement) as models:
        with pytest.raises(NotCurrent, match=r"Cautious\.deposited: ValueError: negative"):
            await models.settled()
        await models.wait_current([Statement], await log.put(Noted(text="x")), 5)
        cautious, statement = sorted(await models.status(), key=lambda s: s.processor)
        row = await models.rows(Cautious).get("ann")

    assert (cautious.state, cautious.position, cautious.lag) == ("failed", 700, 3)
    assert cautious.reason.startswith("failed at position 701 (Deposited): Cautious.deposited")
    assert statement.position >= 702
    assert row == Cautious(account="ann", total=700)


async def test_a_failure_is_kept_for_others_to_see_and_forgotten_when_passed(log: Any) -> None:
    await log.put(*deposits(1, -1, 2))
    async with log.following(Cautious) as models:
        with pytest.raises(NotCurrent):
            await models.settled()
        before = await _failure(log)

    class Mended(View, key="account", name="Cautious"):
        account: str
        total: int = 0

        @evolves
        def deposited(self, event: Deposited) -> None:
            self.total += event.amount

    async def mended() -> Mended | None:
        async with log.following(Mended) as models:
            await models.settled()
            row: Mended | None = await models.rows(Mended).get("ann")
            return row

    with pytest.warns(ChangedFoldWarning, match="The fold of Cautious"):
        row = await mended()

    assert (before.number, before.type, before.reason) == (
        2,
        "Deposited",
        "Cautious.deposited: ValueError: negative",
    )
    assert "raise ValueError" in before.traceback
    assert row == Mended(account="ann", total=2)
    assert await _failure(log) is None


class Wrong(View, key="account"):
    account: str
    total: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.total = f"{event.amount}" if event.amount >= 7 else 0


async def test_a_value_that_does_not_fit_stops_its_view_at_the_event(log: Any) -> None:
    await log.put(*deposits(*range(1, 400)))

    async with log.following(Wrong) as models:
        with pytest.raises(NotCurrent) as caught:
            await models.settled()

    words = str(caught.value)
    assert "failed at position 7 (Deposited): Wrong" in words
    assert "Wrong.total of row 'ann' cannot be kept: '7' (str), which is no int. Look" in words


async def test_a_fold_that_ends_the_program_ends_its_view_only(log: Any) -> None:
    class Exiting(View, key="account"):
        account: str

        @evolves
        def deposited(self, event: Deposited) -> None:
            raise SystemExit(3)

    token = await log.put(*deposits(1, 2))

    async with log.following(Exiting, Statement) as models:
        await models.wait_current([Statement], token, 5)
        with pytest.raises(NotCurrent, match=r"failed at position 1 .*SystemExit: 3"):
            await models.settled()


async def test_a_failure_keeps_its_beginning_over_restarts(log: Any) -> None:
    await log.put(*deposits(-1))
    found: list[Any] = []
    for _ in range(2):
        async with log.following(Cautious) as models:
            with pytest.raises(NotCurrent):
                await models.settled()
        found.append(await _failure(log))

    assert found[0].since == found[1].since


async def _failure(log: Any) -> Any:
    def read() -> Any:
        snapshot = log.readside.snapshot()
        try:
            return snapshot.standings()[0].failure
        finally:
            snapshot.close()

    return await log.readside.run(read)


async def test_an_event_that_does_not_decode_stops_those_that_want_it(log: Any) -> None:
    class Other(Event, name="Deposited"):
        account: str

    token = await log.put(*deposits(1), Other(account="ann"), Noted(text="x"))

    async with log.following(Statement, Notes) as models:
        await models.wait_current([Notes], token, 5)
        with pytest.raises(NotCurrent, match="A stored 'Deposited' of revision 1 does not fit"):
            await models.wait_current([Statement], token, 5)

        assert await total(models) == 1


class Stumbling:
    """A read side whose moves fail for a while, as on a full disk."""

    def __init__(self, readside: Any, times: int) -> None:
        self._readside = readside
        self.left = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._readside, name)

    async def move(self, *given: Any) -> Any:
        if self.left:
            self.left -= 1
            raise StorageError("the disk is full")
        return await self._readside.move(*given)


async def test_trouble_with_storage_is_tried_again(log: Any) -> None:
    token = await log.put(*deposits(1, 2))
    readside = Stumbling(log.readside, times=2)

    async with log.following(Statement, readside=readside) as models:
        assert await total(models, after=token) == 3
    assert readside.left == 0


async def test_trouble_is_seen_while_it_lasts(log: Any) -> None:
    token = await log.put(*deposits(1))

    async with log.following(Statement, readside=Stumbling(log.readside, 1_000)) as models:
        with pytest.raises(NotCurrent, match="the disk is full"):
            await total(models, after=token, timeout_s=0.2)
        (status,) = await models.status()

    assert (status.state, status.reason) == ("waiting", "the disk is full")


async def test_a_bug_in_the_machinery_is_a_visible_failure(log: Any) -> None:
    class Broken(Stumbling):
        async def move(self, *given: Any) -> Any:
            raise RuntimeError("a bug")

    await log.put(*deposits(1))
    async with log.following(Statement, readside=Broken(log.readside, 0)) as models:
        with pytest.raises(NotCurrent, match="RuntimeError: a bug"):
            await models.settled()


async def test_an_older_backup_stops_the_views_by_name(
    log: Any, log_type: Callable[..., Any]
) -> None:
    await log.put(*deposits(1, 2, 3))
    async with log.following(Statement) as models:
        await models.settled()
    older = await open_memory("memory://", clock=log.clock)
    older._identity = await log.store.identity()  # noqa: SLF001
    again = log_type(older, log.readside, log.clock)
    await again.put(*deposits(10, 20, 30, 40))

    async with again.following(Statement) as models:
        with pytest.raises(NotCurrent, match=r"An older copy .* To build these rows anew"):
            await models.settled()
        assert await total(models) == 6

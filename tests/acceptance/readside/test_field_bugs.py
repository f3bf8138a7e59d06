"""Defects of other read sides, each shown to be caught. Read by: who doubts that a test can fail.

Each fault of FIELD-BUGS that concerns read models is put back by a patch; the proof that holds on
the read side as it is must then fail.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, update

from leftfold import App, Event, NotCurrent, StorageError, View, evolves
from leftfold.adapters.sqlalchemy import Database, positions
from leftfold.adapters.sqlalchemy.readside import SqlReadSide
from leftfold.adapters.sqlalchemy.schema import POSITIONS
from leftfold.adapters.sqlalchemy.writing import Writer, Written
from leftfold.adapters.sqlite import open_eventstore, reading
from leftfold.adapters.sqlite.readside import open_readside
from leftfold.clock import SystemClock
from leftfold.errors import LeftfoldError
from leftfold.eventstore import Mark, encode_token
from leftfold.processing.feed import Feed
from leftfold.processing.port import Moved
from leftfold.processing.processor import Processor
from leftfold.testing.contracts.readside import ReadSideContract


class Deposited(Event):
    account: str
    amount: int


class Poisoned(View, key="account"):
    account: str
    total: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.total += 1 // event.amount  # nobody deposits nothing


@asynccontextmanager
async def running(bank: Any, program: Any) -> AsyncIterator[Any]:
    async with program.bank(bank.path) as app:
        yield app._running().read_models  # noqa: SLF001  what is looked at is inside


async def grow(bank: Any, program: Any, seed: int, count: int) -> None:
    await program.append(bank.path, program.some_events(program.chance(seed), count))


async def rows_are_those_computed_apart(bank: Any, program: Any) -> None:
    async with running(bank, program) as models:
        await models.settled(20)
        statements = await models.rows(program.Statement).find()
        sold = await models.rows(program.Sold).find()
    expected = bank.expected()
    assert {r.account: [r.total, r.deposits] for r in statements} == expected["statements"]
    assert {r.product: r.sold for r in sold} == expected["sold"]


async def events_are_folded_in_the_order_of_their_positions(bank: Any, program: Any) -> None:
    for seed in range(6):
        await grow(bank, program, seed, 300)
        await rows_are_those_computed_apart(bank, program)


async def an_older_copy_is_refused_by_name(bank: Any, program: Any) -> None:
    await grow(bank, program, 1, 200)
    shutil.copy(bank.path, f"{bank.path}.older")
    await grow(bank, program, 2, 200)
    async with running(bank, program) as models:
        await models.settled(20)
        before = await models.rows(program.Statement).find()
    shutil.copy(f"{bank.path}.older", bank.path)
    await grow(bank, program, 3, 500)  # and it has grown again, past where the views stand

    async with running(bank, program) as models:
        with pytest.raises(NotCurrent, match=r"older copy .* raise their version=, or remove the"):
            await models.settled(20)
        assert await models.rows(program.Statement).find() == before
        for view in (program.Statement, program.Sold, program.Journal):
            with pytest.raises(NotCurrent, match="older copy"):
                await models.wait_current([view], await _newest(bank), 20)


async def _newest(bank: Any) -> str:
    store = await open_eventstore(f"sqlite:///{bank.path}", clock=SystemClock())
    try:
        return encode_token(await store.identity(), await store.head())
    finally:
        await store.close()


async def a_restart_begins_where_the_log_was_read_to(bank: Any, program: Any) -> None:
    await grow(bank, program, 1, 50)
    noise = [r for r in program.some_events(program.chance(2), 6_000) if r.type == "Noise"]
    for _ in range(3):
        async with running(bank, program) as models:
            await models.settled(20)
        fresh = [_again(record) for record in noise[:900]]
        await program.append(bank.path, fresh)
    async with running(bank, program) as models:
        await models.settled(20)
    asked: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        _note_what_is_read(patch, asked)
        async with running(bank, program) as models:
            await models.settled(20)

    assert set(asked) == {len(bank.events())}


def _again(record: Any) -> Any:
    return type(record)(
        id=uuid4(),
        stream=record.stream,
        type=record.type,
        revision=1,
        tags=record.tags,
        data=record.data,
        metadata=record.metadata,
    )


def _note_what_is_read(patch: pytest.MonkeyPatch, asked: list[int]) -> None:
    async def read(feed: Feed, after: Mark | None) -> Any:
        asked.append(after.number if after else 0)
        return await whole(feed, after)

    whole = Feed._read  # noqa: SLF001  the fault is inside
    patch.setattr(Feed, "_read", read)


async def who_stands_still_says_so(bank: Any, program: Any) -> None:
    await grow(bank, program, 1, 5)
    record = _again(program.some_events(program.chance(1), 1)[0])
    poison = type(record)(
        id=record.id,
        stream="bank/1",
        type="Deposited",
        revision=1,
        tags=frozenset(),
        data=b'{"account":"a1","amount":0}',
        metadata=record.metadata,
    )
    await program.append(bank.path, [poison])
    await grow(bank, program, 2, 5)
    app = App("poisoned", Poisoned, database=f"sqlite:///{bank.path}")
    async with app:
        models = app._running().read_models  # noqa: SLF001  as above
        with pytest.raises(NotCurrent, match="ZeroDivisionError"):
            await asyncio.wait_for(models.settled(5), 10)
        (status,) = await models.status()
        outside = await _standing_of(bank, "Poisoned")

    assert status.state == "failed"
    assert 0 < status.position < 6
    assert status.lag == len(bank.events()) - status.position
    assert outside.failure is not None
    assert (outside.failure.number, outside.failure.type) == (6, "Deposited")
    assert "Poisoned.deposited: ZeroDivisionError" in outside.failure.reason


async def _standing_of(bank: Any, processor: str) -> Any:
    readside = await open_readside(f"sqlite:///{bank.views}", clock=SystemClock(), read_only=True)

    def read() -> Any:
        snapshot = readside.snapshot()
        try:
            return next(s for s in snapshot.standings() if s.place.processor == processor)
        finally:
            snapshot.close()

    try:
        return await readside.run(read)
    finally:
        await readside.close()


async def who_lost_its_claim_writes_nothing(bank: Any, _program: Any) -> None:
    readside = await open_readside(f"sqlite:///{bank.views}", clock=SystemClock())
    try:
        await ReadSideContract().test_who_lost_its_claim_writes_nothing(readside)
    finally:
        await readside.close()


async def rows_and_position_are_kept_or_lost_together(bank: Any, program: Any) -> None:
    chance = program.chance(3)
    with pytest.MonkeyPatch.context() as patch:
        _break_before_some_commits(patch, chance)
        for seed in range(20):
            await grow(bank, program, seed, 60)
            async with running(bank, program) as models:
                await _settled_or_stopped(models)
    await rows_are_those_computed_apart(bank, program)


async def _settled_or_stopped(models: Any) -> None:
    """Let it run for a while; whether it came to the end does not matter here."""
    try:
        await models.settled(0.5)
    except NotCurrent:
        return


def _break_before_some_commits(patch: pytest.MonkeyPatch, chance: Any) -> None:
    def run(written: Written[Any], connection: Connection, database: Database) -> None:
        whole(written, connection, database)
        if written.doing.startswith("Moving") and chance.random() < 0.5:
            raise StorageError("the power went off")

    whole = Written.run
    patch.setattr(Written, "run", run)


def stretches_in_another_order(patch: pytest.MonkeyPatch) -> None:
    """Order by id, which two writers draw in another order than they commit in."""

    async def read(feed: Feed, after: Mark | None) -> Any:
        page = await whole(feed, after)
        records = sorted(page.stretch.records, key=lambda seen: seen.record.id)
        upto = records[-1].record.in_log if records else page.stretch.upto
        return replace(page, stretch=replace(page.stretch, records=records, upto=upto))

    whole = Feed._read  # noqa: SLF001  as above
    patch.setattr(Feed, "_read", read)


def places_compared_without_ids(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "check_mark", lambda *_: None)


def positions_that_stay_at_the_last_wanted_event(patch: pytest.MonkeyPatch) -> None:
    async def keep(_: Processor) -> None: ...

    patch.setattr(Processor, "_keep", keep)


def failures_that_nobody_sees(patch: pytest.MonkeyPatch) -> None:
    async def fail(_: Processor, _error: Exception) -> None:
        await asyncio.Event().wait()

    patch.setattr(Processor, "_fail", fail)


def moves_that_name_no_epoch(patch: pytest.MonkeyPatch) -> None:
    def advance(connection: Connection, claim: Any, to: Mark) -> Any:
        own = POSITIONS.c.processor == claim.place.processor
        written = {"number": to.number, "event": str(to.record)}
        connection.execute(update(POSITIONS).where(own).values(**written))
        return replace(claim, position=to, failure=None)

    patch.setattr(positions, "advance", advance)


def rows_and_position_in_two_transactions(patch: pytest.MonkeyPatch) -> None:
    async def move(readside: SqlReadSide, claim: Any, to: Mark, fold: Any) -> Any:
        writer: Writer = readside._writer  # noqa: SLF001  as above
        if claim.position is None:
            return await whole(readside, claim, to, fold)
        await whole(readside, claim, claim.position, fold)
        moved = await writer.written(
            f"Moving {to.number}", lambda connection: positions.advance(connection, claim, to)
        )
        return moved.result and Moved(moved.result, 0)

    whole = SqlReadSide.move
    patch.setattr(SqlReadSide, "move", move)


Proof = Callable[[Any, Any], Awaitable[None]]
FAULTS: list[tuple[str, Proof, Callable[[pytest.MonkeyPatch], None]]] = [
    (
        "4: checkpoint order",
        events_are_folded_in_the_order_of_their_positions,
        stretches_in_another_order,
    ),
    ("5: older backup", an_older_copy_is_refused_by_name, places_compared_without_ids),
    (
        "7: token",
        a_restart_begins_where_the_log_was_read_to,
        positions_that_stay_at_the_last_wanted_event,
    ),
    ("9: zombie", who_lost_its_claim_writes_nothing, moves_that_name_no_epoch),
    ("13: no signal", who_stands_still_says_so, failures_that_nobody_sees),
    (
        "exactly once",
        rows_and_position_are_kept_or_lost_together,
        rows_and_position_in_two_transactions,
    ),
]
NAMES = [name for name, _, _ in FAULTS]


@pytest.mark.parametrize("proof", [proof for _, proof, _ in FAULTS], ids=NAMES)
async def test_the_read_side_has_not_the_fault(bank: Any, program: Any, proof: Proof) -> None:
    await proof(bank, program)


@pytest.mark.parametrize(
    ("proof", "fault"), [(proof, fault) for _, proof, fault in FAULTS], ids=NAMES
)
async def test_with_the_fault_put_back_its_proof_fails(
    bank: Any,
    program: Any,
    monkeypatch: pytest.MonkeyPatch,
    proof: Proof,
    fault: Callable[[pytest.MonkeyPatch], None],
) -> None:
    fault(monkeypatch)

    with pytest.raises((AssertionError, LeftfoldError, TimeoutError, pytest.fail.Exception)):
        await proof(bank, program)

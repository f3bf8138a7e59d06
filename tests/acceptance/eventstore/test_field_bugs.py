"""Defects of other stores, each shown to be caught. Read by: who doubts that a test can fail.

Each fault of FIELD-BUGS that concerns the store is put back by a patch; the proof that holds on
the store as it is must then fail.
"""

import asyncio
import itertools
import shutil
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from leftfold.adapters.sqlite import reading, writing
from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.adapters.sqlite.judging import Judge
from leftfold.adapters.sqlite.turns import FreeTurns
from leftfold.adapters.sqlite.writing import Writer
from leftfold.clock import SystemClock
from leftfold.errors import LeftfoldError, StorageError, StoreChanged
from leftfold.eventstore import (
    Appended,
    Commit,
    Condition,
    Conflict,
    Criterion,
    Duplicate,
    EventStore,
    GroupCommit,
    Mark,
    Page,
    Result,
)
from leftfold.testing.contracts.eventstore import EventStoreContract
from leftfold.testing.contracts.records import (
    append,
    commit,
    everything,
    expects,
    receipt,
    record,
)

WRITERS = 4
ROUNDS = 25


@asynccontextmanager
async def opened(path: Path, count: int = 1) -> AsyncIterator[list[EventStore]]:
    """Open a file several times, each with a writer of its own."""
    async with AsyncExitStack() as stack:
        stores: list[EventStore] = []
        for _ in range(count):
            store = await open_file(str(path), clock=SystemClock())
            stack.push_async_callback(store.close)
            stores.append(store)
        yield stores


async def a_reader_misses_nothing(path: Path) -> None:
    async with opened(path, WRITERS + 1) as (reader, *writers):
        seen: list[int] = []
        after: Mark | None = None

        async def write(store: EventStore) -> None:
            for _ in range(ROUNDS):
                await append(store, commit(record(f"Account/{uuid4()}")))

        writing_all = asyncio.gather(*map(write, writers))
        while True:
            is_last = writing_all.done()
            page = await reader.read_all((), after=after, limit=3)
            seen += [kept.position for kept in page.records]
            if page.upto == after and is_last:
                break
            after = page.upto
        await writing_all
        assert seen == list(range(1, WRITERS * ROUNDS + 1))


async def of_racing_writers_one_wins(path: Path) -> None:
    async with opened(path, WRITERS) as stores:
        for turn in range(ROUNDS):
            tag = f"email:{turn}"
            racing = [
                Commit(
                    records=(record(f"User/{turn}-{number}", tags=[tag]),),
                    condition=Condition(criteria=(Criterion(tags=frozenset([tag])),), after=None),
                )
                for number in range(WRITERS)
            ]
            calls = [store.append([one]) for store, one in zip(stores, racing, strict=True)]
            results = [result for (result,) in await asyncio.gather(*calls)]
            assert sum(isinstance(result, Appended) for result in results) == 1, results
        assert len(await everything(stores[0])) == ROUNDS


async def pages_follow_the_order_of_their_marks(path: Path) -> None:
    async with opened(path) as (store,):
        await EventStoreContract().test_pages_give_the_whole_log_in_order(store, 3)


async def an_older_copy_is_noticed(path: Path) -> None:
    first, lost, new = record(), record(), record()
    async with opened(path) as (store,):
        await append(store, commit(first))
    shutil.copy(path, f"{path}.older")
    async with opened(path) as (store,):
        (last,) = await append(store, commit(lost))
    shutil.copy(f"{path}.older", path)
    async with opened(path) as (store,):
        await append(store, commit(new))  # and it has grown again, to the same number

        assert last.last == Mark(2, lost.id)
        assert await store.wait(last.last, 5)
        decided = Commit(records=(record(),), expects=expects("Account/ann", last.last))
        (result,) = await store.append([decided])
        assert isinstance(result, Conflict)
        bounded = Commit(condition=Condition(criteria=(), after=last.last))
        (result,) = await store.append([bounded])
        assert isinstance(result, Conflict)
        with pytest.raises(StoreChanged, match="An older copy of the store came back"):
            await store.read_all((), after=last.last, limit=10)


async def a_retry_appends_nothing_twice(path: Path) -> None:
    async with opened(path) as (store,):
        once = [
            Commit(records=(record("Account/a"),), expects=expects("Account/a", None)),
            Commit(records=(record("Account/b"),), receipt=receipt("c-1")),
        ]
        with pytest.MonkeyPatch.context() as patch:
            break_after_commit(patch)
            with pytest.raises(StorageError, match="the connection broke"):
                await store.append(once)

        plain, received = await store.append(once)

        assert plain == Appended(1, Mark(1, once[0].records[0].id))
        assert isinstance(received, Duplicate)
        assert received.receipt.first == 2
        assert len(await everything(store)) == 2


def break_after_commit(patch: pytest.MonkeyPatch) -> None:
    def breaks(writer: Writer, commits: Sequence[Commit]) -> list[Result]:
        whole(writer, commits)
        raise StorageError("the connection broke")

    whole = Writer.append
    patch.setattr(Writer, "append", breaks)


async def a_refusal_on_stale_state_is_a_conflict(path: Path) -> None:
    async with opened(path) as (store,):
        await EventStoreContract().test_an_expectation_is_checked_also_without_records(store)


async def a_page_moves_on(path: Path) -> None:
    async with opened(path) as (store,):
        await EventStoreContract().test_a_page_moves_on_over_what_is_not_wanted(
            store, {"types": ["Moved"]}
        )


async def of_two_conditions_in_one_call_one_wins(path: Path) -> None:
    async with opened(path) as (store,):
        await EventStoreContract().test_a_condition_sees_the_earlier_commits_of_its_call(store)


async def who_is_cancelled_in_the_queue_stores_nothing(path: Path) -> None:
    async with opened(path) as (store,), GroupCommit(store, SystemClock()) as group:
        calls = [asyncio.create_task(group.append(commit(record()))) for _ in range(4)]
        await asyncio.sleep(0)
        for call in calls[1:]:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await group.append(Commit())
        assert len(await everything(store)) == 1


def positions_taken_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    """Give positions as a sequence does, in the order of asking and not of committing."""
    sequence, mine = itertools.count(1), threading.local()

    def append_later(writer: Writer, commits: Sequence[Commit]) -> list[Result]:
        mine.position = next(sequence)
        time.sleep(mine.position % 4 / 1_000)
        return whole(writer, commits)

    def last(_: Judge, now: int) -> tuple[Mark, int]:
        return Mark(mine.position - 1, UUID(int=0)), now

    whole = Writer.append
    patch.setattr(Writer, "append", append_later)
    patch.setattr(Judge, "_last", last)
    patch.setattr(Writer, "_check_history", lambda *_: None)


def checked_in_one_snapshot_and_inserted_in_another(patch: pytest.MonkeyPatch) -> None:
    """Judge first, then lock and insert what was judged well."""

    def append_twice(writer: Writer, commits: Sequence[Commit]) -> list[Result]:
        judge = Judge(writer._connection, commits, 0)  # noqa: SLF001  the fault is inside
        results = judge.judge()
        time.sleep(0.002)
        unchecked = [
            msgspec.structs.replace(one, expects=(), condition=None)
            for one, result in zip(commits, results, strict=True)
            if isinstance(result, Appended)
        ]
        whole(writer, unchecked)
        return results

    whole = Writer.append
    patch.setattr(Writer, "append", append_twice)
    patch.setattr(writing, "open_turns", lambda *_, **__: FreeTurns())


def read_in_another_order_than_that_of_the_marks(patch: pytest.MonkeyPatch) -> None:
    scan = reading._SCAN.replace("ORDER BY position", "ORDER BY id")  # noqa: SLF001  as above
    patch.setattr(reading, "_SCAN", scan)


def positions_compared_without_ids(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "check_mark", lambda *_: None)


def retries_not_recognised(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Judge, "_known", lambda *_: None)


def only_commits_with_records_checked(patch: pytest.MonkeyPatch) -> None:
    def judge(self: Judge, one: Commit) -> Result:
        return whole(self, one) if one.records else Appended(0, self.head)

    whole = Judge._judge  # noqa: SLF001  as above
    patch.setattr(Judge, "_judge", judge)


def marks_that_stay_at_the_last_match(patch: pytest.MonkeyPatch) -> None:
    def page(*arguments: Any) -> Page:
        found = whole(*arguments).records
        return Page(found, found[-1].in_log if found else None)

    whole = reading._scanned_page  # noqa: SLF001  as above
    patch.setattr(reading, "_scanned_page", page)


def commits_of_a_call_not_seen_by_each_other(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Judge, "_first_added", lambda *_: None)


def groups_that_take_the_withdrawn(patch: pytest.MonkeyPatch) -> None:
    def take(self: Any) -> Any:
        group = list(self._queue)
        self._queue.clear()
        return group

    patch.setattr(GroupCommit, "_take", take)


FAULTS: list[tuple[str, Callable[[Path], Awaitable[None]], Callable[[Any], None]]] = [
    ("1: order", a_reader_misses_nothing, positions_taken_before_the_commit),
    (
        "2: snapshots",
        of_racing_writers_one_wins,
        checked_in_one_snapshot_and_inserted_in_another,
    ),
    (
        "4: checkpoint order",
        pages_follow_the_order_of_their_marks,
        read_in_another_order_than_that_of_the_marks,
    ),
    ("5: older copy", an_older_copy_is_noticed, positions_compared_without_ids),
    ("6: unknown outcome", a_retry_appends_nothing_twice, retries_not_recognised),
    ("7: token", a_page_moves_on, marks_that_stay_at_the_last_match),
    ("20: stale", a_refusal_on_stale_state_is_a_conflict, only_commits_with_records_checked),
    (
        "one call",
        of_two_conditions_in_one_call_one_wins,
        commits_of_a_call_not_seen_by_each_other,
    ),
    (
        "cancelled",
        who_is_cancelled_in_the_queue_stores_nothing,
        groups_that_take_the_withdrawn,
    ),
]
NAMES = [name for name, _, _ in FAULTS]


@pytest.mark.parametrize("proof", [proof for _, proof, _ in FAULTS], ids=NAMES)
async def test_the_store_has_not_the_fault(
    tmp_path: Path, proof: Callable[[Path], Awaitable[None]]
) -> None:
    await proof(tmp_path / "log.db")


@pytest.mark.parametrize(
    ("proof", "fault"), [(proof, fault) for _, proof, fault in FAULTS], ids=NAMES
)
async def test_with_the_fault_put_back_its_proof_fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    proof: Callable[[Path], Awaitable[None]],
    fault: Callable[[pytest.MonkeyPatch], None],
) -> None:
    fault(monkeypatch)

    with pytest.raises((AssertionError, LeftfoldError, pytest.fail.Exception)):
        await proof(tmp_path / "log.db")

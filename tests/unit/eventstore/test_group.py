"""Group commit. Read by: who asks what happens to a commit that waits."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from leftfold.clock import SystemClock
from leftfold.errors import CommitRefused, StorageError, StoreUnusable
from leftfold.eventstore import Appended, Commit, GroupCommit, MemoryEventStore, Result
from leftfold.testing.contracts.records import commit, everything, record


class Gate(MemoryEventStore):
    """A store in memory whose appends wait for a test, and may fail."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self.groups: list[int] = []
        self.fails: Callable[[Sequence[Commit]], Exception | None] = lambda _: None

    async def append(self, commits: Sequence[Commit]) -> list[Result]:
        self.groups.append(len(commits))
        await self.open_gate.wait()
        if error := self.fails(commits):
            raise error
        return await super().append(commits)


@pytest.fixture
def store() -> Gate:
    return Gate()


@pytest.fixture
async def group(store: Gate) -> AsyncIterator[GroupCommit]:
    async with GroupCommit(store, SystemClock()) as group:
        yield group


def start(group: GroupCommit, *commits: Commit) -> list["asyncio.Task[Result]"]:
    return [asyncio.create_task(group.append(one)) for one in commits]


def some(count: int) -> list[Commit]:
    return [commit(record(f"Account/{number}")) for number in range(count)]


async def until(true: Callable[[], object]) -> None:
    while not true():  # noqa: ASYNC110  turns of the loop, no time passes
        await asyncio.sleep(0)


async def test_a_commit_alone_is_stored_at_once(store: Gate, group: GroupCommit) -> None:
    (one,) = some(1)

    result = await group.append(one)

    assert isinstance(result, Appended)
    assert result.last == await store.head()


async def test_commits_that_come_together_form_one_group(store: Gate, group: GroupCommit) -> None:
    results = await asyncio.gather(*(group.append(one) for one in some(32)))

    assert store.groups == [32]
    assert [result.first for result in results if isinstance(result, Appended)] == [*range(1, 33)]


async def test_commits_that_come_during_a_flush_form_the_next_group(
    store: Gate, group: GroupCommit
) -> None:
    store.open_gate.clear()
    first = start(group, *some(2))
    await until(lambda: store.groups)
    second = start(group, *some(3))
    await asyncio.sleep(0)
    store.open_gate.set()

    await asyncio.gather(*first, *second)

    assert store.groups == [2, 3]


async def test_a_group_is_bounded_by_count_and_by_bytes(store: Gate) -> None:
    large = [commit(record(data=b"x" * 1_000)) for _ in range(6)]

    async with GroupCommit(store, SystemClock(), max_commits=4, max_bytes=2_500) as group:
        await asyncio.gather(*start(group, *some(9)))
        await asyncio.gather(*start(group, *large))

    assert store.groups == [4, 4, 1, 2, 2, 2]


async def test_one_commit_larger_than_a_group_is_stored_alone(store: Gate) -> None:
    async with GroupCommit(store, SystemClock(), max_bytes=10) as group:
        await asyncio.gather(*start(group, *some(3)))

    assert store.groups == [1, 1, 1]


async def test_a_commit_beyond_a_limit_never_reaches_the_store(
    store: Gate, group: GroupCommit
) -> None:
    with pytest.raises(CommitRefused, match="512 bytes"):
        await group.append(commit(record(f"Account/{'k' * 10_240}")))

    assert store.groups == []


async def test_a_cancelled_caller_withdraws_what_is_queued(store: Gate, group: GroupCommit) -> None:
    store.open_gate.clear()
    (flying,) = start(group, *some(1))
    await until(lambda: store.groups)
    queued = start(group, *some(3))
    await asyncio.sleep(0)

    queued[1].cancel()
    store.open_gate.set()
    results = await asyncio.gather(flying, *queued, return_exceptions=True)

    assert [type(result) for result in results] == [
        Appended,
        Appended,
        asyncio.CancelledError,
        Appended,
    ]
    assert store.groups == [1, 2]
    assert len(await everything(store)) == 3


async def test_a_cancelled_caller_does_not_stop_what_is_in_flight(
    store: Gate, group: GroupCommit
) -> None:
    store.open_gate.clear()
    (one,) = some(1)
    (flying,) = start(group, one)
    await until(lambda: store.groups)

    flying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flying
    store.open_gate.set()

    assert await group.append(one) == Appended(1, await store.head()), "stored once"
    assert len(await everything(store)) == 1


async def test_a_group_of_withdrawn_commits_only_is_not_stored(
    store: Gate, group: GroupCommit
) -> None:
    calls = start(group, *some(2))
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()

    await asyncio.gather(*calls, return_exceptions=True)
    await group.append(Commit())

    assert store.groups == [1]


async def test_only_the_guilty_commit_of_a_group_fails(store: Gate, group: GroupCommit) -> None:
    commits = some(5)

    def refuse(group: Sequence[Commit]) -> Exception | None:
        return ValueError("the engine cannot take it") if commits[2] in group else None

    store.fails = refuse

    results = await asyncio.gather(*start(group, *commits), return_exceptions=True)

    assert [type(result) for result in results] == [
        Appended,
        Appended,
        StorageError,
        Appended,
        Appended,
    ]
    assert "the engine cannot take it" in str(results[2])
    assert store.groups == [5, 1, 1, 1, 1, 1]


async def test_an_id_in_use_fails_its_own_commit_only(store: Gate, group: GroupCommit) -> None:
    used = record()
    await group.append(commit(used))
    good, bad = some(1)[0], commit(record(id=used.id, data=b"other"))

    results = await asyncio.gather(*start(group, good, bad), return_exceptions=True)

    assert [type(result) for result in results] == [Appended, CommitRefused]


async def test_an_engine_that_is_down_fails_the_group_after_two_tries(
    store: Gate, group: GroupCommit
) -> None:
    store.fails = lambda _: StorageError("the disk is full")

    results = await asyncio.gather(*start(group, *some(8)), return_exceptions=True)

    assert [str(result) for result in results] == ["the disk is full"] * 8
    assert store.groups == [8, 1, 1]
    assert len({id(result) for result in results}) == 8, "each caller raises its own"


async def test_one_passing_failure_fails_nobody(store: Gate, group: GroupCommit) -> None:
    failures = iter([StorageError("the connection broke"), None])
    store.fails = lambda _: next(failures, None)

    results = await asyncio.gather(*start(group, *some(3)))

    assert [type(result) for result in results] == [Appended] * 3
    assert len(await everything(store)) == 3


async def test_a_store_that_cannot_be_used_fails_all_at_once(
    store: Gate, group: GroupCommit
) -> None:
    store.fails = lambda _: StoreUnusable("the file was replaced")

    results = await asyncio.gather(*start(group, *some(3)), return_exceptions=True)

    assert [type(result) for result in results] == [StoreUnusable] * 3
    assert store.groups == [3]


async def test_it_goes_on_after_a_failure(store: Gate, group: GroupCommit) -> None:
    store.fails = lambda _: StorageError("the disk is full")
    with pytest.raises(StorageError, match="full"):
        await group.append(some(1)[0])
    store.fails = lambda _: None

    assert isinstance(await group.append(some(1)[0]), Appended)


async def test_an_answer_lost_after_the_commit_stores_nothing_twice(
    store: Gate, group: GroupCommit
) -> None:
    # FIELD-BUGS 6: the connection breaks after the commit, before the answer.
    breaks = iter([True])

    async def append_and_break(commits: Sequence[Commit]) -> list[Result]:
        results = await MemoryEventStore.append(store, commits)
        if next(breaks, False):
            raise StorageError("the connection broke")
        return results

    store.append = append_and_break  # type: ignore[method-assign]

    results = await asyncio.gather(*start(group, *some(3)))

    assert [result.first for result in results if isinstance(result, Appended)] == [1, 2, 3]
    assert len(await everything(store)) == 3


async def test_callers_beyond_the_queue_wait_in_the_order_of_coming(store: Gate) -> None:
    store.open_gate.clear()
    async with GroupCommit(store, SystemClock(), max_queued=2, max_commits=2) as group:
        calls = start(group, *some(9))
        await until(lambda: store.groups)
        calls[5].cancel()
        store.open_gate.set()

        results = await asyncio.gather(*calls, return_exceptions=True)

    stored = [result.first for result in results if isinstance(result, Appended)]
    assert stored == [1, 2, 3, 4, 5, 6, 7, 8]
    assert max(store.groups) == 2


async def test_leaving_stores_what_is_queued(store: Gate) -> None:
    store.open_gate.clear()
    async with GroupCommit(store, SystemClock()) as group:
        first = start(group, *some(1))
        await until(lambda: store.groups)
        second = start(group, *some(2))
        await asyncio.sleep(0)
        store.open_gate.set()

    assert all(isinstance(call.result(), Appended) for call in first + second)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_outside_its_context_it_says_so(store: Gate, moment: str) -> None:
    group = GroupCommit(store, SystemClock())
    if moment == "after":
        async with group:
            pass

    with pytest.raises(StorageError, match="not running, so nothing can be appended"):
        await group.append(some(1)[0])


async def test_a_loop_that_dies_tells_all_who_wait(store: Gate) -> None:
    store.open_gate.clear()
    tasks: list[asyncio.Task[Any]] = []

    class Watched(SystemClock):
        def start(self, work: Any, *, name: str) -> Any:
            tasks.append(super().start(work, name=name))
            return tasks[-1]

    async with GroupCommit(store, Watched(), max_queued=3) as group:
        flying = start(group, *some(2))
        await until(lambda: store.groups)
        waiting = start(group, *some(5))
        await asyncio.sleep(0)

        tasks[0].cancel()
        results = await asyncio.gather(*flying, *waiting, return_exceptions=True)

        assert [type(result) for result in results] == [StorageError] * 7
        assert "Appending has stopped: CancelledError" in str(results[0])
        with pytest.raises(StorageError, match="has stopped"):
            await group.append(some(1)[0])

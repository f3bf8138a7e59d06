"""Which events are listed, and that none is missed. Read by: who changes how the log is read."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.cli.failing import WrittenWrong
from leftfold.cli.selecting import Wanted, following, mark_before, newest, pages, time_of
from leftfold.eventstore import MemoryEventStore, Record
from leftfold.testing.contracts.records import commit, record
from leftfold.testing.virtual import VirtualClock

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
TYPES = ("Opened", "Deposited")
STREAMS = ("Account/ann", "Account/bob")
TAGS = ("owner:ann", "vip:yes")
NAMES = st.lists(
    st.tuples(
        st.sampled_from(STREAMS), st.sampled_from(TYPES), st.frozensets(st.sampled_from(TAGS))
    ),
    max_size=30,
)
WISHES = st.builds(
    Wanted,
    types=st.frozensets(st.sampled_from(TYPES), max_size=1),
    stream=st.sampled_from(STREAMS) | st.none(),
    tags=st.frozensets(st.sampled_from(TAGS), max_size=2),
    since=st.integers(0, 30).map(lambda n: NOW + timedelta(minutes=n)) | st.none(),
    until=st.integers(0, 30).map(lambda n: NOW + timedelta(minutes=n)) | st.none(),
    after=st.integers(0, 35),
)


async def filled(names: Sequence[tuple[str, str, frozenset[str]]]) -> MemoryEventStore:
    """Return a store with one event a minute."""
    clock = VirtualClock(NOW)
    store = MemoryEventStore(clock)
    for stream, kind, tags in names:
        await store.append([commit(record(stream, type=kind, tags=tags))])
        await clock.advance(timedelta(minutes=1))
    return store


async def everything(store: MemoryEventStore) -> Sequence[Record]:
    head = await store.head()
    return await store.records(1, head) if head is not None else []


def fits(wanted: Wanted, found: Record) -> bool:
    """Judge a record in other words than the code does."""
    rules = [
        found.position > wanted.after,
        not wanted.types or found.type in wanted.types,
        wanted.stream in {None, found.stream},
        wanted.tags.issubset(found.tags),
        wanted.since is None or not found.recorded < wanted.since,
        wanted.until is None or not found.recorded > wanted.until,
    ]
    return all(rules)


@given(names=NAMES, wanted=WISHES)
async def test_all_that_is_wanted_is_found_in_order(
    names: list[tuple[str, str, frozenset[str]]], wanted: Wanted
) -> None:
    store = await filled(names)

    found = [record async for page in pages(store, wanted) for record in page]

    assert found == [record for record in await everything(store) if fits(wanted, record)]


@given(names=NAMES, wanted=WISHES, limit=st.integers(1, 10))
async def test_the_newest_are_the_last_of_all_that_is_wanted(
    names: list[tuple[str, str, frozenset[str]]], wanted: Wanted, limit: int
) -> None:
    store = await filled(names)
    head = await store.head()
    if head is None:
        return

    found = await newest(store, wanted, head, limit)

    assert found == [r for r in await everything(store) if fits(wanted, r)][-limit:]


async def test_the_newest_are_found_behind_many_that_are_not_wanted() -> None:
    names = [("Account/ann", "Opened", frozenset[str]())]
    store = await filled(names + [("Account/ann", "Deposited", frozenset[str]())] * 2_500)
    head = await store.head()
    assert head is not None

    (found,) = await newest(store, Wanted(types=frozenset({"Opened"})), head, 5)

    assert found.position == 1


@pytest.mark.parametrize("position", [0, 1, 999, 1_000, 2_499, 2_500, 9_999])
async def test_a_place_is_found_by_its_position(position: int) -> None:
    store = await filled([("Account/ann", "Deposited", frozenset[str]())] * 2_500)

    mark = await mark_before(store, position)

    assert (mark.number if mark is not None else 0) == min(position, 2_500)


async def test_who_follows_gets_what_is_there_and_what_comes() -> None:
    store = await filled([("Account/ann", "Opened", frozenset[str]())])
    got: asyncio.Queue[Record] = asyncio.Queue()

    async def follow() -> None:
        async for page in following(store, Wanted(types=frozenset(TYPES)), None):
            for found in page:
                got.put_nowait(found)

    task = asyncio.create_task(follow())
    first = await got.get()
    await store.append([commit(record("Account/ann", type="Closed"))])
    await store.append([commit(record("Account/ann", type="Deposited"))])
    second = await got.get()
    task.cancel()

    assert [first.type, second.type] == ["Opened", "Deposited"]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T18:00", NOW),
        ("2026-11-23T19:00+01:00", NOW),
        ("90s", NOW - timedelta(seconds=90)),
        ("15m", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", NOW - timedelta(days=3)),
        ("99999999d", datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_a_time_is_written_as_a_date_or_as_how_long_ago(text: str, time: datetime) -> None:
    assert time_of(text, NOW) == time


@pytest.mark.parametrize("text", ["tomorrow", "", "5", "-3d", "2026-13-01"])
def test_what_is_no_time_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(WrittenWrong, match=r"2026-11-23T18:00.*15m"):
        time_of(text, NOW)

"""One page, one decoding for all who stand at one place. Read by: who changes the feed."""

from typing import Any
from uuid import UUID

from leftfold.codec.codec import Codec
from leftfold.eventstore.port import Criteria, Mark, Page
from leftfold.messages.message import Event
from leftfold.processing.feed import Feed


class Deposited(Event):
    account: str


class Items(Event):
    names: list[str]


class Noise(Event):
    text: str


class Watched:
    """A store that counts what is read of it."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.read: list[tuple[Mark | None, frozenset[str]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def read_all(self, criteria: Criteria, *, after: Mark | None, limit: int) -> Page:
        self.read.append((after, criteria[0].types if criteria else frozenset()))
        page: Page = await self._store.read_all(criteria, after=after, limit=limit)
        return page


class Follower:
    def __init__(self, *names: str, everything: bool = False) -> None:
        self.names = None if everything else frozenset(names)
        self.seen: Mark | None = None


async def fed(log: Any, *followers: Follower) -> tuple[Feed, Watched]:
    store = Watched(log.store)
    feed = Feed(store, Codec([Deposited, Items, Noise]), UUID(int=0))
    for follower in followers:
        feed.join(follower)
    return feed, store


async def test_followers_at_one_place_share_a_page_and_its_events(log: Any) -> None:
    await log.put(Deposited(account="ann"), Noise(text="x"), Deposited(account="ben"))
    one, two = Follower("Deposited"), Follower("Deposited")
    feed, store = await fed(log, one, two)

    first, second = await feed.next(one), await feed.next(two)

    assert len(store.read) == 1
    assert [s.record.position for s in first.records] == [1, 3]
    assert first.records[0].event is second.records[0].event


async def test_a_page_holds_what_any_of_them_wants_and_each_gets_its_own(log: Any) -> None:
    await log.put(Deposited(account="ann"), Items(names=[]), Noise(text="x"))
    one, two, rest = Follower("Deposited"), Follower("Items"), Follower("Deposited", "Items")
    feed, store = await fed(log, one, two, rest)

    found = [[s.record.type for s in (await feed.next(f)).records] for f in (one, two, rest)]

    assert found == [["Deposited"], ["Items"], ["Deposited", "Items"]]
    assert store.read == [(None, frozenset({"Deposited", "Items"}))]


async def test_a_follower_that_is_behind_alone_reads_only_what_it_wants(log: Any) -> None:
    await log.put(Deposited(account="ann"), Items(names=[]))
    behind, ahead = Follower("Deposited"), Follower("Items", "Noise")
    ahead.seen = await log.store.head()
    feed, store = await fed(log, behind, ahead)

    await feed.next(behind)

    assert store.read == [(None, frozenset({"Deposited"}))]


async def test_events_that_can_be_changed_are_decoded_for_each(log: Any) -> None:
    await log.put(Items(names=["a"]))
    one, two = Follower("Items"), Follower("Items")
    feed, store = await fed(log, one, two)

    first, second = await feed.next(one), await feed.next(two)

    assert len(store.read) == 1
    assert first.records[0].event == second.records[0].event
    assert first.records[0].event is not second.records[0].event


async def test_where_the_log_ends_the_stretch_ends_where_it_began(log: Any) -> None:
    await log.put(Noise(text="x"))
    follower = Follower("Deposited")
    feed, store = await fed(log, follower)

    follower.seen = (await feed.next(follower)).upto
    end = await feed.next(follower)
    await log.put(Deposited(account="ann"))
    more = await feed.next(follower)

    assert (list(end.records), end.upto) == ([], follower.seen)
    assert [s.record.position for s in more.records] == [2]
    assert len(store.read) == 3


async def test_pages_are_forgotten_when_nobody_stands_there(log: Any) -> None:
    followers = [Follower(everything=True) for _ in range(3)]
    feed, store = await fed(log, *followers)
    for _ in range(20):
        await log.put(Noise(text="x"))
        for follower in followers:
            follower.seen = (await feed.next(follower)).upto

    assert len(feed._pages) <= 2  # noqa: SLF001  what is held is what this is about
    assert len(store.read) == 20

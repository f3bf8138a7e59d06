"""What reading and waiting promise. Read by: authors of stores."""

import asyncio
from collections.abc import Sequence

import pytest

from leftfold.errors import StoreChanged, StoreUnusable
from leftfold.eventstore.port import Criteria, Criterion, EventStore, Mark, NewRecord
from leftfold.testing.contracts.records import Clocked, append, commit, record

__all__ = ["ReadingContract"]

_LONG_S = 30.0


class ReadingContract(Clocked):
    """What readers see, and when they are told that it changed under them."""

    async def test_a_stream_is_read_after_a_mark_up_to_a_limit(self, store: EventStore) -> None:
        records = await _ten(store)

        first = await store.read("", "Account/ann", after=None, limit=3)
        rest = await store.read("", "Account/ann", after=first[-1].in_stream, limit=100)

        assert [kept.id for kept in first] == [new.id for new in records[:6:2]]
        assert [kept.id for kept in rest] == [new.id for new in records[6::2]]
        assert [kept.version for kept in rest] == [4, 5]

    @pytest.mark.parametrize("wrong", ["another record", "beyond the end"])
    async def test_a_stream_that_changed_is_not_read_on(
        self, store: EventStore, wrong: str
    ) -> None:
        # FIELD-BUGS 5, for a stream.
        (one, *_) = await _ten(store)
        after = Mark(1, record().id) if wrong == "another record" else Mark(77, one.id)

        with pytest.raises(StoreChanged, match=r"Account/ann.*older copy"):
            await store.read("", "Account/ann", after=after, limit=10)

    @pytest.mark.parametrize("wrong", ["another record", "beyond the end"])
    async def test_a_log_that_changed_is_not_read_on(self, store: EventStore, wrong: str) -> None:
        # FIELD-BUGS 5: a position is given a second time to another event.
        (one, *_) = await _ten(store)
        after = Mark(1, record().id) if wrong == "another record" else Mark(77, one.id)

        for criteria in ((), (Criterion(tags=frozenset(["account:ann"])),)):
            with pytest.raises(StoreChanged, match="older copy"):
                await store.read_all(criteria, after=after, limit=10, tenant="")
        with pytest.raises(StoreChanged, match="older copy"):
            await store.records(1, after)

    @pytest.mark.parametrize("limit", [1, 3, 10, 100])
    async def test_pages_give_the_whole_log_in_order(self, store: EventStore, limit: int) -> None:
        records = await _ten(store)

        assert await _ids(store, (), limit=limit) == [new.id for new in records]

    @pytest.mark.parametrize("limit", [1, 100])
    @pytest.mark.parametrize("tenant", ["", None])
    @pytest.mark.parametrize(
        ("criteria", "wanted"),
        [
            ((), slice(None)),
            ((Criterion(types=frozenset(["Deposited"])),), slice(None, None, 2)),
            ((Criterion(types=frozenset(["Deposited", "Closed"])),), slice(None)),
            ((Criterion(types=frozenset(["Moved"])),), slice(0)),
            ((Criterion(tags=frozenset(["account:ann"])),), slice(None, None, 2)),
            ((Criterion(tags=frozenset(["n:3"])),), slice(3, 4)),
            ((Criterion(tags=frozenset(["n:4", "account:ann"])),), slice(4, 5)),
            ((Criterion(tags=frozenset(["n:3", "account:ann"])),), slice(0)),
            (
                (Criterion(tags=frozenset(["n:3"])), Criterion(tags=frozenset(["n:4"]))),
                slice(3, 5),
            ),
            (
                (Criterion(types=frozenset(["Closed"]), tags=frozenset(["account:bob"])),),
                slice(1, None, 2),
            ),
            ((Criterion(types=frozenset(["Closed"]), tags=frozenset(["account:ann"])),), slice(0)),
            (
                (Criterion(types=frozenset(["Closed"])), Criterion(tags=frozenset(["n:0"]))),
                "closed and the first",
            ),
            ((Criterion(),), slice(None)),
        ],
    )
    async def test_pages_give_what_meets_the_criteria(
        self,
        store: EventStore,
        criteria: Criteria,
        wanted: slice | str,
        tenant: str | None,
        limit: int,
    ) -> None:
        records = await _ten(store)
        matching = records[wanted] if isinstance(wanted, slice) else [records[0], *records[1::2]]

        found = await _ids(store, criteria, limit=limit, tenant=tenant)

        assert found == [new.id for new in matching]

    async def test_pages_give_one_tenants_records_or_everybodys(self, store: EventStore) -> None:
        one, two = record(tags=["account:ann"]), record(tags=["account:ann"])
        await append(store, commit(one, tenant="one"), commit(two, tenant="two"))
        tagged = (Criterion(tags=frozenset(["account:ann"])),)

        for criteria in ((), tagged):
            assert await _ids(store, criteria, tenant="two") == [two.id]
            assert await _ids(store, criteria) == [one.id, two.id]

    @pytest.mark.parametrize("criterion", [{"types": ["Moved"]}, {"tags": ["n:99"]}])
    async def test_a_page_moves_on_over_what_is_not_wanted(
        self, store: EventStore, criterion: dict[str, list[str]]
    ) -> None:
        # FIELD-BUGS 7: the token did not move over unwanted events.
        records = await _ten(store)
        wanted = Criterion(**{name: frozenset(of) for name, of in criterion.items()})

        page = await store.read_all((wanted,), after=None, limit=10, tenant="")

        assert page.records == []
        assert page.upto == Mark(10, records[-1].id)

    async def test_a_page_at_the_end_stays_there(self, store: EventStore) -> None:
        await _ten(store)
        head = await store.head()

        page = await store.read_all((), after=head, limit=10)

        assert (page.records, page.upto) == ([], head)

    async def test_a_reader_that_follows_misses_nothing(self, store: EventStore) -> None:
        # FIELD-BUGS 1: a reader passes 11 before 10 is visible, and loses 10.
        seen: list[int] = []
        after: Mark | None = None

        async def write(writer: int) -> None:
            for number in range(20):
                await append(store, commit(record(f"Account/{writer}-{number}")))

        writers = asyncio.gather(*(write(writer) for writer in range(8)))
        while len(seen) < 160:
            assert await store.wait(after, _LONG_S)
            page = await store.read_all((), after=after, limit=7)
            seen += [kept.position for kept in page.records]
            after = page.upto
        await writers

        assert seen == list(range(1, 161))

    async def test_waiting_ends_at_once_where_there_is_more(self, store: EventStore) -> None:
        one, _ = await append(store, commit(record()), commit(record()))

        assert await store.wait(None, _LONG_S)
        assert await store.wait(one.last, _LONG_S)

    async def test_waiting_at_the_head_ends_with_the_time(self, store: EventStore) -> None:
        assert not await store.wait(None, 0)
        (stored,) = await append(store, commit(record()))

        assert not await store.wait(stored.last, 0.01)

    async def test_waiting_ends_with_the_next_append(self, store: EventStore) -> None:
        (stored,) = await append(store, commit(record()))
        waits = [store.wait(stored.last, _LONG_S) for _ in range(3)]
        waiting = [self.clock.start(wait, name="waiting") for wait in waits]
        await self.clock.sleep(0)

        await append(store, commit(record()))

        assert await asyncio.gather(*waiting) == [True, True, True]

    async def test_waiting_after_a_mark_that_is_gone_ends_at_once(self, store: EventStore) -> None:
        # Whoever waits there goes on to read, and is told that the store changed.
        await append(store, commit(record()))

        assert await store.wait(Mark(77, record().id), _LONG_S)
        assert await store.wait(Mark(1, record().id), _LONG_S)

    async def test_types_are_counted_with_their_revisions(self, store: EventStore) -> None:
        await _ten(store)

        assert await store.types() == {("Deposited", 1): 5, ("Closed", 1): 5}

    async def test_the_identity_stays(self, store: EventStore) -> None:
        before = await store.identity()
        await append(store, commit(record()))

        assert await store.identity() == before

    async def test_a_closed_store_says_so(self, store: EventStore) -> None:
        await append(store, commit(record()))

        await store.close()
        await store.close()

        with pytest.raises(StoreUnusable, match="closed"):
            await store.append([commit(record())])
        with pytest.raises(StoreUnusable, match="closed"):
            await store.head()

    async def test_closing_ends_all_waiting(self, store: EventStore) -> None:
        waiting = self.clock.start(store.wait(None, _LONG_S), name="waiting")
        await self.clock.sleep(0)

        await store.close()

        assert not await waiting


async def _ten(store: EventStore) -> Sequence[NewRecord]:
    """Store ten records, turn by turn of two kinds."""
    kinds = [("Account/ann", "Deposited", "account:ann"), ("Account/bob", "Closed", "account:bob")]
    records = [
        record(stream, type=kind, tags=[tag, f"n:{number}"])
        for number in range(10)
        for stream, kind, tag in [kinds[number % 2]]
    ]
    await append(store, *(commit(new) for new in records))
    return records


async def _ids(
    store: EventStore, criteria: Criteria, *, limit: int = 100, tenant: str | None = None
) -> list[object]:
    """Read all pages, and check that each goes on where the last ended."""
    found: list[object] = []
    after: Mark | None = None
    while True:
        page = await store.read_all(criteria, after=after, limit=limit, tenant=tenant)
        assert len(page.records) <= limit
        found += [kept.id for kept in page.records]
        if page.upto == after:
            return found
        after = page.upto

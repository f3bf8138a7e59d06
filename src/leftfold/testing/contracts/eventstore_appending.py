"""What appending promises, first part: order, ids, receipts. Read by: authors of stores."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from leftfold.errors import CommitRefused
from leftfold.eventstore.limits import (
    MAX_EVENT_BYTES,
    MAX_KEY_BYTES,
    MAX_NAME_BYTES,
    MAX_RECORDS,
    check_limits,
)
from leftfold.eventstore.port import (
    Appended,
    Commit,
    Conflict,
    Duplicate,
    EventStore,
    Mark,
    Page,
    Receipt,
)
from leftfold.testing.contracts.records import (
    Clocked,
    append,
    commit,
    everything,
    expects,
    receipt,
    record,
)

__all__ = ["AppendingContract"]


class AppendingContract(Clocked):
    """What is stored, in which order, and that a retry stores nothing twice."""

    async def test_an_empty_log_has_no_head(self, store: EventStore) -> None:
        assert await store.head() is None
        assert await store.read("", "Account/ann", after=None, limit=10) == []
        assert await store.read_all((), after=None, limit=10) == Page([], None)
        assert await store.receipt("", "c-1") is None
        assert await store.types() == {}

    async def test_positions_and_versions_count_from_one_without_gaps(
        self, store: EventStore
    ) -> None:
        ann, bob, more = record("Account/ann"), record("Account/bob"), record("Account/ann")

        results = await append(store, commit(ann, bob), commit(more))

        assert results == [Appended(1, Mark(2, bob.id)), Appended(3, Mark(3, more.id))]
        assert await store.head() == Mark(3, more.id)
        found = await everything(store)
        assert [(kept.position, kept.stream, kept.version) for kept in found] == [
            (1, "Account/ann", 1),
            (2, "Account/bob", 1),
            (3, "Account/ann", 2),
        ]

    async def test_a_record_is_kept_byte_for_byte(self, store: EventStore) -> None:
        new = record("Straße/Grüße ☃", tags=["customer:ann", "a\x1fb"], data=bytes(range(256)))

        await append(store, commit(new, tenant="acme"))

        (kept,) = await everything(store)
        assert (kept.id, kept.tenant, kept.stream) == (new.id, "acme", new.stream)
        assert (kept.type, kept.revision, kept.tags) == (new.type, new.revision, new.tags)
        assert (kept.data, kept.metadata) == (new.data, new.metadata)

    async def test_recorded_is_the_stores_time_in_utc(self, store: EventStore) -> None:
        self.clock.held = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

        await append(store, commit(record()))

        (kept,) = await everything(store)
        assert kept.recorded == self.clock.held
        assert kept.recorded.utcoffset() == timedelta(0)

    async def test_recorded_never_decreases_when_the_clock_is_set_back(
        self, store: EventStore
    ) -> None:
        self.clock.held = noon = datetime(2030, 1, 2, 12, tzinfo=UTC)
        await append(store, commit(record()))

        self.clock.held = noon - timedelta(hours=1)
        await append(store, commit(record()))

        assert [kept.recorded for kept in await everything(store)] == [noon, noon]

    async def test_a_commit_without_records_answers_with_the_head(self, store: EventStore) -> None:
        assert await append(store, Commit()) == [Appended(0, None)]
        (stored,) = await append(store, commit(record()))

        assert await append(store, Commit()) == [Appended(0, stored.last)]

    async def test_tenants_have_streams_of_their_own(self, store: EventStore) -> None:
        one, two = record("Account/ann"), record("Account/ann")

        await append(store, commit(one, tenant="one"), commit(two, tenant="two"))

        (kept,) = await store.read("two", "Account/ann", after=None, limit=10)
        assert (kept.id, kept.version, kept.position) == (two.id, 1, 2)

    async def test_what_is_within_the_limits_is_stored(self, store: EventStore) -> None:
        stream = f"{'n' * MAX_NAME_BYTES}/{'k' * MAX_KEY_BYTES}"
        large = record(stream, type="t" * MAX_NAME_BYTES, data=b"x" * MAX_EVENT_BYTES)
        many = [record(f"Account/{number}", data=b"1") for number in range(MAX_RECORDS)]
        check_limits(commit(large))
        check_limits(commit(*many))

        await append(store, commit(large), commit(*many))

        (kept,) = await store.read("", stream, after=None, limit=10)
        assert kept.data == large.data
        assert (await append(store, Commit()))[0].last == Mark(MAX_RECORDS + 1, many[-1].id)

    async def test_records_stored_already_answer_with_their_places(self, store: EventStore) -> None:
        again = Commit(
            records=(record(), record("Account/bob")), expects=expects("Account/ann", None)
        )
        (first,) = await append(store, again)
        await append(store, commit(record()))

        assert await append(store, again) == [first]
        assert len(await everything(store)) == 3

    async def test_records_given_twice_in_one_call_are_stored_once(self, store: EventStore) -> None:
        twice = Commit(records=(record(),), expects=expects("Account/ann", None))

        assert await append(store, twice, twice) == [Appended(1, Mark(1, twice.records[0].id))] * 2
        assert len(await everything(store)) == 1

    @pytest.mark.parametrize("other", ["part", "order", "tenant", "stream", "data"])
    async def test_an_id_in_use_elsewhere_refuses_the_whole_call(
        self, store: EventStore, other: str
    ) -> None:
        one, two = record(), record()
        await append(store, commit(one, two))
        wrong = {
            "part": commit(two, record()),
            "order": commit(two, one),
            "tenant": commit(one, two, tenant="acme"),
            "stream": commit(one, msgspec.structs.replace(two, stream="Account/bob")),
            "data": commit(one, msgspec.structs.replace(two, data=b"other")),
        }[other]

        with pytest.raises(CommitRefused, match=r"id .* is in use .* position"):
            await store.append([Commit(records=(record(),), receipt=receipt("c-1")), wrong])

        assert [kept.id for kept in await everything(store)] == [one.id, two.id]
        assert await store.receipt("", "c-1") is None

    async def test_a_receipt_keeps_the_answer_and_its_records(self, store: EventStore) -> None:
        await append(store, commit(record()))
        one, two = record(), record("Account/bob")

        (result,) = await append(store, Commit(records=(one, two), receipt=receipt("c-1")))

        kept = await _stored_receipt(store, "c-1")
        assert (kept.command, kept.outcome, kept.fingerprint) == ("c-1", b"5", b"#")
        assert (kept.first, kept.last) == (2, Mark(3, two.id)) == (result.first, result.last)
        events = await store.records(2, Mark(3, two.id))
        assert [event.id for event in events] == [one.id, two.id]

    async def test_a_receipt_without_records_keeps_the_head(self, store: EventStore) -> None:
        await append(store, Commit(receipt=receipt("early")))
        (stored,) = await append(store, commit(record()))
        await append(store, Commit(receipt=receipt("late")))

        early = await _stored_receipt(store, "early")
        late = await _stored_receipt(store, "late")

        assert (early.first, early.last) == (0, None)
        assert (late.first, late.last) == (0, stored.last)

    async def test_a_command_that_has_run_answers_its_receipt(self, store: EventStore) -> None:
        first = Commit(records=(record(),), receipt=receipt("c-1", outcome=b"first"))
        again = Commit(
            records=(record(),),
            expects=expects("Account/ann", None),
            receipt=receipt("c-1", outcome=b"second", fingerprint=b"other"),
        )

        results = [await store.append([commit]) for commit in (first, again)]

        assert results[1] == [Duplicate(await _stored_receipt(store, "c-1"))]
        assert (await _stored_receipt(store, "c-1")).outcome == b"first"
        assert len(await everything(store)) == 1

    async def test_a_command_given_twice_in_one_call_runs_once(self, store: EventStore) -> None:
        twice = [Commit(records=(record(),), receipt=receipt("c-1")) for _ in range(2)]

        first, second = await store.append(twice)

        assert isinstance(first, Appended)
        assert second == Duplicate(await _stored_receipt(store, "c-1"))
        assert len(await everything(store)) == 1

    async def test_tenants_have_receipts_of_their_own(self, store: EventStore) -> None:
        one = Commit(tenant="one", receipt=receipt("c-1"))
        two = Commit(tenant="two", receipt=receipt("c-1"))

        await append(store, one, two)

        assert await store.receipt("three", "c-1") is None

    async def test_a_conflict_leaves_no_receipt(self, store: EventStore) -> None:
        stale = Commit(
            records=(record(),),
            expects=expects("Account/ann", Mark(1, record().id)),
            receipt=receipt("c-1"),
        )

        (result,) = await store.append([stale])

        assert isinstance(result, Conflict)
        assert await store.receipt("", "c-1") is None
        assert await everything(store) == []

    async def test_of_many_writers_on_one_version_exactly_one_wins(self, store: EventStore) -> None:
        # FIELD-BUGS 2: condition checked and inserted in two snapshots, both writers commit.
        head: Mark | None = None
        for turn in range(1, 11):
            racing = [
                Commit(records=(record(),), expects=expects("Account/ann", head)) for _ in range(8)
            ]

            results = await asyncio.gather(*(store.append([one]) for one in racing))

            won = [result.last for (result,) in results if isinstance(result, Appended)]
            assert len(won) == 1
            assert won[0] is not None
            head = Mark(turn, won[0].record)
        assert len(await everything(store)) == 10


async def _stored_receipt(store: EventStore, command: str) -> Receipt:
    found = await store.receipt("", command)
    assert found is not None
    return found

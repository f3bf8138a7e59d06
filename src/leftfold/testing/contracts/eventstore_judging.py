"""What appending promises, second part: expectations and conditions. Read by: authors of stores."""

import asyncio
from collections.abc import Iterable

import pytest

from leftfold.eventstore.port import (
    Appended,
    Commit,
    Condition,
    Conflict,
    Criterion,
    EventStore,
    Mark,
    NewRecord,
)
from leftfold.testing.contracts.records import append, commit, everything, expects, record

__all__ = ["JudgingContract"]


class JudgingContract:
    """When a commit is refused because somebody decided first."""

    async def test_a_stream_that_must_not_exist_takes_its_first_record(
        self, store: EventStore
    ) -> None:
        new = Commit(records=(record(),), expects=expects("Account/ann", None))

        assert await append(store, new) == [Appended(1, Mark(1, new.records[0].id))]

    async def test_a_stream_with_the_expected_head_takes_the_next(self, store: EventStore) -> None:
        one, two = record(), record()
        await append(store, commit(one))

        await append(store, Commit(records=(two,), expects=expects("Account/ann", Mark(1, one.id))))

        assert [kept.version for kept in await everything(store)] == [1, 2]

    @pytest.mark.parametrize("wrong", ["none", "older", "newer", "another record"])
    async def test_a_stream_with_another_head_is_a_conflict(
        self, store: EventStore, wrong: str
    ) -> None:
        one, two = record(), record()
        await append(store, commit(one, two))
        head = {
            "none": None,
            "older": Mark(1, one.id),
            "newer": Mark(3, two.id),
            "another record": Mark(2, record().id),
        }[wrong]

        (result,) = await store.append(
            [Commit(records=(record(),), expects=expects("Account/ann", head))]
        )

        assert isinstance(result, Conflict)
        assert "Account/ann" in result.expected
        assert f"version 2 ({two.id})" in result.found
        assert len(await everything(store)) == 2

    async def test_an_expectation_is_checked_also_without_records(self, store: EventStore) -> None:
        # G4 and FIELD-BUGS 20: an answer, or a refusal, decided on a stale state.
        one = record()
        await append(store, commit(one))

        stale, fresh = await store.append(
            [
                Commit(expects=expects("Account/ann", None)),
                Commit(expects=expects("Account/ann", Mark(1, one.id))),
            ]
        )

        assert isinstance(stale, Conflict)
        assert isinstance(fresh, Appended)

    async def test_all_expectations_of_a_commit_must_hold(self, store: EventStore) -> None:
        one = record("Account/ann")
        await append(store, commit(one))
        both = expects("Account/ann", Mark(1, one.id)) + expects("Account/bob", Mark(1, one.id))

        (result,) = await store.append([Commit(records=(record(),), expects=both)])

        assert isinstance(result, Conflict)

    async def test_a_later_commit_of_a_call_sees_the_earlier(self, store: EventStore) -> None:
        one, two = record(), record()

        results = await store.append(
            [
                Commit(records=(one,), expects=expects("Account/ann", None)),
                Commit(records=(record(),), expects=expects("Account/ann", None)),
                Commit(records=(two,), expects=expects("Account/ann", Mark(1, one.id))),
            ]
        )

        assert [type(result) for result in results] == [Appended, Conflict, Appended]
        assert [kept.id for kept in await everything(store)] == [one.id, two.id]

    @pytest.mark.parametrize(
        ("types", "tags", "holds"),
        [
            ((), (), False),
            (("Deposited",), (), False),
            (("Closed", "Deposited"), (), False),
            (("Closed",), (), True),
            ((), ("account:ann",), False),
            ((), ("account:ann", "branch:1"), False),
            ((), ("account:ann", "branch:2"), True),
            ((), ("branch:2",), True),
            (("Deposited",), ("branch:1",), False),
            (("Closed",), ("branch:1",), True),
        ],
    )
    async def test_a_condition_holds_when_nothing_meets_its_criteria(
        self, store: EventStore, types: Iterable[str], tags: Iterable[str], *, holds: bool
    ) -> None:
        await append(store, commit(record(tags=["account:ann", "branch:1"])))
        criterion = Criterion(types=frozenset(types), tags=frozenset(tags))

        (result,) = await store.append([_if_none((criterion,), None, record("Account/bob"))])

        assert isinstance(result, Appended) is holds

    async def test_a_condition_without_criteria_means_every_record(self, store: EventStore) -> None:
        first, second = await store.append(
            [_if_none((), None, record()), _if_none((), None, record())]
        )

        assert isinstance(first, Appended)
        assert isinstance(second, Conflict)

    async def test_one_criterion_that_is_met_is_enough(self, store: EventStore) -> None:
        await append(store, commit(record(tags=["account:ann"])))
        either = (_tagged("account:bob"), _tagged("account:ann"))

        (result,) = await store.append([_if_none(either, None, record())])

        assert isinstance(result, Conflict)
        assert "position 1" in result.found

    async def test_a_condition_looks_behind_its_mark_only(self, store: EventStore) -> None:
        (seen,) = await append(store, commit(record(tags=["account:ann"])))
        wanted = (_tagged("account:ann"),)

        after_seen, after_none = await store.append(
            [
                _if_none(wanted, seen.last, record("Account/bob")),
                _if_none(wanted, None, record("Account/bob")),
            ]
        )

        assert isinstance(after_seen, Appended)
        assert isinstance(after_none, Conflict)

    async def test_a_condition_sees_the_earlier_commits_of_its_call(
        self, store: EventStore
    ) -> None:
        wanted = (_tagged("email:ann@example.org"),)
        racing = [
            _if_none(wanted, None, record(f"User/{n}", tags=["email:ann@example.org"]))
            for n in range(3)
        ]

        results = await store.append(racing)

        assert [type(result) for result in results] == [Appended, Conflict, Conflict]

    async def test_a_condition_is_about_its_tenant_only(self, store: EventStore) -> None:
        await append(store, commit(record(tags=["account:ann"]), tenant="acme"))

        results = await store.append(
            [_if_none((_tagged("account:ann"),), None, record()), _if_none((), None, record("A/1"))]
        )

        assert [type(result) for result in results] == [Appended, Conflict]

    async def test_a_condition_after_another_record_does_not_hold(self, store: EventStore) -> None:
        # FIELD-BUGS 5: an older copy came back and grew again; numbers repeat, ids do not.
        one = record()
        await append(store, commit(one))
        wanted = (_tagged("account:ann"),)

        results = await store.append(
            [
                _if_none(wanted, Mark(1, record().id), record()),
                _if_none(wanted, Mark(2, one.id), record()),
                _if_none(wanted, Mark(1, one.id), record()),
            ]
        )

        assert [type(result) for result in results] == [Conflict, Conflict, Appended]

    async def test_a_condition_is_checked_also_without_records(self, store: EventStore) -> None:
        await append(store, commit(record(tags=["account:ann"])))

        (result,) = await store.append([_if_none((_tagged("account:ann"),), None)])

        assert isinstance(result, Conflict)

    async def test_of_many_writers_on_one_condition_exactly_one_wins(
        self, store: EventStore
    ) -> None:
        # FIELD-BUGS 2, for a tag condition.
        for turn in range(10):
            tag = f"email:{turn}"
            racing = [
                _if_none((_tagged(tag),), None, record(f"User/{turn}-{n}", tags=[tag]))
                for n in range(8)
            ]

            results = await asyncio.gather(*(store.append([one]) for one in racing))

            assert sum(isinstance(result, Appended) for (result,) in results) == 1
        assert len(await everything(store)) == 10


def _tagged(tag: str) -> Criterion:
    return Criterion(tags=frozenset([tag]))


def _if_none(criteria: tuple[Criterion, ...], after: Mark | None, *records: NewRecord) -> Commit:
    return Commit(records=records, condition=Condition(criteria=criteria, after=after))

"""Who may move a processor, and that rows and position move together. Read by: their authors."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from leftfold.errors import ConfigurationError, StoreChanged
from leftfold.messages.message import Event
from leftfold.modeling.roles import evolves
from leftfold.processing.port import (
    Claim,
    Failure,
    Held,
    Place,
    ReadSide,
    Standing,
    Transaction,
    Wish,
)
from leftfold.processing.view import View
from leftfold.processing.viewmodel import view_model
from leftfold.testing.contracts.readside_views import (
    STORE,
    Night,
    Parcel,
    claimed,
    mark,
    prepared,
    reading,
    writing,
)
from leftfold.testing.contracts.records import Clocked

__all__ = ["MovingContract"]

PLACE = Place("Parcel", 1)


class _Folded(Event):
    """What the changed view below folds."""

    key: str


class MovingContract(Clocked):
    """Claims, epochs, failures; a move is all or nothing."""

    async def test_a_move_brings_rows_and_position_forward_together(
        self, readside: ReadSide
    ) -> None:
        claim = await claimed(await prepared(readside, Parcel))

        moved = await readside.move(claim, mark(3), writing(Parcel(key="k")))

        assert moved is not None
        assert moved.claim.position == mark(3)
        assert (await self._standing(readside)).position == mark(3)
        assert await self._row(readside) == Parcel(key="k")

    async def test_what_a_fold_raises_undoes_the_move(self, readside: ReadSide) -> None:
        claim = await claimed(await prepared(readside, Parcel))

        def fold(transaction: Transaction) -> None:
            writing(Parcel(key="k"))(transaction)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await readside.move(claim, mark(1), fold)

        assert (await self._standing(readside)).position is None
        assert await self._row(readside) is None
        assert await readside.move(claim, mark(1), None) is not None

    async def test_a_move_from_where_the_processor_is_no_more_changes_nothing(
        self, readside: ReadSide
    ) -> None:
        claim = await claimed(await prepared(readside, Parcel))
        await readside.move(claim, mark(1), None)

        assert await readside.move(claim, mark(2), writing(Parcel(key="k"))) is None

        assert (await self._standing(readside)).position == mark(1)
        assert await self._row(readside) is None

    async def test_who_lost_its_claim_writes_nothing(self, readside: ReadSide) -> None:
        lost = await claimed(await prepared(readside, Parcel))
        held = await readside.claim(Wish(PLACE, "ben", "f"))
        assert isinstance(held, Held)
        taken = await readside.claim(Wish(PLACE, "ben", "f"), over=held)
        assert isinstance(taken, Claim)

        assert await readside.move(lost, mark(1), writing(Parcel(key="k"))) is None
        await readside.release(lost.owner)
        await readside.fail(lost, self._failure())

        standing = await self._standing(readside)
        assert (standing.owner, standing.failure) == ("ben", None)
        assert await readside.move(taken, mark(1), writing(Parcel(key="k"))) is not None

    async def test_moves_at_the_same_moment_fail_alone(self, readside: ReadSide) -> None:
        await prepared(readside, Parcel, Night)
        claims = [await claimed(readside, processor=f"P{n}") for n in range(8)]

        def failing(transaction: Transaction) -> None:
            writing(Parcel(key="lost"))(transaction)
            raise ZeroDivisionError

        results = await asyncio.gather(
            *(
                readside.move(c, mark(1), failing if n % 3 == 0 else writing(Parcel(key=str(n))))
                for n, c in enumerate(claims)
            ),
            return_exceptions=True,
        )

        assert [isinstance(r, ZeroDivisionError) for r in results] == [n % 3 == 0 for n in range(8)]
        rows = [await self._row(readside, str(n)) for n in range(8)]
        assert [row is None for row in rows] == [n % 3 == 0 for n in range(8)]
        assert await self._row(readside, "lost") is None

    async def test_a_free_processor_goes_on_where_it_was(self, readside: ReadSide) -> None:
        claim = await claimed(await prepared(readside, Parcel))
        moved = await readside.move(claim, mark(5), None)
        assert moved is not None
        await readside.release(moved.claim.owner)

        again = await claimed(readside, owner="ben")

        assert (again.position, again.epoch) == (mark(5), claim.epoch + 1)

    async def test_a_held_processor_is_taken_over_only_as_it_was_seen(
        self, readside: ReadSide
    ) -> None:
        await claimed(await prepared(readside, Parcel))
        wish = Wish(PLACE, "ben", "f")
        held = await readside.claim(wish)
        assert isinstance(held, Held)
        await readside.ask(PLACE, held)
        await readside.answer("ann")

        answered = await readside.claim(wish, over=held)

        assert isinstance(answered, Held)
        assert answered == Held(owner="ann", epoch=held.epoch, beat=held.beat + 1)
        assert isinstance(await readside.claim(wish, over=answered), Claim)

    async def test_an_owner_that_nobody_asks_has_nothing_to_answer(
        self, readside: ReadSide
    ) -> None:
        await claimed(await prepared(readside, Parcel))
        before = await self._standing(readside)

        await readside.answer("ann")

        assert await self._standing(readside) == before

    async def test_of_many_that_take_over_one_wins(self, readside: ReadSide) -> None:
        await claimed(await prepared(readside, Parcel))
        held = await readside.claim(Wish(PLACE, "n", "f"))
        assert isinstance(held, Held)

        found = await asyncio.gather(
            *(readside.claim(Wish(PLACE, f"n{n}", "f"), over=held) for n in range(6))
        )

        assert sum(isinstance(f, Claim) for f in found) == 1

    async def test_a_failure_is_seen_until_the_next_move(self, readside: ReadSide) -> None:
        claim = await claimed(await prepared(readside, Parcel))
        await readside.fail(claim, self._failure())
        seen = await self._standing(readside)
        await readside.release(claim.owner)
        again = await claimed(readside)

        moved = await readside.move(again, mark(1), None)

        assert seen.failure == again.failure == self._failure()
        assert moved is not None
        assert moved.claim.failure is None
        assert (await self._standing(readside)).failure is None

    async def test_another_log_is_refused_by_name(self, readside: ReadSide) -> None:
        await claimed(await prepared(readside, Parcel))
        await readside.prepare([view_model(Parcel)], (), store=UUID(int=8))

        with pytest.raises(StoreChanged, match="Parcel has followed the event store"):
            await readside.claim(Wish(PLACE, "ann", "f"))

    async def test_a_changed_fold_is_noticed_once(self, readside: ReadSide) -> None:
        claim = await claimed(await prepared(readside, Parcel))
        moved = await readside.move(claim, mark(1), None)
        assert moved is not None
        await readside.release(moved.claim.owner)

        changed = await claimed(readside, fold="g")
        await readside.release(changed.owner)
        again = await claimed(readside, fold="g")

        assert (claim.fold_changed, changed.fold_changed, again.fold_changed) == (
            False,
            True,
            False,
        )

    async def test_tables_that_are_there_are_kept(self, readside: ReadSide) -> None:
        claim = await claimed(await prepared(readside, Parcel))
        await readside.move(claim, mark(1), writing(Parcel(key="k")))

        await prepared(readside, Parcel, Night)

        assert await self._row(readside) == Parcel(key="k")

    async def test_a_table_with_other_columns_is_refused(self, readside: ReadSide) -> None:
        await prepared(readside, Night)

        class Changed(View, key=("room", "number"), name="Night"):
            room: str
            number: int
            host: str = ""

            @evolves(key=("key", lambda _event: 1))
            def folded(self, event: _Folded) -> None: ...

        with pytest.raises(ConfigurationError, match=r"night_v1 .*guest.*Raise version=2"):
            await prepared(readside, Changed)

    async def _standing(self, readside: ReadSide) -> Standing:
        (standing,) = await reading(readside, lambda s: s.standings())
        assert standing.store == STORE
        return standing

    async def _row(self, readside: ReadSide, key: str = "k") -> Any:
        return await reading(readside, lambda s: s.get(view_model(Parcel), "", key))

    def _failure(self) -> Failure:
        return Failure(
            number=1,
            event=UUID(int=1),
            type="Happened",
            reason="Parcel.happened: ZeroDivisionError",
            traceback="…",
            since=datetime(2030, 1, 1, tzinfo=UTC),
        )

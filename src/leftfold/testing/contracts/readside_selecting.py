"""How rows are selected, and what a snapshot sees. Read by: authors of read sides."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from leftfold.processing.port import ReadSide, Selected
from leftfold.processing.viewmodel import view_model
from leftfold.testing.contracts.readside_views import (
    Parcel,
    Size,
    claimed,
    mark,
    prepared,
    reading,
    writing,
)
from leftfold.testing.contracts.records import Clocked

__all__ = ["SelectingContract"]

KEY = ("key", "asc")


class SelectingContract(Clocked):
    """Terms, order, places to go on from, and one state for all reads of a snapshot."""

    async def test_rows_are_found_by_values_of_columns(self, readside: ReadSide) -> None:
        await self._filled(readside)

        assert await self._keys(readside, equals={"size": Size.LARGE}) == ["b", "d"]
        assert await self._keys(readside, equals={"weight": Decimal("2.5")}) == ["b"]
        assert await self._keys(readside, equals={"made": None}) == ["a", "d"]
        assert await self._keys(readside, equals={"size": Size.LARGE, "count": 9}) == []

    async def test_rows_are_found_by_terms(self, readside: ReadSide) -> None:
        await self._filled(readside)
        columns = readside.table(view_model(Parcel)).c

        assert await self._keys(readside, columns.weight > Decimal("2.5")) == ["c", "d"]
        assert await self._keys(readside, columns.size.in_([Size.SMALL])) == ["a", "c"]
        assert await self._keys(
            readside, columns.made >= datetime(2030, 1, 2, tzinfo=UTC), columns.count == 2
        ) == ["c"]

    async def test_decimals_sort_as_numbers(self, readside: ReadSide) -> None:
        await self._filled(readside)

        assert await self._keys(readside, order=(("weight", "asc"), KEY)) == ["a", "b", "c", "d"]
        assert await self._keys(readside, order=(("weight", "desc"), KEY)) == ["d", "c", "b", "a"]

    async def test_none_is_before_everything(self, readside: ReadSide) -> None:
        await self._filled(readside)

        assert await self._keys(readside, order=(("made", "asc"), KEY)) == ["a", "d", "b", "c"]
        assert await self._keys(readside, order=(("made", "desc"), KEY)) == ["c", "b", "a", "d"]

    async def test_one_goes_on_after_any_row(self, readside: ReadSide) -> None:
        await self._filled(readside)
        for order in (
            (KEY,),
            (("made", "asc"), KEY),
            (("made", "desc"), ("size", "asc"), KEY),
            (("count", "desc"), ("weight", "asc"), KEY),
            (("key", "desc"),),
        ):
            whole = await self._rows(readside, order=order)
            for place, row in enumerate(whole):
                beyond = tuple(getattr(row, name) for name, _ in order)
                rest = await self._rows(readside, order=order, beyond=beyond)
                assert rest == whole[place + 1 :], (order, row)

    async def test_a_part_is_taken_and_all_are_counted(self, readside: ReadSide) -> None:
        await self._filled(readside)
        selected = self._selected(limit=2, offset=1)

        assert [r.key for r in await reading(readside, lambda s: s.select(selected))] == ["b", "c"]
        assert await reading(readside, lambda s: s.count(selected)) == 4

    async def test_a_fingerprint_tells_terms_and_order(self, readside: ReadSide) -> None:
        await self._filled(readside)
        columns = readside.table(view_model(Parcel)).c
        prints = [
            await self._fingerprint(readside, selected)
            for selected in (
                self._selected(),
                self._selected(columns.count > 1),
                self._selected(columns.count > 2),
                self._selected(equals={"count": 1}),
                self._selected(equals={"count": None}),
                self._selected(order=(("count", "asc"), KEY)),
                self._selected(order=(("count", "desc"), KEY)),
            )
        ]
        again = await self._fingerprint(readside, self._selected(columns.count > 1))

        assert len(set(prints)) == len(prints)
        assert again == prints[1]

    async def test_all_reads_of_a_snapshot_see_one_state(self, readside: ReadSide) -> None:
        claim = await self._filled(readside)
        model = view_model(Parcel)
        snapshot = await readside.run(readside.snapshot)
        before = await readside.run(lambda: snapshot.get(model, "", "a"))
        move = readside.move(claim, mark(2), writing(Parcel(key="a", count=99)))
        moving = self.clock.start(move, name="move")
        await self.clock.sleep(0.02)  # as far as it comes beside a snapshot

        again = await readside.run(lambda: snapshot.get(model, "", "a"))
        await readside.run(snapshot.close)
        await moving
        (after,) = await self._rows(readside, equals={"key": "a"})

        assert before == again
        assert after.count == 99

    async def _fingerprint(self, readside: ReadSide, selected: Selected) -> bytes:
        return await reading(readside, lambda s: s.fingerprint(selected))

    async def _filled(self, readside: ReadSide) -> Any:
        claim = await claimed(await prepared(readside, Parcel))
        day = datetime(2030, 1, 1, tzinfo=UTC)
        moved = await readside.move(
            claim,
            mark(1),
            writing(
                Parcel(key="d", size=Size.LARGE, weight=Decimal(100)),
                Parcel(key="b", size=Size.LARGE, weight=Decimal("2.5"), made=day, count=1),
                Parcel(key="c", weight=Decimal(10), made=day.replace(day=2), count=2),
                Parcel(key="a", weight=Decimal("-0.000001")),
            ),
        )
        assert moved is not None
        return moved.claim

    def _selected(self, *where: Any, equals: Any = None, **wanted: Any) -> Selected:
        wanted.setdefault("order", (KEY,))
        return Selected(
            model=view_model(Parcel), tenant="", where=where, equals=equals or {}, **wanted
        )

    async def _rows(self, readside: ReadSide, *where: Any, **wanted: Any) -> Sequence[Any]:
        selected = self._selected(*where, **wanted)
        return await reading(readside, lambda s: s.select(selected))

    async def _keys(self, readside: ReadSide, *where: Any, **wanted: Any) -> list[str]:
        return [row.key for row in await self._rows(readside, *where, **wanted)]

"""What rows keep, and what does not fit. Read by: authors of read sides."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from leftfold.errors import CodecError
from leftfold.processing.port import ReadSide, Transaction
from leftfold.processing.viewmodel import view_model
from leftfold.testing.contracts.readside_views import (
    Line,
    Night,
    Parcel,
    Size,
    claimed,
    deleting,
    mark,
    prepared,
    reading,
    replacing,
    writing,
)
from leftfold.testing.contracts.records import Clocked

__all__ = ["RowsContract"]

FULL = Parcel(
    key="ä/\\ '\"",
    text="Zürich 🎁\n",
    count=-(2**63),
    ready=True,
    ratio=-0.1,
    weight=Decimal("-9223372036854.775808"),
    cost=Decimal("12.30"),
    made=datetime(1, 2, 3, 4, 5, 6, 7, tzinfo=UTC),
    day=date(9999, 12, 31),
    owner=UUID("0189d1e2-5f1a-7c3b-8a4d-1b2c3d4e5f60"),
    size=Size.LARGE,
    level=3,
    lines=(Line("tea", Decimal("1.10")),),
    notes={"a": [1, 2]},
)


class RowsContract(Clocked):
    """A row comes back as it was written, or is refused by name."""

    async def test_every_kind_of_value_comes_back(self, readside: ReadSide) -> None:
        await self._write(readside, FULL, Parcel(key="plain"))

        assert await self._get(readside, FULL.key) == FULL
        assert await self._get(readside, "plain") == Parcel(key="plain")

    async def test_a_moment_comes_back_in_utc(self, readside: ReadSide) -> None:
        there = timezone(timedelta(hours=-5))
        await self._write(readside, Parcel(key="k", made=datetime(2030, 1, 1, tzinfo=there)))

        row = await self._get(readside, "k")

        assert row.made == datetime(2030, 1, 1, 5, tzinfo=UTC)
        assert row.made.tzinfo is UTC

    async def test_a_decimal_keeps_its_digits(self, readside: ReadSide) -> None:
        await self._write(readside, Parcel(key="k", weight=Decimal("1.50"), cost=Decimal(100)))

        row = await self._get(readside, "k")

        assert (str(row.weight), str(row.cost)) == ("1.5", "100.00")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("text", 5),
            ("text", "half \ud800"),
            ("text", "null \x00"),
            ("count", 2**63),
            ("count", True),
            ("ready", 1),
            ("ratio", float("nan")),
            ("ratio", float("inf")),
            ("weight", Decimal("0.0000001")),
            ("weight", Decimal("9223372036854.775808")),
            ("weight", Decimal("NaN")),
            ("cost", Decimal("0.001")),
            ("made", datetime(2030, 1, 1)),  # noqa: DTZ001  refused for that
            ("made", "2030-01-01T00:00:00Z"),
            ("day", datetime(2030, 1, 1, tzinfo=UTC)),
            ("owner", "0189d1e2-5f1a-7c3b-8a4d-1b2c3d4e5f60"),
            ("size", "s"),
            ("level", 4),
            ("lines", (Line("tea", "1.10"),)),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            ("notes", {"a": ["x"]}),
            ("notes", {"a": [float("nan")]}),
        ],
    )
    async def test_what_does_not_fit_is_refused_by_name_and_undoes_the_move(
        self, readside: ReadSide, field: str, value: Any
    ) -> None:
        claim = await claimed(await prepared(readside, Parcel))
        wrong = msgspec.structs.replace(Parcel(key="k"), **{field: value})

        with pytest.raises(CodecError, match=rf"Parcel\.{field} of row 'k'"):
            await readside.move(claim, mark(1), writing(Parcel(key="good"), wrong))

        assert await self._get(readside, "good") is None
        assert await readside.move(claim, mark(1), None) is not None

    async def test_a_key_that_cannot_be_one_is_refused(self, readside: ReadSide) -> None:
        claim = await claimed(await prepared(readside, Parcel))

        for key in ("", "x" * 513):
            with pytest.raises(CodecError, match="key"):
                await readside.move(claim, mark(1), writing(Parcel(key=key)))

    async def test_a_row_is_replaced_changed_and_removed(self, readside: ReadSide) -> None:
        claim = await claimed(await prepared(readside, Parcel))
        for number, fold in enumerate(
            (
                writing(Parcel(key="a", count=1), Parcel(key="b", count=1)),
                writing(Parcel(key="a", count=2)),
                replacing(Parcel(key="b", count=3)),
                deleting(Parcel, "a", "never"),
            ),
            1,
        ):
            moved = await readside.move(claim, mark(number), fold)
            assert moved is not None
            claim = moved.claim

        assert await self._get(readside, "a") is None
        assert (await self._get(readside, "b")).count == 3

    async def test_rows_of_composite_keys_are_told_apart_by_all_parts(
        self, readside: ReadSide
    ) -> None:
        claim = await claimed(await prepared(readside, Night))
        nights = [Night(room=r, number=n, guest=f"{r}{n}") for r in "ab" for n in (1, 2, 10)]
        found: list[Any] = []

        def fold(transaction: Transaction) -> None:
            writing(*nights)(transaction)
            model = view_model(Night)
            found.append(transaction.load(model, "", [("a", 2), ("b", 10), ("b", 3)]))
            found.append(transaction.load_beginning(model, "", [("b",)]))

        await readside.move(claim, mark(1), fold)

        assert set(found[0]) == {("a", 2), ("b", 10)}
        assert set(found[1]) == {("b", 1), ("b", 2), ("b", 10)}
        assert found[1]["b", 10].guest == "b10"

    async def test_tenants_do_not_see_each_other(self, readside: ReadSide) -> None:
        claim = await claimed(await prepared(readside, Parcel))

        def fold(transaction: Transaction) -> None:
            writing(Parcel(key="k", count=1), tenant="acme")(transaction)
            writing(Parcel(key="k", count=2), tenant="apex")(transaction)
            deleting(Parcel, "k", tenant="apex")(transaction)

        await readside.move(claim, mark(1), fold)
        model = view_model(Parcel)

        assert await self._get(readside, "k") is None
        row = await reading(readside, lambda s: s.get(model, "acme", "k"))
        assert row == Parcel(key="k", count=1)

    async def _write(self, readside: ReadSide, *rows: Parcel) -> None:
        claim = await claimed(await prepared(readside, Parcel))
        assert await readside.move(claim, mark(1), writing(*rows)) is not None

    async def _get(self, readside: ReadSide, key: Any) -> Any:
        return await reading(readside, lambda s: s.get(view_model(Parcel), "", key))

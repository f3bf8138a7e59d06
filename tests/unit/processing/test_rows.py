"""What queries can ask of rows. Read by: who changes Rows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest

from leftfold.errors import CodecError, ConfigurationError, InvalidToken, NotFound
from leftfold.messages.message import Event
from leftfold.modeling.roles import evolves
from leftfold.processing.columns import Scale
from leftfold.processing.rows import BlockingRows
from leftfold.processing.view import View


class Placed(Event):
    order: str
    customer: str
    total: Decimal
    at: datetime | None = None


class Order(View, key="order", indexes=(("customer", "at"),)):
    order: str
    customer: str = ""
    total: Decimal = Decimal(0)
    fee: Annotated[Decimal, Scale(2)] = Decimal("0.00")
    count: int = 1
    at: datetime | None = None
    notes: list[str] = []

    @evolves
    def placed(self, event: Placed) -> None:
        self.customer, self.total, self.at = event.customer, event.total, event.at
        self.fee = Decimal("0.25")


class Pair(View, key=("customer", "order")):
    customer: str
    order: str

    @evolves
    def placed(self, event: Placed) -> None: ...


DAY = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
async def models(log: Any) -> Any:
    """Return twelve orders: o01 to o12, of two customers, some without a day."""
    async with log.following(Order, Pair) as found:
        await log.put(
            *(
                Placed(
                    order=f"o{n:02}",
                    customer="ann" if n % 2 else "ben",
                    total=Decimal(n) / 2 + (100 if n == 2 else 0),
                    at=None if n % 3 == 0 else DAY.replace(day=1 + n // 2),
                )
                for n in range(1, 13)
            )
        )
        await found.settled()
        yield found


async def keys(selection: Any) -> list[str]:
    return [row.order for row in await selection]


async def test_a_row_by_its_key(models: Any) -> None:
    rows = models.rows(Order)

    assert (await rows.get("o01")).customer == "ann"
    assert await rows.get("o99") is None
    assert (await rows.get_one("o02")).total == Decimal(101)


async def test_a_row_that_must_be_there(models: Any) -> None:
    with pytest.raises(NotFound, match=r"^There is no Order 'o99'\.$"):
        await models.rows(Order).get_one("o99")


async def test_a_composite_key_is_given_part_by_part(models: Any) -> None:
    rows = models.rows(Pair)

    assert await rows.get("ben", "o02") == Pair(customer="ben", order="o02")
    assert await rows.get("ann", "o02") is None
    with pytest.raises(ConfigurationError, match=r"key \(customer, order\), and 1 values were"):
        await rows.get("ben")
    with pytest.raises(NotFound, match=r"There is no Pair \('ann', 'o02'\)"):
        await rows.get_one("ann", "o02")


async def test_a_key_of_another_type_is_refused_by_name(models: Any) -> None:
    with pytest.raises(CodecError, match="Order: the key field order cannot be kept: 5"):
        await models.rows(Order).get(5)


async def test_rows_are_found_by_values_and_terms(models: Any) -> None:
    rows = models.rows(Order)

    assert await keys(rows.find(customer="ann")) == [f"o{n:02}" for n in range(1, 12, 2)]
    assert await keys(rows.find(rows.table.c.total > 5, customer="ben")) == ["o02", "o12"]
    assert await keys(rows.find(at=None)) == ["o03", "o06", "o09", "o12"]
    assert await keys(rows.find(rows.table.c.order.in_(["o05", "o06"]))) == ["o05", "o06"]


async def test_terms_of_other_views_join_as_subqueries(models: Any) -> None:
    from sqlalchemy import select

    rows, pairs = models.rows(Order), models.rows(Pair)
    of_ben = select(pairs.table.c.order).where(pairs.table.c.customer == "ben")

    assert await rows.find(rows.table.c.order.in_(of_ben)).count() == 6


async def test_an_unknown_column_is_named(models: Any) -> None:
    rows = models.rows(Order)

    with pytest.raises(ConfigurationError, match=r"find\(custmer=…\).*Did you mean 'customer'\?"):
        rows.find(custmer="ann")
    with pytest.raises(ConfigurationError, match=r"order_by\('-totl'\).*Did you mean 'total'\?"):
        rows.find().order_by("-totl")
    with pytest.raises(ConfigurationError, match="notes is kept as JSON, which has no order"):
        rows.find().order_by("notes")
    with pytest.raises(
        ConfigurationError,
        match=r"find\(total=…\): Order.total cannot be 'x' \(str\), which is no Decimal",
    ):
        rows.find(total="x")


async def test_find_takes_no_position_token_and_says_where_it_goes(models: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"app\.ask\(query, after=token\)"):
        models.rows(Order).find(after="lf1.x")


async def test_every_order_ends_with_the_key(models: Any) -> None:
    rows = models.rows(Order)

    found = await keys(rows.find().order_by("-customer"))
    assert found == [f"o{n:02}" for n in (*range(2, 13, 2), *range(1, 12, 2))]
    assert await keys(rows.find().order_by("-total").limit(3)) == ["o02", "o12", "o11"]


async def test_a_part_of_the_rows(models: Any) -> None:
    rows = models.rows(Order)

    assert await keys(rows.find().limit(2, offset=3)) == ["o04", "o05"]
    assert await rows.find(customer="ann").limit(2).count() == 6
    assert (await rows.find().order_by("-order").first()).order == "o12"
    assert await rows.find(customer="cid").first() is None
    assert await keys(rows.find().limit(0)) == []
    with pytest.raises(ConfigurationError, match="neither can be negative"):
        rows.find().limit(-1)


@pytest.mark.parametrize("order", [(), ("-total",), ("at",), ("-at", "customer"), ("-order",)])
async def test_pages_together_are_all_rows_once(models: Any, order: tuple[str, ...]) -> None:
    selection = models.rows(Order).find().order_by(*order)
    whole, found, token = await keys(selection), [], None
    while True:
        page = await selection.page(5, after=token)
        found += [row.order for row in page.items]
        token = page.next
        if token is None:
            break

    assert found == whole
    assert len(found) == 12


async def test_the_last_page_has_no_next_even_if_it_is_full(models: Any) -> None:
    page = await models.rows(Order).find().page(12)

    assert (len(page.items), page.next) == (12, None)


async def test_rows_that_come_in_between_neither_repeat_nor_skip(log: Any, models: Any) -> None:
    selection = models.rows(Order).find()
    first = await selection.page(5)
    await log.put(*(Placed(order=f"o{n}", customer="x", total=Decimal(0)) for n in ("00", "99")))
    await models.settled()

    rest = await selection.page(99, after=first.next)

    assert [row.order for row in rest.items] == [f"o{n:02}" for n in range(6, 13)] + ["o99"]


async def test_a_page_token_belongs_to_its_sort_and_filter(models: Any) -> None:
    rows = models.rows(Order)
    token = (await rows.find(customer="ann").page(2)).next

    for other in (
        rows.find(),
        rows.find(customer="ben"),
        rows.find(customer="ann").order_by("-order"),
        models.rows(Pair).find(customer="ann"),
    ):
        with pytest.raises(InvalidToken, match="of another selection"):
            await other.page(2, after=token)
    for text in ("x", "lp1.", "lp1.!!", token[:-4] + "AAAA", "lf1." + "A" * 54):
        with pytest.raises(InvalidToken):
            await rows.find(customer="ann").page(2, after=text)


async def test_a_page_has_a_size_and_no_limit(models: Any) -> None:
    with pytest.raises(ConfigurationError, match="at least one row"):
        await models.rows(Order).find().page(0)
    with pytest.raises(ConfigurationError, match=r"no limit\(\) before it"):
        await models.rows(Order).find().limit(5).page(2)


async def test_rows_one_after_the_other(log: Any, models: Any) -> None:
    await log.put(*(Placed(order=f"p{n}", customer="x", total=Decimal(0)) for n in range(1_200)))
    await models.settled()
    rows = models.rows(Order)

    assert len([row async for row in rows.find()]) == 1_212
    assert [row.order async for row in rows.find().limit(700, offset=12)] == sorted(
        f"p{n}" for n in range(1_200)
    )[:700]
    assert [r.order async for r in rows.find(customer="ben").order_by("-total").limit(1)] == ["o02"]


async def test_decimals_are_summed_as_numbers_and_decode_as_the_fields_do(models: Any) -> None:
    from sqlalchemy import func, select

    table = models.rows(Order).table
    wanted = select(
        func.sum(table.c.total), func.max(table.c.at), func.sum(table.c.total * table.c.count)
    )
    reader = models.rows(Order)._reader  # noqa: SLF001  what a Connection would read

    row = await reader.read(lambda snapshot: tuple(snapshot.connection.execute(wanted).one()))

    assert row == (Decimal(139), DAY.replace(day=6), Decimal(139))


@pytest.mark.parametrize(
    "term",
    [
        lambda c: c.total / 2,
        lambda c: c.total % 2,
        lambda c: c.total * c.fee,
        lambda c: c.total * Decimal("1.5"),
        lambda c: c.total + c.fee,
        lambda c: c.total == c.fee,
    ],
    ids=["quotient", "rest", "product", "factor", "sum", "comparison"],
)
async def test_arithmetic_that_would_not_be_exact_is_refused(models: Any, term: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be computed by SQLite"):
        term(models.rows(Order).table.c)


async def test_blocking_rows_say_the_same(log: Any, models: Any) -> None:
    import asyncio

    loop = asyncio.get_running_loop()
    rows = BlockingRows(
        models.rows(Order), lambda work: asyncio.run_coroutine_threadsafe(work, loop).result()
    )
    token = await log.put(Placed(order="o13", customer="ann", total=Decimal(1)))

    def work() -> Any:
        selection = rows.find(customer="ann").order_by("-order")
        return (
            rows.get("o13", after=token).order,
            rows.get_one("o01").order,
            [row.order for row in selection.limit(2)],
            selection.page(1).items[0].order,
            selection.first().order,
            selection.count(),
            rows.find(rows.table.c.total > 100).count(),
        )

    assert await asyncio.to_thread(work) == (("o13", "o01", ["o13", "o11"], "o13", "o13", 7, 1))

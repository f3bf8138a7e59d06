"""Figures computed apart from the shop, and years made up to try. Read by: authors of tests.

Nothing here imports the shop or Leftfold: plain loops over rows, as a data frame would do it.
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

import arro3.io
import pytest
from arro3.core import Array, DataType, Table

PLACE = "shared/data/online_retail_2010_12-2011_12.parquet"
DOCUMENTS = 1_500
REAL_YEAR = Path(__file__).parents[4] / PLACE
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  the file's dates have no zone
SHOP = (sys.executable, "-m", "shop")

Figures: TypeAlias = dict[str, Any]


class Row(NamedTuple):
    """A row of the file, in the order of its columns."""

    invoice: str
    product: str
    description: str | None
    quantity: int
    date: datetime
    price: float
    customer: float | None
    country: str


TEXT = DataType.utf8()
COLUMNS = {
    "InvoiceNo": TEXT,
    "StockCode": TEXT,
    "Description": TEXT,
    "Quantity": DataType.int64(),
    "InvoiceDate": DataType.int64(),
    "UnitPrice": DataType.float64(),
    "CustomerID": DataType.float64(),
    "Country": TEXT,
}


def columns_of(rows: Sequence[Row]) -> dict[str, Any]:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
    columns["InvoiceDate"] = [(row[4] - EPOCH) // timedelta(microseconds=1) for row in rows]
    return columns


def write_rows(path: Path, rows: Sequence[Row]) -> Path:
    return write_table(path, columns_of(rows))


def write_table(path: Path, columns: Mapping[str, Any]) -> Path:
    arrays = {name: Array(list(v), COLUMNS.get(name, TEXT)) for name, v in columns.items()}
    if "InvoiceDate" in arrays:
        arrays["InvoiceDate"] = arrays["InvoiceDate"].cast(DataType.timestamp("us"))
    arro3.io.write_parquet(Table.from_pydict(arrays), path)
    return path


def read_rows(path: Path) -> list[Row]:
    table = arro3.io.read_parquet(path).read_all()
    return [Row(*row) for row in zip(*(table.column(n).to_pylist() for n in COLUMNS), strict=True)]


def worth(row: Row) -> Decimal:
    return row.quantity * Decimal(repr(row.price))


def figures_of(rows: Iterable[Row]) -> Figures:
    """Compute what `shop report --json` must print, amounts as Decimals and all customers."""
    documents: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        documents[row.invoice].append(row)
    orders = {n: own for n, own in documents.items() if n[0] not in "CA"}
    credit_notes = {n: rows for n, rows in documents.items() if n[0] == "C"}
    placed = {n: [x for x in rows if x.quantity > 0 and x.price > 0] for n, rows in orders.items()}
    placed = {n: rows for n, rows in placed.items() if rows}
    credited = {
        n: [x for x in r if x.quantity < 0 and x.price > 0] for n, r in credit_notes.items()
    }
    credited = {n: rows for n, rows in credited.items() if rows}
    lines, credit_lines = list(chain(*placed.values())), list(chain(*credited.values()))

    by_month: dict[str, Decimal] = defaultdict(Decimal)
    by_country: dict[str, Figures] = defaultdict(lambda: {"orders": 0, "sales": Decimal(0)})
    by_customer: dict[str, Decimal] = defaultdict(Decimal)
    by_product: dict[str, Decimal] = defaultdict(Decimal)
    for number, valid in placed.items():
        first, value = orders[number][0], sum(map(worth, valid), Decimal(0))
        by_month[f"{first.date:%Y-%m}"] += value
        by_country[first.country]["orders"] += 1
        by_country[first.country]["sales"] += value
        if first.customer is not None:
            by_customer[f"{first.customer:.0f}"] += value
    for row in lines:
        by_product[row.product] += worth(row)
    return {
        "orders": len(placed),
        "order_lines": len(lines),
        "sales": sum(map(worth, lines), Decimal(0)),
        "credit_notes": len(credited),
        "credit_lines": len(credit_lines),
        "credits": sum(map(worth, credit_lines), Decimal(0)),
        "refused_order_lines": sum(map(len, orders.values())) - len(lines),
        "refused_credit_lines": sum(map(len, credit_notes.values())) - len(credit_lines),
        "refused_orders": len(orders) - len(placed),
        "refused_adjustments": sum(n[0] == "A" for n in documents),
        "orders_without_customer": sum(orders[n][0].customer is None for n in placed),
        "most_lines": max(map(len, placed.values()), default=0),
        "customers": len(by_customer),
        "products": len(by_product),
        "by_country": dict(by_country),
        "by_month": dict(by_month),
        "all_customers": dict(by_customer),
        "all_products": dict(by_product),
    }


def assert_report(report: Mapping[str, Any], figures: Figures) -> None:
    """Compare a printed report with figures computed apart, the ten best by what they came to."""
    got = {**report, "sales": Decimal(report["sales"]), "credits": Decimal(report["credits"])}
    got["by_month"] = {month: Decimal(sales) for month, sales in report["by_month"].items()}
    got["by_country"] = {
        name: {"orders": row["orders"], "sales": Decimal(row["sales"])}
        for name, row in report["by_country"].items()
    }
    best = {"customer": got.pop("top_customers"), "product": got.pop("top_products")}

    assert got == {name: value for name, value in figures.items() if not name.startswith("all_")}
    for what, rows in best.items():
        everyone: dict[str, Decimal] = figures[f"all_{what}s"]
        assert {row[what]: Decimal(row["sales"]) for row in rows}.items() <= everyone.items()
        assert [Decimal(row["sales"]) for row in rows] == sorted(everyone.values(), reverse=True)[
            :10
        ]


def assert_published(figures: Figures) -> None:
    """Compare figures of the real year with those that its description gives."""
    published = {
        "orders": 19_959,
        "order_lines": 530_103,
        "sales": Decimal("10655622.484"),
        "credit_notes": 3_836,
        "credit_lines": 9_288,
        "credits": Decimal("-896812.49"),
        "refused_order_lines": 2_515,
        "refused_credit_lines": 0,
        "refused_orders": 2_102,
        "refused_adjustments": 3,
        "customers": 4_338,
        "orders_without_customer": 1_427,
        "most_lines": 1_114,
        "products": 3_921,
    }
    countries = {
        "United Kingdom": (18_018, "9014160.024"),
        "Netherlands": (94, "285446.34"),
        "EIRE": (288, "283453.96"),
        "Germany": (457, "228867.14"),
        "France": (392, "209715.11"),
    }
    products = {"DOT": "206248.77", "22423": "174484.74", "23843": "168469.60"}
    by_product: dict[str, Decimal] = figures["all_products"]
    by_customer: dict[str, Decimal] = figures["all_customers"]

    assert {name: figures[name] for name in published} == published
    assert {name: figures["by_country"][name] for name in countries} == {
        name: {"orders": orders, "sales": Decimal(sales)}
        for name, (orders, sales) in countries.items()
    }
    assert figures["by_month"]["2010-12"] == Decimal("823746.14")
    assert figures["by_month"]["2011-11"] == Decimal("1509496.33")
    assert max(by_customer.items(), key=lambda item: item[1]) == ("14646", Decimal("280206.02"))
    best = sorted(by_product, key=by_product.__getitem__, reverse=True)[:3]
    assert {name: by_product[name] for name in best} == {n: Decimal(v) for n, v in products.items()}


def made_up_rows(documents: int, *, seed: int) -> list[Row]:
    """Make up a year of the real one's shape, with every oddity that the real one has."""
    chance = Random(seed)  # noqa: S311  no secret
    rows: list[Row] = []
    torn: list[Row] = []
    for number in range(536_000, 536_000 + documents):
        kind = chance.choices(["", "C", "A"], [85, 13, 2])[0]
        first = _line(chance, f"{kind}{number}", kind)
        lines = [first, *(_line(chance, first.invoice, kind) for _ in range(chance.randrange(12)))]
        lines = [x._replace(customer=first.customer, country=first.country) for x in lines]
        rows += lines
        if len(lines) > 1 and chance.random() < 0.1:  # the rows of a document are not all together
            torn.append(rows.pop())
    return rows + torn


def _line(chance: Random, invoice: str, kind: str) -> Row:
    is_right = chance.random() < 0.9
    quantity = chance.randrange(1, 50) * (-1 if (kind == "C") == is_right else 1)
    return Row(
        invoice=invoice,
        product=chance.choice(["85123A", "85123a", "DOT", "POST", "M", str(chance.randrange(40))]),
        description=chance.choice(["WHITE LANTERN", None]),
        quantity=quantity,
        date=datetime(2010, 12, 1) + timedelta(minutes=chance.randrange(374 * 24 * 60)),  # noqa: DTZ001  as in the file
        price=chance.choice([0.0, -1.5, 0.001, *[round(chance.uniform(0.1, 90), 3)] * 40]),
        customer=chance.choice([None, 12346.0, 14646.0, float(chance.randrange(12347, 12400))]),
        country=chance.choice(["United Kingdom", "EIRE", "Channel Islands", "Unspecified"]),
    )


def shop(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    command = [*SHOP, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def report_of(database: str) -> Any:
    """Ask `shop report --json`."""
    ended = shop("report", "--database", database, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="session")
def apart() -> ModuleType:
    """Give tests the functions of this file."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a made-up year once."""
    path = tmp_path_factory.mktemp("year") / "year.parquet"
    return write_rows(path, made_up_rows(DOCUMENTS, seed=1))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try the made-up year and, where it lies beside the project, the real one."""
    if "is_real" in metafunc.fixturenames:
        years = {"made-up": False}
        if REAL_YEAR.is_file():
            years["real"] = True
        else:
            years = {f"made-up, for the real year is not at {PLACE}": False}
        metafunc.parametrize("is_real", years.values(), ids=years.keys())


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Name a database that is not there yet."""
    return f"sqlite:///{tmp_path}/year.db"

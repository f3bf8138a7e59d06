"""A year is imported by a real process into a real file, also when it is killed. Read by: all.

The figures are computed apart; the real year is tried where it lies beside the project.
"""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random
from shutil import copyfile
from time import monotonic
from typing import Any

import pytest

from leftfold.adapters.sqlite import open_eventstore
from leftfold.clock import SystemClock


async def head_of(database: str) -> Any:
    """Return the place of the newest event: its number is how many there are."""
    store = await open_eventstore(database, clock=SystemClock())
    try:
        return await store.head()
    finally:
        await store.close()


@pytest.mark.timeout(300)
async def test_a_year_gives_the_figures_computed_apart_and_again_nothing_new(
    apart: Any, year: Path, database: str, is_real: bool
) -> None:
    path = apart.REAL_YEAR if is_real else year
    figures = apart.figures_of(apart.read_rows(path))
    if is_real:
        apart.assert_published(figures)
    first = apart.shop("import", path, "--database", database)

    assert first.returncode == 0, first.stderr
    assert re.search(r"Imported [\d,]+ documents in \d+\.\d s", first.stdout)
    report, head = apart.report_of(database), await head_of(database)
    apart.assert_report(report, figures)

    second = apart.shop("import", path, "--database", database)

    assert second.returncode == 0, second.stderr
    assert await head_of(database) == head
    assert apart.report_of(database) == report


async def test_the_name_of_the_file_and_the_number_in_flight_do_not_matter(
    apart: Any, year: Path, database: str, tmp_path: Path
) -> None:
    apart.shop("import", year, "--database", database)
    head = await head_of(database)
    copy = tmp_path / "under-another-name.parquet"
    copyfile(year, copy)
    ended = apart.shop("import", copy, "--database", database, "--in-flight", "7")

    assert ended.returncode == 0, ended.stderr
    assert await head_of(database) == head


def interrupted(apart: Any, year: Path, database: str, after_s: float, how: int) -> int:
    """Begin an import, send it a signal after a while, and return how it ended."""
    command = [*apart.SHOP, "import", str(year), "--database", database, "--in-flight", "16"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            process.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, how)
            process.communicate(timeout=30)
        return process.returncode


async def test_an_import_killed_at_random_moments_goes_on_where_it_was(
    apart: Any, year: Path, database: str, tmp_path: Path
) -> None:
    whole = f"sqlite:///{tmp_path}/whole.db"
    began = monotonic()
    assert apart.shop("import", year, "--database", whole).returncode == 0
    took = monotonic() - began
    chance = Random(2)  # noqa: S311  no secret
    codes = [
        interrupted(apart, year, database, chance.uniform(0.3, 1) * took, signal.SIGKILL)
        for _ in range(5)
    ]

    assert -signal.SIGKILL in codes, "no import was killed in time"
    assert apart.shop("import", year, "--database", database).returncode == 0
    assert apart.report_of(database) == apart.report_of(whole)
    assert (await head_of(database)).number == (await head_of(whole)).number


def test_control_c_ends_in_one_line_that_says_how_to_go_on(
    apart: Any, year: Path, database: str
) -> None:
    command = [*apart.SHOP, "import", str(year), "--database", database, "--in-flight", "1"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        while "Sending" not in line:  # the first tenth is sent
            line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)

    assert process.returncode == 130
    assert complaint.splitlines() == [
        "shop: interrupted. What was answered is stored; run the same command again to go on."
    ]


def a_missing_file(_apart: Any, path: Path) -> None:
    path.unlink(missing_ok=True)


def a_file_of_something_else(_apart: Any, path: Path) -> None:
    path.write_text("InvoiceNo,StockCode\n", encoding="utf-8")


def half_a_file(apart: Any, path: Path) -> None:
    whole = apart.write_rows(path, apart.made_up_rows(20, seed=3)).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def other_columns(apart: Any, path: Path) -> None:
    apart.write_table(path, {"InvoiceNo": ["1"], "Article": ["mug"]})


def a_price_of_no_money(apart: Any, path: Path) -> None:
    rows = apart.made_up_rows(20, seed=3)
    apart.write_rows(path, [*rows[:5], rows[5]._replace(price=float("nan")), *rows[6:]])


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (a_missing_file, r"broken\.parquet is not there"),
        (a_file_of_something_else, r"broken\.parquet is no parquet file"),
        (half_a_file, r"broken\.parquet is no parquet file, or only the beginning of one"),
        (other_columns, r"has no column StockCode, Quantity, .*\(it has: InvoiceNo, Article\)"),
        (a_price_of_no_money, r"broken\.parquet: UnitPrice is nan"),
    ],
)
def test_a_file_that_is_no_year_is_refused_in_one_line_and_nothing_is_made(
    apart: Any, database: str, tmp_path: Path, broken: Callable[[Any, Path], None], words: str
) -> None:
    broken(apart, tmp_path / "broken.parquet")
    ended = apart.shop("import", tmp_path / "broken.parquet", "--database", database)

    assert ended.returncode == 1
    assert re.search(words, ended.stderr)
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert list(tmp_path.glob("*.db")) == []


def test_a_file_that_says_otherwise_than_before_is_refused_by_document(
    apart: Any, database: str, tmp_path: Path
) -> None:
    rows = apart.made_up_rows(30, seed=4)
    apart.write_rows(tmp_path / "first.parquet", rows)
    changed = [row._replace(price=9.99) if row.invoice == rows[5].invoice else row for row in rows]
    apart.write_rows(tmp_path / "second.parquet", changed)
    assert apart.shop("import", tmp_path / "first.parquet", "--database", database).returncode == 0
    before = apart.report_of(database)
    ended = apart.shop("import", tmp_path / "second.parquet", "--database", database)

    assert ended.returncode == 1
    assert f"document {rows[5].invoice} could not be imported" in ended.stderr
    assert apart.report_of(database) == before


def test_a_database_that_is_not_there_is_not_made_by_asking(
    apart: Any, database: str, tmp_path: Path
) -> None:
    for question in (["report"], ["report", "--json"], ["history", "536365"]):
        ended = apart.shop(*question, "--database", database)

        assert ended.returncode == 1
        assert "year.db is not there" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_history_of_an_imported_order_says_who_when_and_why(
    apart: Any, year: Path, database: str
) -> None:
    apart.shop("import", year, "--database", database)
    rows = apart.read_rows(year)
    order = next(row.invoice for row in rows if row.invoice[0] not in "CA" and row.quantity > 0)
    ended = apart.shop("history", order, "--database", database)

    assert ended.returncode == 0, ended.stderr
    assert f"Order {order}, placed" in ended.stdout
    assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d +import +placed, \d+ lines?", ended.stdout)
    missing = apart.shop("history", "nobody-ordered-this", "--database", database)
    assert missing.returncode == 1
    assert "nobody-ordered-this" in missing.stderr

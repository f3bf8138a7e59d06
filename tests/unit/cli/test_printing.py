"""What is cut in a terminal, and that nothing is cut elsewhere. Read by: who changes columns."""

from rich.text import Text

from leftfold.cli.describing import printable
from leftfold.cli.printing import Columns

ROW = ("1", "Account/0192c4a6-8f3b-7e21-b7a4-5d2f9c1e8a77", "Deposited", "{" + "x" * 300 + "}")


def columns(width: int | None) -> Columns:
    return Columns(
        ("position", "stream", "type", "data"),
        width,
        firm=frozenset({0}),
        right=frozenset({0}),
    )


def test_a_line_fits_the_terminal_and_the_widest_columns_are_cut() -> None:
    (line,) = columns(80).lay([ROW])

    assert 78 <= line.cell_len <= 80
    assert line.plain.startswith("       1  Account/0192c4a6-8")
    assert "  Deposited  {xxxx" in line.plain
    assert line.plain.endswith("…")


def test_without_a_terminal_nothing_is_cut() -> None:
    (line,) = columns(None).lay([ROW])

    assert line.plain == f"{'1':>8}  " + "  ".join(ROW[1:])


def test_columns_stand_below_each_other_and_only_grow() -> None:
    table = columns(None)

    first = table.lay([("1", "Account/ann", "Opened", "{}")])
    later = table.lay([("2", "A/b", "Opened", "{}"), ("3", "Account/0123", "Opened", "{}")])

    assert first[0].plain.index("Opened") == len("position  Account/ann  ")
    assert [line.plain.index("Opened") for line in later] == [len("position  Account/0123  ")] * 2
    assert table.header().plain.index("type") == later[0].plain.index("Opened")


def test_wide_letters_count_as_what_they_take() -> None:
    narrow, wide = columns(None).lay(
        [("1", "Kunde/a", "Opened", "{}"), ("2", "Kunde/高橋", "Opened", "{}")]
    )

    assert before(narrow, "Opened") == before(wide, "Opened")


def before(line: Text, word: str) -> int:
    return Text(line.plain[: line.plain.index(word)]).cell_len


def test_a_terminal_too_narrow_for_all_columns_still_gets_the_first_letters() -> None:
    (line,) = columns(20).lay([ROW])

    assert line.plain.startswith("       1  Account…  Deposit…")


def test_what_a_terminal_would_obey_is_written_out() -> None:
    assert printable("\x1b[2J\u202eabc\n") == "\\x1b[2J\\u202eabc\\n"
    assert printable("Zoë 高橋") == "Zoë 高橋"

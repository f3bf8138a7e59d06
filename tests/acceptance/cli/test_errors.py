"""What a wrong name, file or module gets: one line. Read by: who words errors."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

Leftfold = Callable[..., subprocess.CompletedProcess[str]]


def line_of(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("leftfold: ")
    return line


COMMANDS = [
    ("events",),
    ("show", "Account/ann"),
    ("status",),
    ("check",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_an_unknown_module_is_named(leftfold: Leftfold, command: tuple[str, ...]) -> None:
    assert "There is no module 'bnak'" in line_of(leftfold(*command, "bnak:bank"))


def test_a_module_without_that_app_tells_which_it_has(leftfold: Leftfold) -> None:
    line = line_of(leftfold("status", "bank:app"))

    assert "bank has no 'app'. Write bank:bank or bank:risky." in line


def test_a_module_in_a_folder_is_found(leftfold: Leftfold, folder: Path) -> None:
    (folder / "branch").mkdir()
    (folder / "bank.py").rename(folder / "branch/bank.py")

    assert leftfold("check", "branch.bank:bank").returncode == 0
    assert "no module 'branch.bnak'" in line_of(leftfold("check", "branch.bnak:bank"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1 / 0", "failed at broken.py:1: ZeroDivisionError: division by zero."),
        ("\ndef app(:\n", "failed at broken.py:2: SyntaxError: "),
        ("import nothing_like_it", "failed at broken.py:1: ModuleNotFoundError: "),
        ("raise SystemExit(0)", "failed at broken.py:1: SystemExit: 0."),
        ("app = 5", "broken:app is no App but a int. It holds no App."),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_with_file_and_line(
    leftfold: Leftfold, folder: Path, source: str, said: str
) -> None:
    (folder / "broken.py").write_text(source, encoding="utf-8")

    assert said in line_of(leftfold("events", "broken:app"))
    assert "Traceback" in leftfold("events", "broken:app", "--debug").stderr or "app = 5" in source


def test_a_mistyped_file_is_an_error_and_is_not_made(leftfold: Leftfold, folder: Path) -> None:
    before = sorted(folder.iterdir())
    for words in (["events"], ["show", "Account/ann"], ["status"], ["check", "bank:bank"]):
        line = line_of(leftfold(*words, "--database", "sqlite:///bnak.db"))
        assert "bnak.db: there is no such file. Check the URL" in line

    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("bank.db", "'bank.db' is no URL of a database. For a file write sqlite:///bank.db."),
        ("postgres://x/y", "nothing installed answers to the URL scheme 'postgres'"),
        ("sqlite://bank.db", "it names no file. Write sqlite:///relative.db"),
        ("sqlite:///bank.db?mode=rw", "takes no options in its URL"),
        ("sqlite:///.", "it is a folder"),
    ],
)
def test_a_wrong_url_is_told_how_to_be_right(leftfold: Leftfold, url: str, said: str) -> None:
    assert said in line_of(leftfold("events", "-d", url))


def another_database(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE t (x)")
    connection.close()


def a_newer_store(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.pragma("application_id", 0x4C464553)
    connection.pragma("user_version", 99)
    connection.close()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.touch, "it is empty, so there is no event store in it yet"),
        (lambda path: path.write_bytes(b"no database" * 999), "is no SQLite database"),
        (another_database, "it is an SQLite database of something else"),
        (a_newer_store, "its schema is version 99"),
    ],
    ids=["empty", "text", "another", "newer"],
)
def test_a_file_that_is_no_store_is_told_and_left_as_it_is(
    leftfold: Leftfold, folder: Path, make: Callable[[Path], object], said: str
) -> None:
    file = folder / "x.db"
    make(file)
    before = file.read_bytes()

    assert said in line_of(leftfold("events", "-d", "sqlite:///x.db"))

    assert file.read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["bank.py", "run.py", "x.db"]


@pytest.mark.usefixtures("lived")
def test_views_that_are_no_views_are_told(leftfold: Leftfold, folder: Path) -> None:
    another_database(folder / "x.db")

    line = line_of(leftfold("status", "bank:bank", "--views", "sqlite:///x.db"))

    assert "it holds no read models" in line

"""`leftfold events` and `show` on a real file, beside a real app. Read by: who changes them."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DATABASE = ("--database", "sqlite:///bank.db")

Leftfold = Callable[..., subprocess.CompletedProcess[str]]


def listed(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def positions(done: subprocess.CompletedProcess[str]) -> list[int]:
    return [event["position"] for event in listed(done)]


@pytest.mark.usefixtures("lived")
def test_events_are_listed_oldest_first_a_whole_line_each(leftfold: Leftfold) -> None:
    done = leftfold("events", "bank:bank")

    head, *lines = done.stdout.splitlines()
    assert head.split() == ["position", "recorded", "(UTC)", "stream", "type", "data"]
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4", "5"]
    assert lines[0].endswith('Account/ann  Opened     {"account":"ann","owner":"Ann"}')
    assert done.stderr == ""


@pytest.mark.usefixtures("lived")
def test_the_database_alone_is_enough(leftfold: Leftfold, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    url = f"sqlite:///{tmp_path / 'bank.db'}"

    assert positions(leftfold("events", "-d", url, "--json", at=elsewhere)) == [1, 2, 3, 4, 5]
    assert "teller" in leftfold("show", "Account/ann", "-d", url, at=elsewhere).stdout


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [1, 2, 3, 4, 5]),
        (("--limit", "2"), [4, 5]),
        (("--after", "0", "--limit", "2"), [1, 2]),
        (("--after", "3"), [4, 5]),
        (("--all",), [1, 2, 3, 4, 5]),
        (("--type", "Deposited"), [2, 4, 5]),
        (("--type", "Deposited", "--type", "Opened", "-n", "4"), [2, 3, 4, 5]),
        (("--stream", "Account/bob"), [3, 5]),
        (("--tag", "owner:Ann"), [1]),
        (("--type", "Deposited", "--stream", "Account/ann", "--all"), [2, 4]),
        (("--since", "1h"), [1, 2, 3, 4, 5]),
        (("--all", "--since", "2020-01-01", "--until", "9999-12-31"), [1, 2, 3, 4, 5]),
    ],
)
def test_events_are_chosen(leftfold: Leftfold, words: tuple[str, ...], expected: list[int]) -> None:
    assert positions(leftfold("events", *DATABASE, "--json", *words)) == expected


@pytest.mark.usefixtures("lived")
def test_json_has_all_that_is_stored(leftfold: Leftfold) -> None:
    (event,) = listed(leftfold("events", "bank:bank", "--json", "--after", "0", "-n", "1"))

    assert event["stream"] == "Account/ann"
    assert (event["version"], event["type"], event["revision"]) == (1, "Opened", 1)
    assert event["tags"] == ["owner:Ann"]
    assert event["data"] == {"account": "ann", "owner": "Ann"}
    assert event["metadata"]["actor"] == "teller"


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--type", "Deposit"), "Did you mean Deposited?"),
        (("--type", "x"), "Stored types: Deposited, Opened."),
        (("--until", "2020-01-01"), "No event is stored that meets all of these."),
    ],
)
def test_an_empty_list_says_why_beside_it(
    leftfold: Leftfold, words: tuple[str, ...], said: str
) -> None:
    done = leftfold("events", "bank:bank", *words)

    assert (done.returncode, done.stdout) == (0, "")
    assert said in done.stderr


def test_a_store_without_events_is_said_to_be_empty(leftfold: Leftfold, start: Any) -> None:
    start("bank").stop()

    assert "No event is stored in sqlite:///bank.db yet." in leftfold("events", "bank:bank").stderr


@pytest.mark.usefixtures("lived")
def test_a_renamed_class_is_found_by_its_name_and_under_its_former_ones(
    leftfold: Leftfold, folder: Path
) -> None:
    source = (folder / "bank.py").read_text(encoding="utf-8").replace("Deposited", "MoneyIn")
    source = source.replace("class MoneyIn(Event)", 'class MoneyIn(Event, formerly=("Deposited",))')
    (folder / "bank.py").write_text(source, encoding="utf-8")

    assert positions(leftfold("events", "bank:bank", "--type", "MoneyIn", "--json")) == [2, 4, 5]


@pytest.mark.usefixtures("lived")
def test_who_reads_only_the_first_lines_ends_it_quietly(folder: Path) -> None:
    command = "set -o pipefail; leftfold events bank:bank --all --json | head -n 1"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path_of_tools()},
        capture_output=True,
        text=True,
        check=False,
    )

    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def path_of_tools() -> str:
    import sys

    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def test_follow_shows_what_is_there_and_what_comes_until_interrupted(
    start: Any, folder: Path
) -> None:
    app = start("bank", "Open(account='ann', owner='Ann')")
    following = subprocess.Popen(
        ["leftfold", "events", "bank:bank", "--follow", "--json"],
        cwd=folder,
        env={**os.environ, "PATH": path_of_tools()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout is not None

    first = json.loads(following.stdout.readline())
    app.send("Deposit(account='ann', amount=5)")
    second = json.loads(following.stdout.readline())
    following.send_signal(signal.SIGINT)
    rest, err = following.communicate(timeout=30)

    assert [first["type"], second["type"]] == ["Opened", "Deposited"]
    assert (rest, err, following.returncode) == ("", "", 130)


@pytest.mark.usefixtures("lived")
def test_show_tells_a_stream_with_who_when_and_why(leftfold: Leftfold) -> None:
    done = leftfold("show", "Account/ann", "bank:bank")

    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "Account/ann"
    assert [line for line in done.stdout.splitlines() if line[:1].isdigit()] == [
        line for line in done.stdout.splitlines() if "UTC, position" in line
    ]
    assert done.stdout.count("   who       teller") == 3
    assert done.stdout.count("   why       command ") == 3
    assert '   {"account": "ann", "owner": "Ann"}' in done.stdout


@pytest.mark.usefixtures("lived")
def test_show_in_json_has_the_same_lines_as_events(leftfold: Leftfold) -> None:
    shown = leftfold("show", "Account/ann", "bank:bank", "--json").stdout

    assert shown == leftfold("events", "bank:bank", "--stream", "Account/ann", "--json").stdout


@pytest.mark.usefixtures("lived")
def test_a_stream_that_is_not_there_is_told_with_the_likely_one(leftfold: Leftfold) -> None:
    done = leftfold("show", "Acount/ann", "bank:bank")

    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no stream 'Acount/ann'" in done.stderr
    assert "Did you mean Account/ann?" in done.stderr

"""What the command line itself answers. Read by: who changes an option or an exit code."""

import sys

import pytest

from leftfold.cli.program import run

COMMANDS = ["events", "show", "status", "check"]


def test_help_names_the_commands_the_exit_codes_and_how_to_see_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--help"]) == 0

    said = capsys.readouterr().out
    assert [command for command in COMMANDS if f"│ {command} " not in said] == []
    assert "Exit codes: 0 fine, 1 " in said
    assert "--debug" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_explains_every_option_on_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert run([command, "--help"]) == 0

    lines = capsys.readouterr().out.splitlines()
    inside = [line.strip("│* ") for line in lines if line.startswith("│")]
    options = [line for line in inside if line.startswith(("--", "APP"))]
    assert {"APP", "--database", "--json"} <= {option.split()[0] for option in options}
    assert [option for option in options if "  " not in option] == []
    assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evnts"], 'Did you mean "events"?'),
        (["events", "--limt", "3"], "Did you mean --limit?"),
        (["events", "--limit", "0"], "--limit"),
        (["events", "--limit", "many"], "int"),
        (["events", "--after", "-1"], "--after"),
        (["show"], "STREAM"),
        (["check"], "APP"),
        (["events", "-d", "sqlite:///x.db", "--tag", "ann"], "--tag customer:ann"),
        (["events", "-d", "sqlite:///x.db", "--since", "now"], "15m, 2h or 3d"),
        (["events", "-d", "sqlite:///x.db", "--follow", "--until", "1d"], "Leave one out"),
    ],
)
def test_a_wrong_command_line_is_told_in_one_line_and_exits_with_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2

    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("leftfold: ")
    assert said in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["events"], "Give one or both: an App as bank:app"),
        (["status"], "Give one or both: an App as bank:app"),
        (["events", "-d", "bank.db"], "For a file write sqlite:///bank.db"),
        (["status", "-d", "sqlite:///x.db", "--views", "v.db"], "write sqlite:///v.db"),
        (["events", "-d", "memory://"], "lives in the process of its app"),
        (["events", "-d", "mongo://x"], "nothing installed answers to the URL scheme 'mongo'"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line_and_exits_with_1(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 1

    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert said in line


def test_debug_shows_the_traceback_before_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["events", "--debug", "-d", "bank.db"]) == 1

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1].startswith("leftfold: ")


def test_an_error_nobody_foresaw_is_one_line_as_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "leftfold.cli.reading", None)

    assert run(["events", "-d", "sqlite:///x.db"]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert "ModuleNotFoundError" in line
    assert "--debug" in line

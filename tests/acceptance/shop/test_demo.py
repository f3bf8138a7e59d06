"""The story that a newcomer sees first. Read by: who changes the demo."""

import os
import pty
import re
import subprocess
from pathlib import Path
from time import monotonic
from typing import Any


def test_the_story_is_told_to_the_end_in_a_pipe(apart: Any, database: str) -> None:
    began = monotonic()
    ended = apart.shop("demo", "--database", database, "--orders", "300")

    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert monotonic() - began < 60
    story = ended.stdout
    for told in (
        r"stored  LinesRefused order=1001",
        r"refused  not-paid: order 1001 is not paid: 57\.50 is due before it is shipped",
        r"stored  OrderShipped order=1001",
        r"ask  OrdersOf customer=ann after=lf1\.",
        r"1002 +20\d\d-\d\d-\d\d \d\d:\d\d  placed +1  32\.00",
        r"still due +32\.00",
        r"till +paid with p-1",
        r"1 line placed, as before; Ann has 2 orders",
        r"Trading 300 of 300, [\d,]+/s",
        r"[\d,]+ commands and [\d,]+ events in \d+\.\d s: [\d,]+ events/s",
        r"[\d,]+ orders folded in \d+\.\d s",
        rf"export SHOP_DATABASE={re.escape(database)}",
    ):
        assert re.search(told, story), told
    assert [
        line for line in story.splitlines() if len(line.rstrip()) > 80 and "/" not in line
    ] == []


def test_what_the_story_ends_with_can_be_typed(apart: Any, database: str) -> None:
    story = apart.shop("demo", "--database", database, "--orders", "10").stdout
    export, *commands = re.findall(r"^  (export .*|\S*(?:shop|leftfold) .*)$", story, re.MULTILINE)

    assert export == f"export SHOP_DATABASE={database}"
    assert [command.split("/")[-1].split()[:2] for command in commands[:-1]] == [
        ["shop", "report"],
        ["shop", "history"],
        ["leftfold", "status"],
    ]
    for command in commands:
        typed = command.split()
        environment = {**os.environ, "SHOP_DATABASE": database}
        ended = subprocess.run(
            typed, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ended.returncode == 0, (command, ended.stderr)
        assert ended.stdout


def test_a_story_is_told_in_a_new_file_only(apart: Any, database: str, tmp_path: Path) -> None:
    (tmp_path / "year.db").write_text("mine", encoding="utf-8")
    ended = apart.shop("demo", "--database", database)

    assert ended.returncode == 1
    assert "year.db is there already" in ended.stderr
    assert (tmp_path / "year.db").read_text(encoding="utf-8") == "mine"


def test_a_terminal_gets_colours_and_a_bar(apart: Any, database: str) -> None:
    ours, theirs = pty.openpty()
    command = [*apart.SHOP, "demo", "--database", database, "--orders", "300"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=theirs, stdin=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)

    assert process.returncode == 0
    assert b"\x1b[36m" in shown
    assert "━" in shown.decode()
    assert "300/300" in shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so when the other end is closed
        return b""

"""Every code block of README and docs does what the page says. Read by: authors of docs."""

import doctest
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

PROSE = {"mermaid", "text"}
LANGUAGES = {"console", "json", "python", "sh", "toml"} | PROSE
ON = " (goes on)"
INSTALL = re.compile(r'pip install "?(?:\.\./)?(?P<name>[\w.-]+)(?:\[(?P<extra>\w+)\])?"?$')
# What a reader types before there is anything to run.
FOLDER = re.compile(r"(mkdir|cd) \w+$|python3 -m venv \.venv$|\. \.venv/bin/activate$")
SCRIPT = re.compile(r"(\.venv/bin/)?(?P<script>leftfold|shop) (?P<command>\w+)")


def run(command: list[str] | str, folder: Path) -> subprocess.CompletedProcess[str]:
    here = str(Path(sys.executable).parent)
    return subprocess.run(
        command,
        cwd=folder,
        shell=isinstance(command, str),
        env={
            **os.environ,
            "PATH": f"{here}:{os.environ['PATH']}",
            "COLUMNS": "100",
            "NO_COLOR": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def same(expected: str, found: str) -> bool:
    # Trailing blanks do not show on a page; `...` stands for what differs from run to run.
    def bare(text: str) -> str:
        return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())

    return doctest.OutputChecker().check_output(bare(expected), bare(found), doctest.ELLIPSIS)


def write(block: Any, folder: Path) -> None:
    file = folder / block.title.removesuffix(ON)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a" if block.title.endswith(ON) else "w", encoding="utf-8") as opened:
        opened.write(block.code)


def type_in(block: Any, folder: Path) -> None:
    for entry in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
        command, _, expected = entry.partition("\n")
        done = run(command, folder)
        if not same(expected, done.stdout):
            pytest.fail(f"line {block.line}: $ {command}\n{done.stdout}", pytrace=False)


def look_up(command: str, root: Path) -> None:
    command = command.partition("#")[0].strip()
    if command.startswith("make "):
        done = run(f"{command} --dry-run", root)
        assert done.returncode == 0, done.stdout
        return
    if FOLDER.match(command):
        return
    if script := SCRIPT.match(command):
        done = run([script["script"], script["command"], "--help"], root)
        assert done.returncode == 0, done.stdout
        return
    found = INSTALL.match(command)
    assert found, f"{command!r} is none of make, pip install, leftfold, shop; use a console block"
    extras = importlib.metadata.metadata(found["name"]).get_all("Provides-Extra") or []
    assert found["extra"] is None or found["extra"] in extras


def program(code: list[Any]) -> str:
    """Return the page's untitled Python, each line where the page has it."""
    lines: list[str] = []
    for block in code:
        if block.language == "python" and not block.title:
            lines += [""] * (block.line - 1 - len(lines))
            lines += block.code.splitlines()
    return "\n".join(lines)


def test_every_block_says_what_it_is(code: list[Any]) -> None:
    assert [f"line {block.line}" for block in code if block.language not in LANGUAGES] == []


@pytest.mark.timeout(600)  # a story starts twenty programs, and the machine may be busy
def test_blocks_do_what_they_say(page: Path, code: list[Any], tmp_path: Path) -> None:
    for block in code:
        if block.language == "console":
            type_in(block, tmp_path)
        elif block.language == "sh":
            for command in filter(None, map(str.strip, block.code.splitlines())):
                look_up(command, Path(__file__).parents[2])
        elif block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "json":
            json.loads(block.code)
        if block.title and block.language not in {*PROSE, "console", "sh"}:
            write(block, tmp_path)

    if not (text := program(code)):
        return
    file = tmp_path / f"{page.stem.lower().replace('-', '_')}_page.py"
    file.write_text(text, encoding="utf-8")
    done = run([sys.executable, "-W", "error", str(file)], tmp_path)
    assert done.returncode == 0, done.stdout
    if output := [block.code for block in code if block.title == "Output"]:
        assert same("".join(output), done.stdout), done.stdout

"""The project names no machine, no host, nothing unfinished. Read by: who packages it."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"]
PIN = re.compile(r"^([a-z0-9.-]+)==(\S+)", re.MULTILINE)
# A home folder of anybody; the project's own folder and home are added by the test.
HOMES = re.compile(r"(?<![\w.])/(?:home|Users)/\w|(?<![\w./])/ro[o]t/")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
SKIPS = re.compile(r"pytest\.(?:skip|importorskip|xfail|mark\.(?:skip|skipif|xfail))\b")

Find = Callable[[str], list[Path]]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_folder(root: Path, lock: str) -> None:
    assert re.findall(r".*(?:https?:|file:|--index|--find-links| @ |/).*", text(root / lock)) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_has_hashes(root: Path, lock: str) -> None:
    entries = re.split(r"\n(?=\S)", text(root / lock))
    pins = [entry for entry in entries if "==" in entry.partition("\n")[0]]

    assert pins
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def test_the_locks_agree(root: Path) -> None:
    run, dev = (dict(PIN.findall(text(root / lock))) for lock in LOCKS[:2])

    assert run.items() <= dev.items()


def test_the_locks_hold_what_the_projects_ask_for(root: Path, pyproject: dict[str, Any]) -> None:
    asked = [
        *pyproject["project"]["dependencies"],
        *pyproject["project"]["optional-dependencies"]["cli"],
        *pyproject["dependency-groups"]["dev"],
    ]
    names = {re.split(r"[\[<>=; ]", line)[0].lower() for line in asked}

    assert names <= set(dict(PIN.findall(text(root / "requirements-dev.lock"))))


def test_no_file_names_a_machine(root: Path, tracked: Find) -> None:
    here = re.compile(
        "|".join(re.escape(f"{folder}/") for folder in {root, Path.home()} - {Path("/")})
    )

    assert [
        f"{file.relative_to(root)}:{number}"
        for file in tracked("*")
        for number, line in enumerate(text(file).splitlines(), start=1)
        if here.search(line) or HOMES.search(line)
    ] == []


def test_nothing_is_a_stub(product: list[Any]) -> None:
    assert [
        source.at(node)
        for source in product
        for node in source.nodes(ast.Name)
        if node.id == "NotImplementedError"
    ] == []


def test_nothing_is_left_for_later(product: list[Any]) -> None:
    assert [
        f"{source.place}:{number}"
        for source in product
        for number, line in enumerate(source.lines, start=1)
        if UNFINISHED.search(line)
    ] == []


def test_no_test_is_skipped(root: Path) -> None:
    # Only a contract suite may skip, for a capability that its backend declares not to have.
    assert [
        f"{file.relative_to(root)}:{number}"
        for file in sorted((root / "tests").rglob("*.py"))
        if "contracts" not in file.parts and file != Path(__file__)
        for number, line in enumerate(text(file).splitlines(), start=1)
        if SKIPS.search(line)
    ] == []


def test_each_rule_that_is_left_out_has_its_reason(root: Path) -> None:
    lines = text(root / "pyproject.toml").splitlines()

    assert [
        line for line in lines if re.match(r'^    "[A-Z]+\d*",', line) and " # " not in line
    ] == []


def test_the_package_is_typed_and_says_so(root: Path) -> None:
    assert (root / "src/leftfold/py.typed").is_file()

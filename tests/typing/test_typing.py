"""Right uses of the public face pass two strict checkers, wrong ones fail. Read by: who changes it.

A line in `must_fail/` that ends in `# error` must be refused by mypy and by pyright, one that ends
in `# error: pyright` by pyright alone, and no other line by either.
"""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PASS = [HERE / "first.py", HERE / "listing.py"]
FAIL = sorted((HERE / "must_fail").glob("*.py"))
MARK = re.compile(r"# error(?:: (?P<checker>\w+))?$")

Line = tuple[str, int]


def run(*command: str) -> str:
    """Return what a checker prints; its exit code says no more than its lines."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def found_by_mypy() -> dict[Line, str]:
    files = [str(file) for file in [*PASS, *FAIL]]
    output = run("mypy", "--output=json", *files)
    errors = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {(Path(error["file"]).name, error["line"]): error["message"] for error in errors}


def found_by_pyright() -> dict[Line, str]:
    output = run("pyright", "-p", str(HERE), "--pythonpath", sys.executable, "--outputjson")
    errors = json.loads(output)["generalDiagnostics"]
    return {
        (Path(error["file"]).name, error["range"]["start"]["line"] + 1): error["message"]
        for error in errors
    }


def due(checker: str) -> set[Line]:
    return {
        (file.name, number)
        for file in FAIL
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        if (mark := MARK.search(line)) and mark["checker"] in {None, checker}
    }


@pytest.mark.parametrize(
    ("checker", "find"), [("mypy", found_by_mypy), ("pyright", found_by_pyright)]
)
def test_right_uses_pass_and_each_wrong_use_fails(checker: str, find: object) -> None:
    assert callable(find)
    found: dict[Line, str] = find()
    expected = due(checker)

    assert {line: text for line, text in found.items() if line not in expected} == {}
    assert expected - set(found) == set(), "wrong uses that pass"
    assert len(expected) >= 30, "the marks are not read"


def test_the_listing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    names = runpy.run_path(str(HERE / "listing.py"), run_name="listing")

    assert "shop" in names


def test_the_first_program_runs_and_keeps_what_it_stored(tmp_path: Path) -> None:
    def first() -> str:
        command = [sys.executable, "-W", "error", str(HERE / "first.py")]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert first() == "Statement(account='ann', total=5, deposits=1)\n"
    assert first() == "Statement(account='ann', total=10, deposits=2)\n"

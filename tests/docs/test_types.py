"""The code of README and docs passes both strict checkers, with no ignore. Read by: their authors.

A file that a page writes several times is checked as it is at the end.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ON = " (goes on)"
SOURCE = str(Path(__file__).parents[2] / "src")


def write(code: list[Any], name: str, folder: Path) -> None:
    """Write the files of a page, and its program as `name`."""
    for block in code:
        file = folder / (block.title.removesuffix(ON) or f"{name}.py")
        goes_on = block.title.endswith(ON) or not block.title
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if goes_on else "w", encoding="utf-8") as opened:
            opened.write(block.code)


def lay_out(book: dict[Path, list[Any]], root: Path) -> list[Path]:
    """Write all Python; pages that write files of their own get a folder of their own."""
    for page, blocks in book.items():
        code = [block for block in blocks if block.language == "python"]
        name = f"{page.parent.name}_{page.stem}".lower().replace("-", "_")
        write(code, name, root / (name if any(block.title for block in code) else "programs"))
    return sorted(folder for folder in root.iterdir() if folder.is_dir())


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def test_the_code_of_all_pages_passes_mypy(book: dict[Path, list[Any]], tmp_path: Path) -> None:
    folders = lay_out(book, tmp_path / "code")
    options = ["--strict", "--no-error-summary", "--config-file=", f"--cache-dir={tmp_path}/cache"]

    found = {f.name: run("mypy", *options, ".", cwd=f).splitlines() for f in folders}

    assert {name: lines for name, lines in found.items() if lines} == {}
    assert len(found) >= 5, "no code is found"


def test_the_code_of_all_pages_passes_pyright(book: dict[Path, list[Any]], tmp_path: Path) -> None:
    folders = lay_out(book, tmp_path)
    roots = [{"root": f.name, "extraPaths": [SOURCE]} for f in folders]
    settings = {"typeCheckingMode": "strict", "executionEnvironments": roots}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")

    output = run("pyright", "--outputjson", "--pythonpath", sys.executable, cwd=tmp_path)
    found = json.loads(output)

    assert [
        f"{Path(error['file']).name}:{error['range']['start']['line'] + 1} {error['message']}"
        for error in found["generalDiagnostics"]
    ] == []
    assert found["summary"]["filesAnalyzed"] >= 20, "no code is found"

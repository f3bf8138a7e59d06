"""The pages hang together: links, the README's program, one build. Read by: authors of docs."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import leftfold

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<target>[^)#\s]+)")
MEMBER = re.compile(r"^(?:        - |::: leftfold\.)(\w+)$", re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_links_lead_somewhere(page: Path) -> None:
    targets = [match["target"] for match in LINK.finditer(page.read_text(encoding="utf-8"))]

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_prints_the_program_that_the_type_checkers_read() -> None:
    printed = PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    checked = (ROOT / "tests/typing/first.py").read_text(encoding="utf-8")
    docstring = ast.parse(checked).body[0]

    assert len(printed) == 1
    assert printed[0].strip() == "\n".join(checked.splitlines()[docstring.end_lineno :]).strip()


def test_the_readmes_program_has_32_lines_of_code() -> None:
    (program,) = PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))

    assert len([line for line in program.splitlines() if line.strip()]) <= 32


def test_the_reference_lists_what_exists() -> None:
    pages = (ROOT / "docs/reference").glob("*.md")
    listed = {name for page in pages for name in MEMBER.findall(page.read_text(encoding="utf-8"))}

    assert listed == set(leftfold.__all__)


def test_each_folder_of_the_package_is_a_word_of_the_glossary() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    folders = {
        path.stem
        for path in (ROOT / "src/leftfold").iterdir()
        if path.suffix == ".py" or any(path.glob("*.py"))
    } - {"__init__"}

    assert [name for name in sorted(folders) if f"In `{name}`." not in glossary] == []


def test_the_docs_build_with_nothing_missing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir"]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr

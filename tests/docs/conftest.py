"""Finds the code blocks of a page. Read by: authors of docs, for what their blocks may be.

```python               run as one program with the page's other such blocks, warnings as errors
```python title="x.py"  written to that file; `title="x.py (goes on)"` adds to it
```console              each line after `$ ` is run and must print the lines below it
```sh                   for readers to type: target, package, extra, script, command must exist
```toml, ```json        must parse; with a title written to that file
docs/tutorial           is one story: its pages run as one, in the order of their names
```text                 no code; with `title="Output"` what the page's program prints
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STORY = ROOT / "docs/tutorial"
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)(?P<info>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
TITLE = re.compile(r'title="(?P<title>[^"]+)"')


@dataclass(frozen=True)
class Block:
    """One block of code; `line` is where its code begins in the page."""

    language: str
    title: str
    code: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        title = TITLE.search(match["info"])
        code = re.sub(rf"^{match['indent']}", "", match["code"], flags=re.MULTILINE)
        line = text.count("\n", 0, match.start("code")) + 1
        yield Block(match["language"], title["title"] if title else "", code, line)


def pages() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes a `page` once for each page."""
    if "page" in metafunc.fixturenames:
        names = [page.relative_to(ROOT).as_posix() for page in pages()]
        metafunc.parametrize("page", pages(), ids=names)


@pytest.fixture
def code(page: Path) -> list[Block]:
    """Return the blocks of the page, in order; those of a story come all with its last page."""
    if page.parent != STORY:
        return list(blocks(page))
    told = sorted(STORY.glob("*.md"))
    return [block for each in told for block in blocks(each)] if page == told[-1] else []


@pytest.fixture
def book() -> dict[Path, list[Block]]:
    """Return the blocks of every page; a story's are those of its folder."""
    found: dict[Path, list[Block]] = {}
    for page in pages():
        found.setdefault(STORY if page.parent == STORY else page, []).extend(blocks(page))
    return found

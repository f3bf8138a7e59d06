"""The project's sources, read and parsed once. Read by: authors of architecture tests."""

import ast
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Source:
    """One Python file; `name` is its dotted module name below `src`, else its path."""

    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        parts = self.path.with_suffix("").parts
        below = parts[len(parts) - parts[::-1].index("src") :] if "src" in parts else parts
        return ".".join(below).removesuffix(".__init__")

    @cached_property
    def lines(self) -> list[str]:
        return self.path.read_text(encoding="utf-8").splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse("\n".join(self.lines))

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def at(self, node: Any) -> str:
        return f"{self.place}:{node.lineno}"


def sources(*folders: str) -> list[Source]:
    return [
        Source(path)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "must_fail" not in path.parts
    ]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def package() -> list[Source]:
    """Read the package alone."""
    return sources("src/leftfold")


@pytest.fixture(scope="session")
def product() -> list[Source]:
    """Read what shows how to write: the package and the shop."""
    return sources("src/leftfold", "examples")


@pytest.fixture(scope="session")
def everything() -> list[Source]:
    """Read all Python of the project, tests too."""
    return sources("src/leftfold", "examples", "benchmarks", "tests")


@pytest.fixture(scope="session")
def pyproject() -> dict[str, Any]:
    """Return what pyproject.toml says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def tracked() -> Callable[[str], list[Path]]:
    """Return the files that git keeps, or would keep, that match a pattern."""

    def find(pattern: str) -> list[Path]:
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern]
        names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        files = (ROOT / name for name in names.stdout.splitlines())
        return [file for file in files if file.is_file()]

    return find

"""Who may import whom, beside the layers of import-linter. Read by: who adds an import."""

import ast
import graphlib
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BASE = {"leftfold", "msgspec", "typing_extensions"}
# Libraries beyond the base, and the only packages that may name them at run time.
GUESTS = {
    "leftfold.adapters.sqlalchemy": {"sqlalchemy"},
    "leftfold.adapters.sqlite": {"apsw"},
    "leftfold.cli": {"cyclopts", "rich"},
    "leftfold.testing.contracts": {"hypothesis", "pytest"},
}
LOADED = """
import json, sys
before = set(sys.modules)
import leftfold
names = {
    name.partition(".")[0] for name, module in list(sys.modules.items())
    if name not in before and "site-packages" in (getattr(module, "__file__", None) or "")
}
print(json.dumps(sorted(names)))
"""


def python(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout


def imported(tree: ast.AST) -> Iterator[tuple[Any, str]]:
    """Yield each import with its dotted name, `from a import b` as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def only_for_types(tree: ast.Module) -> set[ast.AST]:
    blocks = (node for node in ast.walk(tree) if isinstance(node, ast.If))
    return {
        inner
        for block in blocks
        if ast.unparse(block.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for statement in block.body
        for inner in ast.walk(statement)
    }


def test_no_module_imports_itself_by_a_detour(package: list[Any]) -> None:
    # Imports inside functions and under TYPE_CHECKING count: a reader follows them as well.
    modules = {source.name for source in package}
    graph = {
        source.name: {
            name if name in modules else name.rpartition(".")[0]
            for _, name in imported(source.tree)
            if name.partition(".")[0] == "leftfold"
        }
        - {source.name}
        for source in package
    }
    graphlib.TopologicalSorter(graph).prepare()


def test_a_library_is_named_in_one_package_only(package: list[Any]) -> None:
    found: list[str] = []
    for source in package:
        allowed = BASE.union(
            *(names for guest, names in GUESTS.items() if f"{source.name}.".startswith(f"{guest}."))
        )
        types = only_for_types(source.tree)
        found += [
            f"{source.at(node)} {name}"
            for node, name in imported(source.tree)
            if (top := name.partition(".")[0]) not in sys.stdlib_module_names | allowed
            and not (node in types and top == "sqlalchemy")
        ]

    assert found == []


def test_nobody_reaches_for_a_private_name_of_another_module(package: list[Any]) -> None:
    assert [
        f"{source.at(node)} {name}"
        for source in package
        for node, name in imported(source.tree)
        if re.search(r"\._(?!_)", f".{name}") and name.startswith("leftfold.")
    ] == []


def test_imports_are_absolute(package: list[Any]) -> None:
    assert [
        source.at(node) for source in package for node in source.nodes(ast.ImportFrom) if node.level
    ] == []


def test_import_leftfold_loads_nothing_heavy() -> None:
    assert set(json.loads(python(LOADED))) <= BASE


@pytest.mark.parametrize("group", ["leftfold.eventstores", "leftfold.readsides"])
def test_each_adapter_is_found_by_the_scheme_of_its_url(group: str) -> None:
    found = {point.name: point for point in importlib.metadata.entry_points(group=group)}

    assert set(found) == {"memory", "sqlite"}
    assert [name for name, point in found.items() if not callable(point.load())] == []


def test_layers_stand_in_parentheses_until_they_are_built(
    root: Path, pyproject: dict[str, Any]
) -> None:
    layers = pyproject["tool"]["importlinter"]["contracts"][0]["layers"]
    listed = [name.strip() for layer in layers for name in layer.split("|")]
    folder = root / "src" / "leftfold"
    built = {
        path.stem
        for path in folder.iterdir()
        if (path.is_dir() and any(path.rglob("*.py"))) or path.suffix == ".py"
    } - {"__init__"}

    assert {name for name in listed if not name.startswith("(")} == built
    assert not {name.strip("()") for name in listed if name.startswith("(")} & built

"""What is public says so and is documented; there are no drawers. Read by: who names something."""

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import leftfold

DRAWERS = {"base", "common", "core", "helper", "helpers", "impl", "lib", "manager", "managers"}
DRAWERS |= {"misc", "shared", "util", "utils"}
EMPTY_WORDS = re.compile(r"^_?(Abstract|Base)[A-Z]|(Impl|Manager|Helper|Util|Utils)$")
DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def exported(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names = ast.literal_eval(node.value)
            assert isinstance(names, list)
            return names
    return None


def test_every_module_says_what_others_may_use(package: list[Any]) -> None:
    assert [source.place for source in package if exported(source.tree) is None] == []


def test_what_is_exported_exists(package: list[Any]) -> None:
    assert [
        f"{source.place}: {name}"
        for source in package
        for name in exported(source.tree) or []
        if not hasattr(importlib.import_module(source.name), name)
    ] == []


def test_what_is_defined_is_exported_or_private(package: list[Any]) -> None:
    assert [
        f"{source.at(node)} {node.name}"
        for source in package
        for node in source.tree.body
        if isinstance(node, DEFINITIONS)
        and not node.name.startswith("_")
        and node.name not in (exported(source.tree) or [])
    ] == []


def test_a_package_exports_all_that_it_gathers(package: list[Any]) -> None:
    assert [
        f"{source.at(node)} {alias.name}"
        for source in package
        if source.path.name == "__init__.py"
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("leftfold")
        for alias in node.names
        if (alias.asname or alias.name) not in (exported(source.tree) or [])
    ] == []


def test_every_public_name_has_a_docstring_of_its_own() -> None:
    public = {name: getattr(leftfold, name) for name in leftfold.__all__}

    assert [
        name
        for name, value in public.items()
        if isinstance(value, type) and "__doc__" not in vars(value)
    ] == []
    assert [name for name, value in public.items() if not getattr(value, "__doc__", None)] == []


def test_no_folder_or_file_is_a_drawer(everything: list[Any]) -> None:
    assert [
        source.place
        for source in everything
        if {part.strip("_") for part in Path(source.place).with_suffix("").parts} & DRAWERS
    ] == []


def test_no_class_is_named_by_an_empty_word(everything: list[Any]) -> None:
    assert [
        f"{source.at(node)} {node.name}"
        for source in everything
        for node in source.nodes(ast.ClassDef)
        if EMPTY_WORDS.search(node.name)
    ] == []

"""Nothing grows past what a reader can hold. Read by: who meets a limit; split, do not raise it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE_LINES = 400
FUNCTION_LINES = 60
POSITIONAL = 5
FIRST_LINE = 80
README_LINES = 120
RECORD_LINES = 30
HALF_A_PAGE = 40

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def positional(function: Any) -> int:
    names = [argument.arg for argument in function.args.posonlyargs + function.args.args]
    return len(names) - (names[:1] in (["self"], ["cls"], ["mcls"]))


def length(function: Any) -> int:
    return int(function.end_lineno) - int(function.lineno) + 1


def documents(root: Path, folder: str) -> Iterator[tuple[str, int]]:
    for file in sorted(root.glob(folder)):
        yield file.relative_to(root).as_posix(), len(file.read_text(encoding="utf-8").splitlines())


def test_files_hold_one_idea(everything: list[Any]) -> None:
    assert [
        f"{source.place}: {len(source.lines)} lines"
        for source in everything
        if len(source.lines) > FILE_LINES
    ] == []


def test_sql_files_hold_one_idea(root: Path) -> None:
    assert [name for name, lines in documents(root, "src/**/*.sql") if lines > FILE_LINES] == []


def test_functions_fit_a_screen(everything: list[Any]) -> None:
    assert [
        f"{source.at(function)} {function.name}: {length(function)} lines"
        for source in everything
        for function in source.nodes(*FUNCTIONS)
        if length(function) > FUNCTION_LINES
    ] == []


def test_options_are_keyword_only(everything: list[Any]) -> None:
    assert [
        f"{source.at(function)} {function.name}: {positional(function)} positional parameters"
        for source in everything
        for function in source.nodes(*FUNCTIONS)
        if positional(function) > POSITIONAL
    ] == []


def test_a_docstring_begins_with_one_short_line(package: list[Any]) -> None:
    assert [
        f"{source.at(node)} {node.name}"
        for source in package
        for node in source.nodes(ast.ClassDef, *FUNCTIONS)
        if not node.name.startswith("_")
        and len((ast.get_docstring(node) or "").partition("\n")[0]) > FIRST_LINE
    ] == []


def test_the_first_line_says_what_a_file_is_and_who_reads_it(product: list[Any]) -> None:
    assert [
        source.place
        for source in product
        if not (
            source.lines and source.lines[0].startswith('"""') and "Read by:" in source.lines[0]
        )
    ] == []


def test_what_everybody_reads_is_short(root: Path) -> None:
    limits = {
        "README.md": README_LINES,
        "CONTRIBUTING.md": HALF_A_PAGE,
        "SECURITY.md": HALF_A_PAGE,
        "docs/decisions/0*.md": RECORD_LINES,
    }
    found = {pattern: list(documents(root, pattern)) for pattern in limits}

    assert [pattern for pattern, files in found.items() if not files] == []
    assert [
        f"{name}: {lines} lines"
        for pattern, files in found.items()
        for name, lines in files
        if lines > limits[pattern]
    ] == []

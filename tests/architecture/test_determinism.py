"""Time, chance and tasks come from the Clock alone. Read by: who waits or asks the time.

Without this no run could be repeated: a simulation holds, moves and seeds that one port.
"""

import ast
from typing import Any

MODULES = {"random", "secrets", "time"}
CALLS = {
    "asyncio.create_task",
    "asyncio.ensure_future",
    "asyncio.sleep",
    "create_task",
    "date.today",
    "datetime.now",
    "datetime.today",
    "datetime.utcnow",
    "ensure_future",
    "os.urandom",
    "time_ns",
    "urandom",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid1",
    "uuid4",
}
CLOCKS = {"leftfold.clock", "leftfold.testing.virtual"}
METHODS = {"call_at", "call_later", "create_task"}


def modules(node: Any) -> set[str]:
    if isinstance(node, ast.ImportFrom):
        return {node.module or ""}
    return {alias.name for alias in node.names}


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_nothing_else_imports_time_or_chance(package: list[Any]) -> None:
    assert [
        source.at(node)
        for source in package
        if source.name not in CLOCKS
        for node in source.nodes(ast.Import, ast.ImportFrom)
        if modules(node) & MODULES
    ] == []


def test_nothing_else_asks_the_time_rolls_dice_or_starts_tasks(package: list[Any]) -> None:
    assert [
        f"{source.at(call)} {ast.unparse(call.func)}"
        for source in package
        if source.name not in CLOCKS
        for call in calls(source.tree)
        if ast.unparse(call.func) in CALLS
        or (isinstance(call.func, ast.Attribute) and call.func.attr in METHODS)
    ] == []

"""What tells one fold from another. Read by: who was warned that a fold changed.

It is a digest of the source of the marked methods, as Python reads it: comments and layout do
not count, and what the methods call does not either.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["ChangedFoldWarning", "fingerprint_of"]


class ChangedFoldWarning(UserWarning):
    """A fold changed without a new version; older rows keep what the old one made."""


def fingerprint_of(functions: Iterable[Callable[..., Any]]) -> str:
    """Return a digest of what functions say; it reads their source files."""
    return sha256("\n".join(_said(function) for function in functions).encode()).hexdigest()[:16]


def _said(function: Callable[..., Any]) -> str:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        code: Any = function.__code__  # typed in at a prompt, so there is no source
        return f"{code.co_name} {code.co_code.hex()} {code.co_consts}"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)

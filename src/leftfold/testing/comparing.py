"""Shows expected and found side by side. Read by: authors of test helpers."""

from collections.abc import Sequence
from itertools import zip_longest

__all__ = ["side_by_side"]

_WIDTH = 78
_NOTHING = "(nothing)"


def side_by_side(title: str, expected: Sequence[object], found: Sequence[object]) -> str:
    """Return two lists in two columns, each line marked where they differ.

    Long values are shown one below the other instead.
    """
    left = [repr(value) for value in expected]
    right = [repr(value) for value in found]
    width = max([len(text) for text in (*left, "expected")])
    if width + max([len(text) for text in (*right, "found")]) + 5 > _WIDTH:
        return "\n".join([title, "", *_stacked(left, right)])
    rows = [_row(a, b, width) for a, b in zip_longest(left, right)]
    return "\n".join(
        [title, "", f"  {'expected':{width}} │ found", f"  {'─' * width}─┼─{'─' * 20}", *rows]
    )


def _row(expected: str | None, found: str | None, width: int) -> str:
    mark = " " if expected == found else "≠"
    return f"{mark} {expected or _NOTHING:{width}} │ {found or _NOTHING}"


def _stacked(left: list[str], right: list[str]) -> list[str]:
    lines: list[str] = []
    for number, (expected, found) in enumerate(zip_longest(left, right), 1):
        if expected == found:
            lines.append(f"  {number}. {expected}")
        else:
            lines += [
                f"≠ {number}. expected {expected or _NOTHING}",
                f"     found    {found or _NOTHING}",
            ]
    return lines or [f"  {_NOTHING}"]

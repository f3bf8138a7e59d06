"""The figures as a table, for the terminal and for a page. Read by: who wants another column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from outcome import Outcome
    from parts import Goal, Row

__all__ = ["table_of", "write_page"]

_EXACT_BELOW = 100
_COLUMNS = ("leftfold", "raw", "of raw", "goal", "eventsourcing", "tuned", "of usual")
_MARKED = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", re.DOTALL)


def table_of(outcomes: Sequence[Outcome], flush_ms: float) -> Table:
    """Return the figures of all measurements, medians with their spread."""
    table = Table(
        title="Leftfold beside the raw limit and eventsourcing 9.5.6",
        caption="Medians, and how far the furthest run was from them; rates are a second. "
        "A ratio is ours over theirs, the median of the rounds. A flush of 4 KiB takes "
        f"{flush_ms:.2f} ms here. Compare within one run only.",
        title_justify="left",
        caption_justify="left",
    )
    rows = [
        (outcome.measurement.part, [row.name, *_cells(outcome, row)])
        for outcome in outcomes
        for row in outcome.measurement.rows
    ]
    filled = [i for i, _ in enumerate(["what", *_COLUMNS]) if any(cells[i] for _, cells in rows)]
    for i in filled:
        table.add_column(["what", *_COLUMNS][i], justify="right" if i else "left")
    for (part, cells), (following, _) in zip(rows, [*rows[1:], ("", [])], strict=True):
        table.add_row(*(cells[i] for i in filled), end_section=part != following)
    return table


def _cells(outcome: Outcome, row: Row) -> list[str]:
    raw = "reference" if outcome.ours == "raw" else "raw"
    return [
        _figure(outcome, row, outcome.ours),
        _figure(outcome, row, raw),
        _ratio(outcome.ratio(row, raw)),
        ", ".join(_goal(outcome, row, goal) for goal in row.goals),
        _figure(outcome, row, "usual"),
        _figure(outcome, row, "tuned"),
        _ratio(outcome.ratio(row, "usual")),
    ]


def _figure(outcome: Outcome, row: Row, side: str) -> str:
    values = outcome.values(row, side)
    median = outcome.median(row, side)
    if median is None:
        return ""
    if len(values) == 1:
        return _number(median)
    spread = max(max(values) / median - 1, 1 - min(values) / median)
    return f"{_number(median)} [dim]±{spread:.0%}[/]"


def _number(value: float) -> str:
    if value >= _EXACT_BELOW:
        return f"{value:,.0f}"
    return f"{value:.2f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _goal(outcome: Outcome, row: Row, goal: Goal) -> str:
    unit = " of usual" if goal.against == "usual" else ""
    text = f"{goal.sign} {goal.value:,g}{unit}"
    reached = outcome.reached(row, goal)
    if reached is None:
        return text
    return f"[green]{text}[/]" if reached else f"[red]{text} missed[/]"


def write_page(path: Path, outcomes: Sequence[Outcome], machine: Mapping[str, Any]) -> None:
    """Put the figures between the two marks of a page, in place of those that stand there."""
    where = (
        f"Taken on {machine['taken']}: {machine['cores']} cores ({machine['processor']}), Python "
        f"{machine['python']}, SQLite {machine['sqlite']}; a flush of 4 KiB took "
        f"{machine['flush_ms']:.2f} ms. Medians of the runs, with the furthest run from them; "
        "rates are a second."
    )
    head = f"| what | {' | '.join(_COLUMNS)} | command |"
    lines = [where, "", head, "|---|" + "---:|" * len(_COLUMNS) + "---|"]
    for outcome in outcomes:
        command = f"`make bench ONLY={outcome.measurement.part}`"
        for row in outcome.measurement.rows:
            cells = [Text.from_markup(cell).plain for cell in _cells(outcome, row)]
            lines.append(f"| {row.name} | {' | '.join(cells)} | {command} |")
    text = path.read_text(encoding="utf-8")
    figures = "\n".join(["", *lines, "", ""])
    path.write_text(_MARKED.sub(lambda _: figures, text), encoding="utf-8")

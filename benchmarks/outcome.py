"""What came of a measurement: every run, medians, ratios and goals. Read by: table and JSON."""

from __future__ import annotations

import json
import statistics
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from parts import Goal, Measurement, Row

__all__ = ["Outcome", "read_json", "write_json"]

_OURS = ("leftfold", "programs")


class Outcome:
    """A measurement, and its runs by side."""

    def __init__(self, measurement: Measurement, *, without: AbstractSet[str]) -> None:
        """Begin with no run; leave some sides out."""
        tasks = {side: task for side, task in measurement.tasks.items() if side not in without}
        self.measurement = replace(measurement, tasks=tasks)
        self.runs: dict[str, list[dict[str, float]]] = {}

    def add(self, side: str, found: dict[str, float]) -> None:
        """Keep a run."""
        self.runs.setdefault(side, []).append(found)

    @property
    def ours(self) -> str:
        """Return the side that is judged; our raw program where that itself is."""
        return next((side for side in _OURS if side in self.runs), "raw")

    def values(self, row: Row, side: str) -> list[float]:
        """Return a figure of every run of a side, if it has it."""
        return [run[row.figure] for run in self.runs.get(side, []) if row.figure in run]

    def median(self, row: Row, side: str) -> float | None:
        """Return the middle of the runs."""
        values = self.values(row, side)
        return statistics.median(values) if values else None

    def ratio(self, row: Row, side: str) -> float | None:
        """Return ours over another side's, the middle of the rounds.

        Round by round, since the machine and its disk change more between rounds than in one.
        """
        pairs = zip(self.values(row, self.ours), self.values(row, side), strict=False)
        ratios = [ours / other for ours, other in pairs if other]
        return statistics.median(ratios) if ratios else None

    def reached(self, row: Row, goal: Goal) -> bool | None:
        """Tell whether a goal is met; None where its other side was left out."""
        found = self.ratio(row, goal.against) if goal.against else self.median(row, self.ours)
        return None if found is None else goal.met(found)


def _row(outcome: Outcome, row: Row) -> dict[str, Any]:
    sides = {
        side: {
            "median": outcome.median(row, side),
            "least": min(outcome.values(row, side)),
            "most": max(outcome.values(row, side)),
        }
        for side in outcome.runs
        if outcome.values(row, side)
    }
    return {
        "name": row.name,
        "figure": row.figure,
        "sides": sides,
        "ratios": {side: outcome.ratio(row, side) for side in sides if side != outcome.ours},
        "goals": [
            {
                "goal": f"{goal.sign} {goal.value:g}",
                "against": goal.against or None,
                "expected": goal.expected,
                "reached": outcome.reached(row, goal),
            }
            for goal in row.goals
        ],
    }


def write_json(path: Path, outcomes: Sequence[Outcome], machine: Mapping[str, Any]) -> None:
    """Write every run, with the command that takes the figures again."""
    content = {
        "machine": dict(machine),
        "figures": [
            {
                "part": outcome.measurement.part,
                "command": f"make bench ONLY={outcome.measurement.part}",
                "tasks": {
                    side: {"task": task, **options}
                    for side, (task, options) in outcome.measurement.tasks.items()
                },
                "rows": [_row(outcome, row) for row in outcome.measurement.rows],
                "runs": outcome.runs,
            }
            for outcome in outcomes
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_json(
    path: Path, measurements: Iterable[Measurement]
) -> tuple[list[Outcome], dict[str, Any]]:
    """Return the outcomes that an earlier run wrote, and its machine."""
    content = json.loads(path.read_text(encoding="utf-8"))
    written = {
        (figure["part"], figure["rows"][0]["name"]): figure["runs"] for figure in content["figures"]
    }
    outcomes: list[Outcome] = []
    for measurement in measurements:
        runs = written.get((measurement.part, measurement.rows[0].name))
        if runs is not None:
            outcome = Outcome(measurement, without=frozenset())
            outcome.runs = runs
            outcomes.append(outcome)
    return outcomes, content["machine"]

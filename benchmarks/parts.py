"""What is measured, beside what, and the goal of each figure. Read by: who adds a measurement."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from environment import BUILD, REFERENCE, YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PARTS", "QUICK", "Effort", "Goal", "Measurement", "Row", "missing"]

Task: TypeAlias = "tuple[str, dict[str, Any]]"
"""What a side is asked: the task, and its options."""

Against: TypeAlias = Literal["raw", "usual", "reference", ""]
"""Whose figure ours is divided by; the empty text is the figure itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is done for a figure: short runs in many rounds, or long ones in few."""

    seconds: float = 0.5
    rounds: int = 9
    runs: int = 5
    events: int = 200_000
    replayed: int = 1_000_000
    years: int = 3


# Disks change within seconds, so these are asked in short turns.
_SHORT = {"limit", "append", "command", "read", "start"}

QUICK = Effort(seconds=0.25, rounds=3, runs=2, events=40_000, replayed=100_000, years=1)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure, or its ratio to another's, should reach."""

    sign: Literal["≥", "≤"]
    value: float
    against: Against = "raw"
    expected: bool = False
    """Whether it is only expected, since it depends on the machine's disk."""

    def met(self, found: float) -> bool:
        """Tell whether it is reached."""
        return found >= self.value if self.sign == "≥" else found <= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: a figure of a measurement."""

    name: str
    figure: str = "rate_per_s"
    goals: tuple[Goal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Tasks that are run in turn, one a side, as often as the effort says."""

    part: str
    name: str
    tasks: Mapping[str, Task]
    rows: tuple[Row, ...]
    runs: int
    warm_up: bool = True
    alone: bool = False
    """Whether each run needs new processes."""

    before: tuple[str, Task] | None = field(default=None)
    """What a side prepares once."""


def _append(effort: Effort) -> list[Measurement]:
    found: list[Measurement] = []
    for callers, events, full in (
        (1, 1, False),
        (8, 1, False),
        (32, 1, False),
        (128, 1, False),
        (32, 10, False),
        (32, 1, True),
    ):
        options: dict[str, Any] = {
            "callers": callers,
            "events": events,
            "seconds": effort.seconds,
        }
        own = {**options, "full": full}
        tasks: dict[str, Task] = {"raw": ("append", own), "leftfold": ("append", own)}
        if not full:  # the peer has neither tags nor receipts
            tasks["usual"] = ("append", options)
        goals: tuple[Goal, ...] = (Goal("≥", 0.8),) if callers == 32 else ()  # noqa: PLR2004
        name = _named("append", callers, events) + (", two tags and a receipt" if full else "")
        row = Row(name=name, goals=goals)
        found.append(_measurement("append", tasks, (row,), effort))
    return found


def _command(effort: Effort) -> list[Measurement]:
    found: list[Measurement] = []
    for callers in (1, 32):
        options = {"callers": callers, "seconds": effort.seconds}
        tasks: dict[str, Task] = {
            "raw": ("append", {**options, "events": 1}),
            "leftfold": ("command", options),
            "usual": ("command", options),
            "tuned": ("command", {**options, "tuned": True}),
        }
        if callers == 1:
            rows: tuple[Row, ...] = (
                Row(name="one command, cached aggregate", figure="p50_ms", goals=(Goal("≤", 1.5),)),
                Row(name="command path, 1 caller"),
            )
        else:
            goals = (Goal("≥", 0.4), Goal("≥", 8, "usual", expected=True))
            rows = (Row(name=_named("command path", callers), goals=goals),)
        found.append(_measurement("command", tasks, rows, effort))
    load: dict[str, Task] = {
        "leftfold": ("load", {"callers": 1, "seconds": effort.seconds, "streams": 20_000}),
        "usual": ("command", {"callers": 1, "seconds": effort.seconds}),
    }
    row = Row(name="command that loads 10 events, 1 caller")
    return [*found, _measurement("command", load, (row,), effort)]


def _read(effort: Effort) -> list[Measurement]:
    found: list[Measurement] = []
    for page in (1_000, 5_000):
        options = {"page": page, "seconds": effort.seconds, "count": 20_000}
        tasks: dict[str, Task] = dict.fromkeys(("raw", "leftfold", "usual"), ("read", options))
        goals = (Goal("≥", 0.6), Goal("≥", 3, "usual"))
        row = Row(name=f"read and decode, pages of {page:,}", goals=goals)
        found.append(_measurement("read", tasks, (row,), effort))
    return found


def _fold(effort: Effort) -> list[Measurement]:
    options = {"count": effort.events, "accounts": 20_000}
    tasks: dict[str, Task] = {
        "raw": ("fold", options),
        "leftfold": ("fold", options),
        "usual": ("fold", {**options, "count": 4_000}),
    }
    row = Row(name="fold into a View, 20,000 keys", goals=(Goal("≥", 50_000, ""),))
    return [_measurement("fold", tasks, (row,), effort)]


def _visible(effort: Effort) -> list[Measurement]:
    options = {"rate_per_s": 1_000, "seconds": effort.seconds * 10, "every": 10}
    rows = (
        Row(name="acknowledged to visible, p50", figure="p50_ms", goals=(Goal("≤", 3, ""),)),
        Row(name="acknowledged to visible, p99", figure="p99_ms", goals=(Goal("≤", 20, ""),)),
        Row(name="rate that was kept, 1,000 asked"),
        Row(name="a command meanwhile, p50", figure="sent_p50_ms"),
    )
    return [_measurement("visible", {"leftfold": ("visible", options)}, rows, effort)]


def _memory(effort: Effort) -> list[Measurement]:
    path = str(BUILD / f"replayed-{effort.replayed}.db")
    before: tuple[str, Task] = (
        "raw",
        ("fill", {"path": path, "count": effort.replayed, "accounts": 20_000}),
    )
    tasks: dict[str, Task] = {"leftfold": ("memory", {"path": path, "count": effort.replayed})}
    name = f"{effort.replayed:,} events replayed"
    rows = (
        Row(name=f"{name}, MB above idle", figure="above_idle_mb", goals=(Goal("≤", 100, ""),)),
        Row(name=f"{name}, MB idle", figure="idle_mb"),
        Row(name=f"{name}, events/s"),
    )
    return [
        Measurement(
            part="memory",
            name=name,
            tasks=tasks,
            rows=rows,
            runs=min(3, effort.runs),
            warm_up=False,
            alone=True,
            before=before,
        )
    ]


def _year(effort: Effort) -> list[Measurement]:
    rows = (
        Row(name="the real year, s", figure="took_s", goals=(Goal("≤", 10, ""),)),
        Row(name="the real year, MB at most", figure="peak_mb"),
    )
    return [
        Measurement(
            part="year",
            name="the real year",
            tasks={"programs": ("year", {"file": str(YEAR)})},
            rows=rows,
            runs=effort.years,
            warm_up=False,
        )
    ]


def _start(effort: Effort) -> list[Measurement]:
    tasks: dict[str, Task] = {side: ("start", {}) for side in ("raw", "leftfold", "usual")}
    row = Row(name="import, ms", figure="p50_ms", goals=(Goal("≤", 150, ""),))
    return [_measurement("start", tasks, (row,), effort)]


def _limit(effort: Effort) -> list[Measurement]:
    """Is our own raw program a fair limit? With the reference's table it must be as fast."""
    found: list[Measurement] = []
    for callers, events in ((1, 1), (8, 1), (32, 1), (128, 1), (32, 10)):
        options: dict[str, Any] = {
            "callers": callers,
            "events": events,
            "seconds": effort.seconds,
        }
        tasks: dict[str, Task] = {
            "raw": ("append", {**options, "schema": "reference"}),
            "reference": ("append", options),
        }
        goal = Goal("≥", 0.9, "reference")
        row = Row(name=_named("the raw program itself", callers, events), goals=(goal,))
        found.append(_measurement("limit", tasks, (row,), effort))
    return found


def _named(what: str, callers: int, events: int = 1) -> str:
    many = f", {events} events a commit" if events > 1 else ""
    return f"{what}, {callers} caller{'s' if callers > 1 else ''}{many}"


def _measurement(
    part: str, tasks: dict[str, Task], rows: tuple[Row, ...], effort: Effort
) -> Measurement:
    runs = effort.rounds if part in _SHORT else effort.runs
    return Measurement(part=part, name=rows[0].name, tasks=tasks, rows=rows, runs=runs)


PARTS: Mapping[str, Callable[[Effort], list[Measurement]]] = {
    "limit": _limit,
    "append": _append,
    "command": _command,
    "read": _read,
    "fold": _fold,
    "visible": _visible,
    "year": _year,
    "memory": _memory,
    "start": _start,
}


def missing(part: str) -> str | None:
    """Say which file a part needs and does not find."""
    needs = {"limit": REFERENCE, "year": YEAR}.get(part)
    return str(needs) if needs is not None and not needs.exists() else None

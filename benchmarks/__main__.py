"""Measures Leftfold beside the raw limit and a peer. Read by: who runs `make bench`.

    make bench                        everything, about ten minutes
    make bench QUICK=1                a look at everything, about a minute and a half
    make bench ONLY="append read"     some parts
    make bench ONLY=stages            where each microsecond of a command goes

The sides are processes of their own that do one task at a time; each round asks all of them, so
that what disturbs the machine disturbs them alike. Compare within one run only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from environment import BUILD, CLEAN, HERE, flush_ms, machine, wait_for_quiet
from outcome import Outcome, read_json, write_json
from parts import PARTS, QUICK, Effort, Measurement, missing
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sides import Failed, Sides
from table import table_of, write_page

if TYPE_CHECKING:
    from collections.abc import Iterator

_STAGES = "stages"
_WIDE = 150  # where the output is no terminal


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure Leftfold beside the raw limit and a peer."
    )
    parser.add_argument("--only", nargs="+", choices=[*PARTS, _STAGES], metavar="PART")
    parser.add_argument("--quick", action="store_true", help="short runs, fewer of them")
    parser.add_argument("--seconds", type=float, help="length of one run")
    parser.add_argument("--runs", type=int, help="runs of each figure")
    parser.add_argument("--no-peer", action="store_true", help="leave eventsourcing out")
    parser.add_argument("--json", type=Path, default=BUILD.with_suffix(".json"), metavar="FILE")
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the figures into a page")
    parser.add_argument(
        "--shown", type=Path, metavar="FILE", help="show an earlier run's JSON, measure nothing"
    )
    parser.add_argument(
        "--wait", type=float, default=0, metavar="S", help="seconds to wait for a quiet machine"
    )
    arguments = sys.argv[1:]
    if os.environ.get("QUICK"):
        arguments.append("--quick")
    if only := os.environ.get("ONLY"):
        arguments += ["--only", *only.split()]
    return parser.parse_args(arguments)


def _effort(options: argparse.Namespace) -> Effort:
    full = QUICK if options.quick else Effort()
    return Effort(
        seconds=options.seconds or full.seconds,
        rounds=options.runs or full.rounds,
        runs=options.runs or full.runs,
        events=full.events,
        replayed=full.replayed,
        years=min(options.runs or full.years, full.years),
    )


def _measure(
    measurement: Measurement, sides: Sides, wait_s: float
) -> Iterator[tuple[str, dict[str, float]]]:
    """Ask the sides in turn: once to warm up, then as often as is said."""
    if measurement.before is not None:
        side, (task, options) = measurement.before
        sides[side].ask(task, options)
    rounds = range(-1 if measurement.warm_up else 0, measurement.runs)
    for number in rounds:
        wait_for_quiet(wait_s)
        for side, (task, options) in measurement.tasks.items():
            if measurement.alone:
                sides.end()
            found = sides[side].ask(task, options)
            if number >= 0:
                yield side, found


def _measurements(options: argparse.Namespace, console: Console) -> list[Measurement]:
    found: list[Measurement] = []
    for part in options.only or PARTS:
        if part == _STAGES:
            continue
        if (file := missing(part)) is not None:
            console.print(f"[yellow]{part} is left out: {file} is not there.")
            continue
        found += PARTS[part](_effort(options))
    return found


def _measured(
    options: argparse.Namespace, console: Console
) -> tuple[list[Outcome], dict[str, Any], list[str]]:
    """Return what came of all measurements, the machine, and what failed."""
    BUILD.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=BUILD))
    outcomes: list[Outcome] = []
    failures: list[str] = []
    left_out = {"usual", "tuned"} if options.no_peer else frozenset[str]()
    facts = {**machine(), "flush_ms": flush_ms(folder)}
    try:
        with Sides(folder) as sides, _progress(console) as progress:
            task = progress.add_task("", total=None)
            for measurement in _measurements(options, progress.console):
                progress.update(task, description=f"{measurement.part}: {measurement.name}")
                outcome = Outcome(measurement, without=left_out)
                try:
                    for side, found in _measure(outcome.measurement, sides, options.wait):
                        outcome.add(side, found)
                except Failed as error:
                    failures.append(str(error))
                else:
                    outcomes.append(outcome)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return outcomes, facts, failures


def _show_stages() -> None:
    for callers in ("1", "32"):
        program: list[str | Path] = [sys.executable, HERE / "stages.py", callers]
        subprocess.run(program, check=True, env=CLEAN)  # noqa: S603  own program


def main() -> int:
    """Measure, show the table and write the figures."""
    options = _options()
    if options.only and _STAGES in options.only:
        _show_stages()
        if options.only == [_STAGES]:
            return 0
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    failures: list[str] = []
    if options.shown:
        outcomes, facts = read_json(options.shown, _measurements(options, console))
    else:
        outcomes, facts, failures = _measured(options, console)
        write_json(options.json, outcomes, facts)
    console.print(table_of(outcomes, facts["flush_ms"]))
    if options.page:
        write_page(options.page, outcomes, facts)
    console.print(f"All runs: {options.shown or options.json}")
    for failure in failures:
        console.print(failure, style="red", markup=False)
    return 1 if failures else 0


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


if __name__ == "__main__":
    sys.exit(main())

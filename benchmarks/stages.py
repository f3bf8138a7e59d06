"""Where each microsecond of a command goes. Read by: who wants to make it faster.

    make bench ONLY=stages

It sends commands as `make bench ONLY=command` does, with a stopwatch around each stage of their
way, and prints what a stage takes by itself: the median of its calls, times how many there are a
command. What no stage accounts for is asyncio, coroutines and the change of threads. A first
argument says how many callers.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from typing import Any

import ours
from environment import BUILD, flush_ms
from rich.console import Console
from rich.table import Table

_SECONDS = 3.0

# What a person would call the stage, and the functions that are it, in the order of the way.
STAGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("loop", "an id and a context for the command", ("bus.context:Envoy.metadata",)),
    ("loop", "ids of version 7", ("messages.ids:Ids.new",)),
    ("loop", "its key and stream", ("modeling.aggregate_model:AggregateModel.subject",)),
    ("loop", "the lock of the stream", ("modeling.locks:Locks.release",)),
    ("loop", "a copy of the state, handler, folds", ("modeling.kernel:_Way._decide",)),
    ("loop", "the event: checked, encoded, read back, compared", ("codec.codec:Codec.seal",)),
    ("loop", "record and its fold", ("modeling.decision:Decision.record",)),
    ("loop", "the metadata as JSON", ("modeling.kernel:encode_envelope",)),
    ("loop", "the commit", ("modeling.kernel:_Way._commit",)),
    ("loop", "limits", ("eventstore.group:check_limits",)),
    ("loop", "forming a group", ("eventstore.group:GroupCommit._take",)),
    ("loop", "handing it to the writer", ("adapters.lanes:Lane.call",)),
    (
        "writer",
        "its turn among processes",
        (
            "adapters.sqlite.turns:QueuedTurns.take",
            "adapters.sqlite.turns:QueuedTurns.leave",
        ),
    ),
    ("writer", "the same file still", ("adapters.sqlite.storefile:StoreFile.check",)),
    ("writer", "heads and ids read", ("adapters.sqlite.judging:Judge.__init__",)),
    ("writer", "judged, rows made", ("adapters.sqlite.judging:Judge.judge",)),
    ("writer", "rows inserted", ("adapters.sqlite.judging:Judge.write",)),
    ("writer", "begin, commit and flush", ("adapters.sqlite.writing:Writer._transaction",)),
    ("loop", "the state kept, the answer", ("modeling.kernel:_Way._stored",)),
)


@dataclass(slots=True)
class Stopwatch:
    """The times of one stage, without the stages inside it."""

    own_s: list[float] = field(default_factory=list[float])


class _Inside(threading.local):
    def __init__(self) -> None:
        self.taken: list[float] = []


_inside = _Inside()
_overhead_s = [0.0]


def _timed(function: Any, watch: Stopwatch) -> Any:
    """Return the function with a stopwatch around it."""
    clock = time.perf_counter
    add = watch.own_s.append

    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        taken = _inside.taken
        taken.append(0.0)
        began = clock()
        try:
            return function(*args, **kwargs)
        finally:
            took = clock() - began
            add(took - taken.pop())
            if taken:
                taken[-1] += took + _overhead_s[0]

    return timed


def _calibrate() -> None:
    """Find what a stopwatch costs the stage around it."""
    inner = _timed(lambda: None, Stopwatch())
    count = 20_000
    began = time.perf_counter()
    for _ in range(count):
        inner()
    _overhead_s[0] = (time.perf_counter() - began) / count


def _watch(place: str, watch: Stopwatch) -> None:
    """Put a stopwatch around `package.module:Class.method` of Leftfold."""
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(f"leftfold.{module}")
    *outer, name = path.split(".")
    try:
        for part in outer:
            owner = getattr(owner, part)
        setattr(owner, name, _timed(getattr(owner, name), watch))
    except AttributeError as error:
        message = f"leftfold.{place} is no more ({error}). Say in STAGES where the stage went."
        raise SystemExit(message) from error


def main() -> None:
    """Measure with the callers that are asked for, and print the stages."""
    callers = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        run = partial(ours.command, Path(folder), callers=callers, seconds=_SECONDS)
        run()
        plain = run()
        watches = [Stopwatch() for _ in STAGES]
        _calibrate()
        for watch, (_, _, places) in zip(watches, STAGES, strict=True):
            for place in places:
                _watch(place, watch)
        watched = run()
        flush = flush_ms(Path(folder))
    _show(callers, plain, watched, watches)
    Console().print(f"A flush of 4 KiB takes {flush * 1e3:.0f} µs here.")


def _show(
    callers: int, plain: dict[str, float], watched: dict[str, float], watches: list[Stopwatch]
) -> None:
    count = watched["n"] + 10 * callers  # those that made the orders
    table = Table(title=f"A command, {callers} caller{'s' if callers > 1 else ''}, µs")
    for column in ("stage", "where", "once", "a command"):
        table.add_column(column, justify="left" if column in {"stage", "where"} else "right")
    total = 0.0
    for watch, (where, name, _) in zip(watches, STAGES, strict=True):
        if not watch.own_s:
            continue
        once = max(0.0, statistics.median(watch.own_s) * 1e6)
        each = once * len(watch.own_s) / count
        total += each
        table.add_row(name, where, f"{once:.1f}", f"{each:.1f}")
    whole = plain["p50_ms"] * 1e3 / callers
    table.add_section()
    table.add_row("asyncio, coroutines, threads and the rest", "", "", f"{whole - total:.1f}")
    table.add_row("all of it, the median without stopwatches", "", "", f"{whole:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()

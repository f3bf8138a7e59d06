"""Many callers for a while, and what they saw. Read by: every side; needs Python alone."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["Sample", "import_s", "in_tasks", "in_threads", "in_turn", "sample"]

Sample: TypeAlias = dict[str, float]
"""One run: how many a second, and how long one took."""


def sample(waits_s: Sequence[float], took_s: float, *, count: int | None = None) -> Sample:
    """Return the figures of one run; `count` where one wait stands for several events."""
    done = len(waits_s) if count is None else count
    if not waits_s:
        message = "The run ended before anything was done; make it longer."
        raise RuntimeError(message)
    ordered = sorted(waits_s)
    return {
        "rate_per_s": done / took_s,
        "p50_ms": statistics.median(ordered) * 1e3,
        "p99_ms": ordered[int(len(ordered) * 0.99)] * 1e3,
        "n": done,
    }


async def in_tasks(
    callers: int, seconds: float, work: Callable[[int, int], Awaitable[object]]
) -> Sample:
    """Await `work(caller, nth)` in every caller, one after the other, until the time is up."""
    waits: list[float] = []
    began = time.perf_counter()

    async def caller(number: int) -> None:
        nth = 0
        while (before := time.perf_counter()) < began + seconds:
            await work(number, nth)
            waits.append(time.perf_counter() - before)
            nth += 1

    await asyncio.gather(*(caller(number) for number in range(callers)))
    return sample(waits, time.perf_counter() - began)


def in_threads(callers: int, seconds: float, work: Callable[[int, int], object]) -> Sample:
    """Call `work(caller, nth)` in a thread for every caller, until the time is up."""
    waits: list[float] = []
    failures: list[BaseException] = []
    began = time.perf_counter()

    def caller(number: int) -> None:
        nth = 0
        try:
            while (before := time.perf_counter()) < began + seconds:
                work(number, nth)
                waits.append(time.perf_counter() - before)
                nth += 1
        except Exception as error:  # noqa: BLE001  a thread's end must be seen
            failures.append(error)

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sample(waits, time.perf_counter() - began)


def in_turn(seconds: float, page: Callable[[], int]) -> Sample:
    """Call `page`, which returns how many events it was, until the time is up."""
    waits: list[float] = []
    count = 0
    began = before = time.perf_counter()
    while before < began + seconds:
        count += page()
        now = time.perf_counter()
        waits.append(now - before)
        before = now
    return sample(waits, before - began, count=count)


def import_s(modules: str) -> Sample:
    """Return how long a fresh interpreter takes to import modules, beside its own start."""
    program = (
        f"import time; began = time.perf_counter(); import {modules}; "
        "print(time.perf_counter() - began)"
    )
    command = [sys.executable, "-c", program]
    took = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  own text
    return {"p50_ms": float(took.stdout) * 1e3, "n": 1}

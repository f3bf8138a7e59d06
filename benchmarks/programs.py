"""Whole programs, timed from outside: the import of a real year. Read by: who doubts a figure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from serving import serve

if TYPE_CHECKING:
    from callers import Sample

_SHOP = Path(sys.executable).with_name("shop")
_ORDERS = 19_959


def year(folder: Path, *, file: str) -> Sample:
    """Import the year with `shop import` into a new database, until its views are current."""
    url = f"sqlite:///{folder / f'year-{time.time_ns()}.db'}"
    took, megabytes = _run(["import", file, "--database", url])
    report = subprocess.run(  # noqa: S603  a program of this project
        [_SHOP, "report", "--database", url, "--json"], check=True, capture_output=True, text=True
    )
    orders = json.loads(report.stdout)["orders"]
    if orders != _ORDERS:
        message = f"The report says {orders} orders, and the year has {_ORDERS}."
        raise RuntimeError(message)
    for left in folder.glob("year-*"):
        left.unlink()
    return {"took_s": took, "peak_mb": megabytes, "n": orders}


def _run(arguments: list[str]) -> tuple[float, float]:
    """Return how long a run of the shop took, and the most memory it held."""
    began = time.perf_counter()
    with subprocess.Popen(  # noqa: S603  a program of this project
        [_SHOP, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as program:
        assert program.stderr is not None  # noqa: S101  it is a pipe
        errors = program.stderr.read()
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    if program.returncode:
        raise RuntimeError(errors.decode())
    return took, usage.ru_maxrss / 1024


if __name__ == "__main__":
    serve({"year": year})

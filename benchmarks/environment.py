"""The machine, the places, the peer's environment. Read by: who asks where a figure was taken."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

__all__ = [
    "BUILD",
    "CLEAN",
    "HERE",
    "REFERENCE",
    "ROOT",
    "YEAR",
    "flush_ms",
    "machine",
    "peer_python",
]

HERE = Path(__file__).parent
ROOT = HERE.parent
BUILD = ROOT / "build" / "bench"
"""On the disk of the checkout, since a temporary folder may be in memory, where a flush is free."""

SHARED = ROOT.parent / "shared"
YEAR = SHARED / "data" / "online_retail_2010_12-2011_12.parquet"
REFERENCE = SHARED / "bench" / "raw_sqlite.py"
PEER = BUILD / "peer"

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
"""What the sides run in: a machine that forbids bytecode, say, would slow every start by half."""


def peer_python() -> Path:
    """Return the interpreter of the peer's environment, which is made if it is not there."""
    python, lock = PEER / "bin" / "python", HERE / "peer.lock"
    stamp = PEER / "lock"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        make: list[str | Path] = [sys.executable, "-m", "venv", "--clear", PEER]
        install: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run(make, check=True)  # noqa: S603  own words
        subprocess.run([*install, "--require-hashes", "-r", lock], check=True)  # noqa: S603  own words
        stamp.write_bytes(lock.read_bytes())
    return python


def flush_ms(folder: Path, *, times: int = 300) -> float:
    """Return how long one flush of 4 KiB takes here, the median."""
    waits: list[float] = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(times):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - began)
    return statistics.median(waits) * 1e3


def wait_for_quiet(patience_s: float, *, idle: float = 0.8, look_s: float = 0.7) -> bool:
    """Return true once the processors are idle enough, false when patience ends (Linux)."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        before = _ticks()
        time.sleep(look_s)
        after = _ticks()
        if after[0] - before[0] >= idle * (after[1] - before[1]):
            return True
    return False


def _ticks() -> tuple[int, int]:
    """Return the processors' idle ticks, and all; waiting for a disk is not idle."""
    with Path("/proc/stat").open(encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    return ticks[3], sum(ticks)


def machine() -> dict[str, str | int]:
    """Return what the figures depend on."""
    import apsw
    import msgspec
    import sqlalchemy

    return {
        "taken": datetime.now(UTC).strftime("%d %B %Y"),
        "cores": os.cpu_count() or 0,
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "msgspec": msgspec.__version__,
        "sqlalchemy": sqlalchemy.__version__,
        "eventsourcing": "9.5.6",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()

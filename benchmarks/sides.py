"""The processes that are measured, one a side, and how they are asked. Read by: the conductor."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from environment import CLEAN, HERE, peer_python

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["Failed", "Side", "Sides"]

_PROGRAMS = {
    "raw": "raw.py",
    "leftfold": "ours.py",
    "usual": "peer.py",
    "tuned": "peer.py",
    "reference": "reference.py",
    "programs": "programs.py",
}


class Failed(Exception):
    """A task did not come to its end; the text is what its side said."""


class Side:
    """A process that does one task at a time."""

    def __init__(self, name: str, folder: Path) -> None:
        """Start it, with a folder of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        python = str(peer_python()) if name in {"usual", "tuned"} else sys.executable
        self._process = subprocess.Popen(  # noqa: S603  own programs
            [python, HERE / _PROGRAMS[name], folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=CLEAN,
        )
        self.name = name

    def ask(self, task: str, options: dict[str, Any]) -> dict[str, float]:
        """Have a task done and return its figures.

        Raises:
            Failed: With what the side said.
        """
        process = self._process
        assert process.stdin is not None  # noqa: S101  both are pipes
        assert process.stdout is not None  # noqa: S101  as above
        process.stdin.write(json.dumps({"task": task, **options}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "The process has ended."}
        if "error" in answer:
            message = f"{self.name}, {task} {options}: {answer['error']}"
            raise Failed(message)
        return answer

    def close(self) -> None:
        """Let it end."""
        process = self._process
        assert process.stdin is not None  # noqa: S101  it is a pipe
        process.stdin.close()
        process.wait(timeout=60)


class Sides:
    """Sides by name, started when first asked."""

    def __init__(self, folder: Path) -> None:
        """Put what they write below a folder."""
        self._folder = folder
        self._sides: dict[str, Side] = {}

    def __enter__(self) -> Self:
        """Start none yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them all."""
        self.end()

    def __getitem__(self, name: str) -> Side:
        """Return a side, started if it is not."""
        if name not in self._sides:
            self._sides[name] = Side(name, self._folder / name)
        return self._sides[name]

    def end(self) -> None:
        """End them all; who is asked again is a new process."""
        for side in self._sides.values():
            side.close()
        self._sides.clear()

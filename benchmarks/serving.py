"""How a side takes a task and answers: a line of JSON each way. Read by: every side.

Each side is a process of its own and idle while another is measured, so all of them are
measured under the same conditions and a peer can live in an environment of its own.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["serve"]


def serve(tasks: Mapping[str, Callable[..., Mapping[str, float]]]) -> None:
    """Answer tasks until the input ends.

    A task is called with the folder of this side and the options that were asked for.
    """
    answers, sys.stdout = sys.stdout, sys.stderr  # whoever prints does not disturb
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        options: dict[str, Any] = json.loads(line)
        try:
            answer: Mapping[str, Any] = tasks[options.pop("task")](folder, **options)
        except Exception:  # noqa: BLE001  the conductor shows it and goes on
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

"""One SQLite library a file in a process. Read by: who adds a driver.

Two do not see each other's locks: tried, 200 committed rows vanished and integrity_check said
ok. So nothing but apsw, which brings its own, may open the events or the views.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parent / "programs" / "libraries.py"
FIRST = Path(__file__).parents[2] / "typing" / "first.py"


def libraries(program: Path, folder: Path) -> dict[str, Any]:
    output = subprocess.check_output([sys.executable, PROGRAM, program], cwd=folder, text=True)
    said: dict[str, Any] = json.loads(output.splitlines()[-1])
    return said


def test_the_first_program_opens_its_files_with_apsw_alone(tmp_path: Path) -> None:
    said = libraries(FIRST, tmp_path)

    assert {"bank.db", "bank.views.db"} <= {file.name for file in tmp_path.iterdir()}
    assert said == {"apsw": True, "connected": [], "shared": []}


def test_a_program_that_opens_one_with_another_library_is_noticed(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sqlite3\nsqlite3.connect('bank.db').close()\n", encoding="utf-8")

    assert libraries(program, tmp_path)["connected"] == ["bank.db"]

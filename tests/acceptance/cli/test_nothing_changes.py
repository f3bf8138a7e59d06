"""No command changes a byte, whoever runs it and whatever runs beside it. Read by: who opens files.

A file is compared with its bytes; a new file beside it counts as a change.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Leftfold = Callable[..., subprocess.CompletedProcess[str]]
EVERY = (
    ("events", "bank:bank"),
    ("events", "bank:bank", "--all", "--json"),
    ("show", "Account/ann", "bank:bank"),
    ("status", "bank:bank"),
    ("check", "bank:bank"),
)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_store_that_nobody_has_open_is_left_as_it_is(leftfold: Leftfold, lived: Path) -> None:
    before = contents(lived)

    codes = [leftfold(*words).returncode for words in EVERY]

    assert codes == [0] * len(EVERY)
    assert contents(lived) == before


def test_what_a_killed_app_left_behind_is_left_for_the_next(
    leftfold: Leftfold, start: Any, folder: Path
) -> None:
    start("bank", "Open(account='ann', owner='Ann')").kill()
    before = contents(folder)
    assert before["bank.db-wal"]

    codes = [leftfold(*words).returncode for words in EVERY]

    assert codes == [0] * len(EVERY)
    after = contents(folder)
    # The -shm is an index of the -wal, rebuilt by whoever comes first.
    assert {name: after[name] for name in after if not name.endswith("-shm")} == {
        name: before[name] for name in before if not name.endswith("-shm")
    }
    start("bank", "Deposit(account='ann', amount=5)").stop()
    assert '"position":2' in leftfold("events", "bank:bank", "--json").stdout


def test_a_running_app_goes_on_undisturbed(leftfold: Leftfold, start: Any) -> None:
    app = start("bank", "Open(account='ann', owner='Ann')")

    for number, words in enumerate(EVERY):
        assert leftfold(*words).returncode == 0
        app.send(f"Deposit(account='ann', amount={number})")

    app.stop()
    assert '"position":6' in leftfold("events", "bank:bank", "--json").stdout

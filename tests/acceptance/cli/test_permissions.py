"""Users that may look and not write. Read by: who opens files to read only."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Lists events as a user that may only read; a first list, of a copy, imports all that it needs,
# since that user may not even read Python's own files.
AS_NOBODY = """
import io, os, sys
from contextlib import redirect_stdout
from leftfold.cli import main
sys.argv = ["leftfold", "events", "--json", "--database", "sqlite:///copy/bank.db"]
with redirect_stdout(io.StringIO()):
    assert main() == 0
if os.path.isdir("closed"):
    os.chmod("closed", 0)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.argv[-1] = "sqlite:///bank.db"
sys.exit(main())
"""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Return a folder that every user may look into, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def listed_by_nobody(folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "copy").mkdir()
    for name in ("bank.db", "bank.db-wal"):
        if (folder / name).exists():
            shutil.copyfile(folder / name, folder / "copy" / name)
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("lived")
def test_who_may_not_write_leaves_nothing_that_would_keep_the_app_from_writing(
    folder: Path,
) -> None:
    # The folder may be written and the file may not: SQLite's side files would be the reader's.
    folder.chmod(0o777)
    (folder / "bank.db").chmod(0o444)
    before = contents(folder)

    done = listed_by_nobody(folder)

    assert done.returncode == 1
    assert "this user may not write it, and no app has it open" in done.stderr
    assert contents(folder) == before


def test_who_may_not_write_may_look_while_the_app_runs(start: Any, folder: Path) -> None:
    app = start("bank", "Open(account='ann', owner='Ann')")
    for name in ("bank.db", "bank.db-wal", "bank.db-shm"):
        (folder / name).chmod(0o444 if name == "bank.db" else 0o644)

    done = listed_by_nobody(folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert '"type":"Opened"' in done.stdout
    app.send("Deposit(account='ann', amount=5)")
    app.stop()


@pytest.mark.usefixtures("lived")
def test_a_folder_that_may_not_be_looked_into_is_told(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir()
    (folder / "bank.db").rename(closed / "bank.db")
    (folder / "bank.db").symlink_to(closed / "bank.db")

    done = listed_by_nobody(folder)

    closed.chmod(0o700)
    assert done.returncode == 1
    assert "this user may not look there (Permission denied)" in done.stderr

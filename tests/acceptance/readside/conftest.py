"""The bank's program, its log, and its rows computed apart. Read by: authors of these tests."""

import importlib.util
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import apsw
import pytest

PROGRAM = Path(__file__).parent / "programs" / "bank.py"


class Bank:
    """A database in a folder, and processes that use it."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "bank.db")
        self.views = str(folder / "bank.views.db")
        self._running: list[subprocess.Popen[str]] = []

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, str(PROGRAM), self.path, *map(str, arguments)]

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, check=False, timeout=100
        )

    def settled(self) -> dict[str, Any]:
        """Return what a process says that has followed the log to its end."""
        done = self.run("settle")
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def start(self) -> subprocess.Popen[str]:
        """Start a process that follows, and return when it does."""
        process = subprocess.Popen(
            self.command("fold"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n", self._said(process)
        return process

    def _said(self, process: subprocess.Popen[str]) -> str:
        return process.communicate(timeout=10)[1]

    def stop_all(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.communicate(timeout=10)

    def owners(self) -> dict[str, tuple[int, int]]:
        """Return the process that folds, and its epoch, by processor."""
        connection = apsw.Connection(self.views, flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(5_000)
        try:
            rows = connection.execute("SELECT processor, owner, epoch FROM leftfold_positions")
            return {n: (int(o.split(":")[2]) if o else 0, e) for n, o, e in rows.fetchall()}
        finally:
            connection.close()

    def expected(self) -> dict[str, Any]:
        """Return the rows that follow from the log, folded by plain code on the stored bytes."""
        statements: dict[str, list[int]] = {}
        sold: dict[str, int] = {}
        journal: dict[str, list[int]] = {}
        for position, kind, text in self.events():
            data = json.loads(text)
            if kind == "Deposited":
                row = statements.setdefault(data["account"], [0, 0])
                row[0] += data["amount"]
                row[1] += 1
                entry = journal.setdefault(data["account"], [0, 0])
                entry[:] = [entry[0] + 1, position]
            elif kind == "Closed":
                statements.pop(data["account"], None)
            elif kind == "Placed":
                for line in data["lines"]:
                    sold[line["product"]] = sold.get(line["product"], 0) + line["quantity"]
        return {"statements": statements, "sold": sold, "journal": journal}

    def events(self) -> list[tuple[int, str, str]]:
        connection = apsw.Connection(self.path, flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            sql = "SELECT position, type, CAST(data AS TEXT) FROM events ORDER BY position"
            found: list[Any] = connection.execute(sql).fetchall()
            return found
        finally:
            connection.close()

    def check(self) -> dict[str, Any]:
        """Compare the rows with those computed apart."""
        said = self.settled()
        expected = self.expected()
        assert {name: said[name] for name in expected} == expected
        return said


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """Return a bank in a folder of its own."""
    found = Bank(tmp_path)
    yield found
    found.stop_all()


@pytest.fixture(scope="session")
def program() -> ModuleType:
    """Return the program as a module, for its events and its way to append."""
    spec = importlib.util.spec_from_file_location("bank_program", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module

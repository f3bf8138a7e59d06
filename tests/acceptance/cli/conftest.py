"""A small bank in a folder, and the command line as people start it. Read by: authors of tests."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

LEFTFOLD = Path(sys.executable).with_name("leftfold")
Done: TypeAlias = subprocess.CompletedProcess[str]
Leftfold: TypeAlias = Callable[..., Done]
Start: TypeAlias = "Callable[..., Running]"

BANK = """
from leftfold import Aggregate, App, Command, Event, View, evolves, handles


class Opened(Event, tags=("owner",)):
    account: str
    owner: str


class Deposited(Event):
    account: str
    amount: int


class Open(Command[None]):
    account: str
    owner: str


class Deposit(Command[None]):
    account: str
    amount: int


class Account(Aggregate, key="account"):
    owner: str
    balance: int = 0

    @handles(new=True)
    def open(self, command: Open) -> None:
        self.record(Opened(account=command.account, owner=command.owner))

    @handles
    def deposit(self, command: Deposit) -> None:
        self.record(Deposited(account=command.account, amount=command.amount))

    @evolves
    @classmethod
    def opened(cls, event: Opened) -> "Account":
        return cls(owner=event.owner)

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount


class Statement(View, key="account"):
    account: str
    total: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.total += event.amount


class Share(View, key="account"):
    account: str
    part: float = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.part = 1 / (event.amount - 13)


bank = App("bank", Account, Statement, database="sqlite:///bank.db")
risky = App("bank", Account, Statement, Share, database="sqlite:///bank.db")
"""

# Runs an App: sends commands, says that the statements are current, then one command a line.
RUN = """
import asyncio, sys
import bank as names

async def main():
    async with getattr(names, sys.argv[1]) as app:
        async def send(line):
            receipt = await app.dispatch(eval(line, vars(names)), actor="teller")
            await app.rows(names.Statement).get("ann", after=receipt.token, timeout_s=30)

        for line in sys.argv[2:]:
            await send(line)
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            await send(line)
            print("sent", flush=True)

asyncio.run(main())
"""
LIFE = (
    "Open(account='ann', owner='Ann')",
    "Deposit(account='ann', amount=5)",
    "Open(account='bob', owner='Bob')",
    "Deposit(account='ann', amount=13)",
    "Deposit(account='bob', amount=7)",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with bank.py, and nothing stored."""
    (tmp_path / "bank.py").write_text(BANK, encoding="utf-8")
    (tmp_path / "run.py").write_text(RUN, encoding="utf-8")
    return tmp_path


@pytest.fixture
def leftfold(folder: Path) -> Leftfold:
    """Return what runs `leftfold` there."""

    def run(*words: str, at: Path = folder) -> Done:
        return subprocess.run(
            [str(LEFTFOLD), *words],
            cwd=at,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


class Running:
    """An App in a process of its own."""

    def __init__(self, folder: Path, app: str, commands: Sequence[str]) -> None:
        """Start it, and wait until what it was told is done."""
        self.process = subprocess.Popen(
            [sys.executable, "run.py", app, *commands],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")

    def send(self, command: str) -> None:
        """Have a command handled, and folded."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        self._expect("sent")

    def _expect(self, word: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{word}\n", self.process.communicate()[1]

    def stop(self) -> None:
        """End it in order."""
        self.process.communicate()
        assert self.process.returncode == 0

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Return what starts an App, which ends with the test at the latest."""
    started: list[Running] = []

    def begin(app: str, *commands: str) -> Running:
        started.append(Running(folder, app, commands))
        return started[-1]

    yield begin
    for running in started:
        running.kill()


@pytest.fixture
def lived(start: Start, folder: Path) -> Path:
    """Return the folder of a bank that ran, and runs no more."""
    start("bank", *LIFE).stop()
    return folder

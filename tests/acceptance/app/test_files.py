"""An App on files: what outlives it, what changes with a release. Read by: its authors."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from leftfold import (
    Aggregate,
    App,
    CodecError,
    Command,
    ConfigurationError,
    Event,
    IdReused,
    Rejected,
    Upcaster,
    View,
    evolves,
    handles,
)


class Deposited(Event, name="bank.deposited"):
    account: str
    amount: int


class Deposit(Command[int]):
    account: str
    amount: int


class Account(Aggregate, key="account"):
    balance: int = 0

    @handles(missing_ok=True)
    def deposit(self, command: Deposit) -> int:
        if command.amount <= 0:
            message = "only positive amounts can be deposited"
            raise Rejected(message)
        self.record(Deposited(account=command.account, amount=command.amount))
        return self.balance

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount


class Balance(View, key="account"):
    account: str
    balance: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount


class Largest(View, key="account"):
    account: str
    largest: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.largest = max(self.largest, event.amount)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/bank.db"


async def test_state_answers_and_rows_outlive_the_app(url: str) -> None:
    async with App("bank", Account, Balance, database=url) as app:
        assert await app.send(Deposit(account="a", amount=5), id="first") == 5
        with pytest.raises(Rejected, match="only positive"):
            await app.send(Deposit(account="a", amount=-5), id="refused")
    async with App("bank", Account, Balance, database=url) as app:
        assert await app.send(Deposit(account="a", amount=2)) == 7
        again = await app.dispatch(Deposit(account="a", amount=5), id="first")
        assert (again.result, again.events) == (5, (Deposited(account="a", amount=5),))
        with pytest.raises(Rejected, match="only positive"):
            await app.send(Deposit(account="a", amount=-5), id="refused")
        with pytest.raises(IdReused):
            await app.send(Deposit(account="b", amount=5), id="first")
        row = await app.rows(Balance).get("a", after=again.token)
        assert row is not None
        latest = await app.dispatch(Deposit(account="a", amount=1))
        assert await app.rows(Balance).get("a", after=latest.token) == Balance(
            account="a", balance=8
        )


async def test_a_view_that_is_younger_than_the_events_has_them_all(url: str) -> None:
    async with App("bank", Account, Balance, database=url) as app:
        for amount in (3, 9, 4):
            token = (await app.dispatch(Deposit(account="a", amount=amount))).token
    async with App("bank", Account, Balance, Largest, database=url) as app:
        assert await app.rows(Largest).get("a", after=token) == Largest(account="a", largest=9)


async def test_events_of_an_older_form_are_read_through_an_upcaster(url: str) -> None:
    async with App("bank", Account, database=url) as app:
        await app.send(Deposit(account="a", amount=5))
    newer = _release_two()
    with pytest.raises(ConfigurationError, match=r"Upcaster\('bank\.deposited', revision=1"):
        async with App("bank", newer.account, database=url):
            pass
    to_cents = Upcaster(
        "bank.deposited",
        revision=1,
        to=lambda v: {"account": v["account"], "cents": v["amount"] * 100},
    )
    async with App("bank", newer.account, to_cents, database=url) as app:
        assert await app.send(Deposit(account="a", amount=1)) == 600
    with pytest.raises(CodecError, match="newer than"):
        async with App("bank", Account, database=url) as app:
            await app.send(Deposit(account="a", amount=5))


class _Release:
    def __init__(self, account: Any) -> None:
        self.account = account


def _release_two() -> _Release:
    class Deposited(Event, name="bank.deposited", revision=2):
        account: str
        cents: int

    class Account(Aggregate, key="account"):
        cents: int = 0

        @handles(missing_ok=True)
        def deposit(self, command: Deposit) -> int:
            self.record(Deposited(account=command.account, cents=command.amount * 100))
            return self.cents

        @evolves
        def deposited(self, event: Deposited) -> None:
            self.cents += event.cents

    return _Release(Account)


async def test_an_event_that_no_class_answers_to_is_named_when_it_counts(url: str) -> None:
    async with App("bank", Account, database=url) as app:
        await app.send(Deposit(account="a", amount=5))

    class MoneyIn(Event):
        account: str
        amount: int

    class Renamed(Aggregate, key="account", name="Account"):
        balance: int = 0

        @handles(missing_ok=True)
        def deposit(self, command: Deposit) -> int:
            self.record(MoneyIn(account=command.account, amount=command.amount))
            return self.balance

        @evolves
        def deposited(self, event: MoneyIn) -> None:
            self.balance += event.amount

    async with App("bank", Renamed, database=url) as app:
        with pytest.raises(CodecError, match=r"'bank\.deposited' that no class answers to"):
            await app.send(Deposit(account="a", amount=1))
        assert await app.send(Deposit(account="b", amount=1)) == 1


PROGRAM = """
import asyncio, sys
from tests_app import Account, Balance, Deposit
from leftfold import App

async def main(url: str, worker: int, times: int) -> None:
    async with App("bank", Account, Balance, database=url) as app:
        async def deposit(n: int) -> None:
            await app.send(Deposit(account=f"shared-{n % 3}", amount=1))
        await asyncio.gather(*(deposit(n) for n in range(times)))

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


async def test_processes_share_a_file_and_decide_on_nothing_stale(url: str, tmp_path: Path) -> None:
    workers = [_start(tmp_path, url, worker) for worker in range(3)]
    codes = await asyncio.gather(*(asyncio.to_thread(worker.wait, 100) for worker in workers))
    assert codes == [0, 0, 0]
    async with App("bank", Account, Balance, database=url) as app:
        token = (await app.dispatch(Deposit(account="shared-0", amount=1))).token
        rows = await app.rows(Balance).find().order_by("account")
        assert await app.rows(Balance).get("shared-0", after=token) is not None
        rows = await app.rows(Balance).find().order_by("account")
        assert [row.balance for row in rows] == [3 * 20 + 1, 3 * 20, 3 * 20]


def _start(folder: Path, url: str, worker: int) -> "subprocess.Popen[bytes]":
    (folder / "tests_app.py").write_text(Path(__file__).read_text())
    (folder / "worker.py").write_text(PROGRAM)
    command: Sequence[str] = [sys.executable, "worker.py", url, str(worker), "60"]
    return subprocess.Popen(command, cwd=folder)

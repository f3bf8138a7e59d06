"""A small bank in a module, so that the module can be a part. Read by: tests of the App."""

from typing import Self

from leftfold import (
    Aggregate,
    App,
    Command,
    Event,
    Metadata,
    Query,
    Rejected,
    Rows,
    View,
    evolves,
    handles,
)


class Opened(Event, name="bank.opened"):
    account: str
    owner: str


class Deposited(Event, name="bank.deposited"):
    account: str
    amount: int
    by: str | None = None


class Open(Command[None]):
    account: str
    owner: str


class Deposit(Command[int]):
    account: str
    amount: int


class DepositAll(Command[int]):
    accounts: tuple[str, ...]
    amount: int


class TooLittle(Rejected):
    """Only positive amounts can be deposited."""


class Account(Aggregate, key="account"):
    owner: str
    balance: int = 0

    @handles(new=True)
    def open(self, command: Open) -> None:
        self.record(Opened(account=command.account, owner=command.owner))

    @handles
    def deposit(self, command: Deposit, metadata: Metadata) -> int:
        if command.amount <= 0:
            message = f"{command.amount} is not positive"
            raise TooLittle(message)
        self.record(Deposited(account=command.account, amount=command.amount, by=metadata.actor))
        return self.balance

    @evolves
    @classmethod
    def opened(cls, event: Opened) -> Self:
        return cls(owner=event.owner)

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount


class Balance(View, key="account"):
    account: str
    owner: str = ""
    balance: int = 0

    @evolves
    def opened(self, event: Opened) -> None:
        self.owner = event.owner

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount


class BalanceOf(Query[int]):
    account: str


@handles
async def balance_of(query: BalanceOf, balances: Rows[Balance]) -> int:
    return (await balances.get_one(query.account)).balance


@handles
async def deposit_all(command: DepositAll, app: App) -> int:
    return sum(
        [await app.send(Deposit(account=a, amount=command.amount)) for a in command.accounts]
    )

"""Wrong uses of models. Read by: mypy and pyright; an error is due on each marked line and no other."""

from leftfold import Aggregate, Command, Event, View, evolves, given, handles


class Deposited(Event):
    account: str
    amount: int


class Deposit(Command[int]):
    account: str
    amount: int


class Account(Aggregate, key="account"):
    balance: int = 0

    @handles(new=True, missing_ok=True)  # error
    def open(self, command: Deposit) -> int:
        return self.balance

    @handles
    def deposit(self, command: Deposit) -> int:
        self.record(command)  # error
        self.record({"account": "ann"})  # error
        self.record(Deposited(account=command.account, amount=command.amount))
        return self.balance

    @evolves(missing=True)  # error
    def deposited(self, event: Deposited) -> None:
        self.balance += event.account  # error


class Statement(View, key="account"):
    account: str
    total: int = 0


Statement("ann")  # error
Statement(account=5)  # error
given(Account).when(Deposited(account="ann", amount=5))  # error
given(Account).when(Deposit(account="ann", amount=5)).returns("five")  # error
given(Account, Deposit(account="ann", amount=5))  # error
given(Statement).then(Deposited(account="ann", amount=5))  # error

"""Wrong uses of messages. Read by: mypy and pyright; an error is due on each marked line and no other."""

from dataclasses import dataclass

from leftfold import Command, Event


class Deposited(Event, name="bank.deposited"):
    account: str
    amount: int


class Deposit(Command[int]):
    account: str
    amount: int = 0


class Typo(Event, tag=("account",)):  # error: pyright
    account: str


class Thawed(Event, frozen=False):  # error
    account: str


@dataclass
class Plain:
    account: str


Deposited("ann", 5)  # error
Deposited(account="ann")  # error
Deposited(account="ann", amount="5")  # error
Deposited(account="ann", amount=5, currency="EUR")  # error
deposited = Deposited(account="ann", amount=5)
deposited.amount = 7  # error
deposited.currency  # error
Deposit()  # error

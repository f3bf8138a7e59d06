"""Wrong uses of an App. Read by: mypy and pyright; an error is due on each marked line and no other."""

from leftfold import App, Command, Event, Query, View


class Deposited(Event):
    account: str


class Deposit(Command[int]):
    account: str


class Statement(View, key="account"):
    account: str
    total: int = 0


class StatementOf(Query[Statement]):
    account: str


class Plain:
    account: str


app = App("bank", Statement)


async def main() -> None:
    balance: str = await app.send(Deposit(account="ann"))  # error
    await app.send(Deposited(account="ann"))  # error
    await app.send(StatementOf(account="ann"))  # error
    await app.send(Plain())  # error
    await app.ask(Deposit(account="ann"))  # error
    await app.send(Deposit(account="ann"), timeout=5)  # error
    receipt = await app.dispatch(Deposit(account="ann"))
    token: int = receipt.token  # error
    result: str = receipt.result  # error
    row = await app.rows(Statement).get("ann")
    row.total  # error
    app.rows(Deposited)  # error
    total: str = (await app.rows(Statement).get_one("ann")).total  # error
    print(balance, token, result, total)

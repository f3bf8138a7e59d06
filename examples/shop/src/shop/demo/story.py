"""Tells the story of a shop, step by step, on a new database. Read by: `shop demo`, newcomers."""

from datetime import UTC, datetime
from decimal import Decimal
from inspect import getsource
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

from leftfold import App, Rejected, StoreUnusable
from shop.app import shop
from shop.customers.messages import Subscribe
from shop.customers.queries import ProfileOf
from shop.demo.hours import SalesByHour
from shop.demo.narrator import Narrator
from shop.demo.trading import trade_for_a_day
from shop.orders.messages import ConfirmPayment, Line, PlaceOrder, ShipOrder
from shop.orders.queries import OrderOf, OrdersOf
from shop.orders.views import counted
from shop.payments.messages import TakePayment
from shop.payments.queries import BillingOf
from shop.tables import bars, history_table, orders_table, parties
from shop.terminal import make_console, programs

__all__ = ["tell"]

SQLITE = "sqlite:///"
MUG = Line(product="mug", quantity=3, price=Decimal("8.50"))
TEAPOT = Line(product="teapot", quantity=1, price=Decimal("32.00"))
GIFT = Line(product="ribbon", quantity=1, price=Decimal(0))


async def tell(database: str | None, *, orders: int) -> None:
    """Tell the story.

    Args:
        database: Where it is kept, a new file; in a temporary folder if none is given.
        orders: How many orders the day of trade has.
    """
    began = perf_counter()
    url = database or f"{SQLITE}{mkdtemp(prefix='shop-')}/shop.db"
    _must_be_new(url)
    narrator = Narrator(make_console())
    narrator.title(
        "A shop on Leftfold",
        "Commands are decided, what was decided is stored as events, and read models are "
        "folded from the events. All of it happens now, on disk, in one SQLite file.",
    )
    async with shop(url) as app:
        await _place(app, narrator)
        await _refuse(app, narrator)
        await _pay_and_ship(app, narrator)
        checkout = await _read_own_write(app, narrator)
        await _two_contexts(app, narrator)
        await _history(app, narrator)
        await _twice(app, narrator, checkout)
        token = await trade_for_a_day(app, narrator, orders=orders)
    await _new_view(url, token, narrator)
    _what_next(url, narrator, perf_counter() - began)


async def _place(app: App, narrator: Narrator) -> None:
    narrator.step(
        "A command is decided, and facts are stored",
        "Ann orders three things. One has no price, which is no reason to turn her away: the "
        "line is refused, and that is a fact as well.",
    )
    command = _order("1001", MUG, TEAPOT, GIFT)
    narrator.sends(command)
    receipt = await app.dispatch(command, id="checkout-1", actor="ann")
    narrator.stored(*receipt.events)
    narrator.answers(f"{counted(receipt.result)} placed")


async def _refuse(app: App, narrator: Narrator) -> None:
    narrator.step(
        "A rule says no, and says why",
        "An order must be paid before it is shipped. A refusal has a code for programs and a "
        "reason for people; nothing is stored.",
    )
    command = ShipOrder(order="1001", carrier="royal-post")
    narrator.sends(command)
    try:
        await app.send(command, actor="bob")
    except Rejected as refusal:
        narrator.refuses(refusal)


async def _pay_and_ship(app: App, narrator: Narrator) -> None:
    narrator.step(
        "So it is paid, and shipped",
        "Payments is a context of its own. It takes the money; orders only hears that it has. "
        "(The demo passes that on by hand; a saga will.)",
    )
    due = MUG.price * MUG.quantity + TEAPOT.price
    for command, actor in (
        (
            TakePayment(payment="p-1", order="1001", customer="ann", amount=due, method="card"),
            "till",
        ),
        (ConfirmPayment(order="1001", payment="p-1"), "till"),
        (ShipOrder(order="1001", carrier="royal-post"), "bob"),
    ):
        narrator.sends(command)
        receipt = await app.dispatch(command, actor=actor)
        narrator.stored(*receipt.events)


async def _read_own_write(app: App, narrator: Narrator) -> PlaceOrder:
    narrator.step(
        "Read your own write",
        "Read models follow the log, a moment behind. Whoever has just written holds a position "
        "token: asked after it, a read model answers when it has got that far.",
    )
    command = _order("1002", TEAPOT)
    narrator.sends(command)
    receipt = await app.dispatch(command, id="checkout-2", actor="ann")
    narrator.answers(f"{counted(receipt.result)} placed, position token {receipt.token[:20]}…")
    question = OrdersOf(customer="ann")
    narrator.sends(question, after=receipt.token)
    found = await app.ask(question, after=receipt.token)
    narrator.shows(orders_table(found))
    return command


async def _two_contexts(app: App, narrator: Narrator) -> None:
    narrator.step(
        "One customer, two contexts",
        "Marketing and accounting mean different things by a customer. Each context folds its "
        "own picture from the same public events; they share the id and nothing else.",
    )
    command = Subscribe(customer="ann")
    narrator.sends(command)
    receipt = await app.dispatch(command, actor="ann")
    profile = await app.ask(ProfileOf(customer="ann"), after=receipt.token)
    billing = await app.ask(BillingOf(customer="ann"), after=receipt.token)
    narrator.shows(parties(profile, billing))


async def _history(app: App, narrator: Narrator) -> None:
    narrator.step(
        "The history of one order",
        "Nothing was overwritten, so who did what, when, and by which command can still be told.",
    )
    question = OrderOf(order="1001")
    narrator.sends(question)
    narrator.shows(history_table(await app.ask(question)))


async def _twice(app: App, narrator: Narrator, command: PlaceOrder) -> None:
    narrator.step(
        "Sent twice, done once",
        "Ann's browser lost the answer and sends the order again, with the id that it had. The "
        "receipt of the first is kept for ever: it gets that answer, and there is no second order.",
    )
    narrator.sends(command, id="checkout-2")
    receipt = await app.dispatch(command, id="checkout-2", actor="ann")
    found = await app.ask(OrdersOf(customer="ann"), after=receipt.token)
    narrator.answers(f"{counted(receipt.result)} placed, as before; Ann has {len(found)} orders")


async def _new_view(url: str, token: str, narrator: Narrator) -> None:
    narrator.step(
        "A read model younger than its events",
        "Nobody had asked which hours are busy, until now. Started on the same database, this view "
        "folds everything since the first event:",
    )
    narrator.code(getsource(SalesByHour))
    began = perf_counter()
    async with shop(url, SalesByHour) as app:
        rows = app.rows(SalesByHour)
        await rows.get("12", after=token, timeout_s=30)
        hours = await rows.find().order_by("hour")
        took = perf_counter() - began
    narrator.answers(f"{sum(hour.orders for hour in hours):,} orders folded in {took:.1f} s")
    narrator.shows(bars("hour", [(row.hour, row.orders, row.sales) for row in hours]))


def _what_next(url: str, narrator: Narrator, took_s: float) -> None:
    narrator.step(
        "What to try next", f"The story took {took_s:.0f} s, and the shop is still there:"
    )
    folder = programs()
    for line in (
        f"export SHOP_DATABASE={url}",
        f"{folder}shop report",
        f"{folder}shop history 1001",
        f"{folder}leftfold status shop.app:app",
        f"{folder}leftfold show Order/1001 shop.app:app",
    ):
        narrator.console.print(f"  [send]{line}[/]", soft_wrap=True)
    narrator.console.print(
        "\n  The code is in [head]examples/shop[/]: begin with orders/order.py, the rules, and\n"
        "  orders/views.py, what is asked of them.\n"
    )


def _order(number: str, *lines: Line) -> PlaceOrder:
    return PlaceOrder(
        order=number,
        customer="ann",
        country="United Kingdom",
        ordered_at=datetime.now(UTC),
        lines=lines,
    )


def _must_be_new(url: str) -> None:
    """Refuse a file that is there: the story begins with an empty shop.

    Raises:
        StoreUnusable: There is such a file.
    """
    file = Path(url.removeprefix(SQLITE))
    if url.startswith(SQLITE) and file.exists():
        message = (
            f"{file} is there already, and the story begins with an empty shop. Name a new file."
        )
        raise StoreUnusable(message)

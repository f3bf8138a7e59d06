"""Trades for a day: sends its commands, many in flight, and counts. Read by: the demo."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter
from typing import Any

from leftfold import App, Command, Rejected
from shop.demo.day import Visit, day_of_trade
from shop.demo.narrator import Narrator
from shop.orders.messages import ConfirmPayment, ShipOrder
from shop.orders.queries import SalesReport
from shop.payments.messages import TakePayment
from shop.terminal import meter

__all__ = ["trade_for_a_day"]

IN_FLIGHT = 128


async def trade_for_a_day(app: App, narrator: Narrator, *, orders: int) -> str:
    """Trade, print what came of it, and return a token at which all of it is stored."""
    narrator.step(
        "A day of trade",
        f"{orders:,} orders, placed, paid and shipped by {IN_FLIGHT} hands at once. Every command "
        "is on disk before it is answered; those that wait share one flush.",
    )
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    *visits, last = day_of_trade(orders, day=today)
    desk, queue = Desk(app), iter(visits)
    began = perf_counter()
    with meter(narrator.console, "Trading", orders) as served:
        async with asyncio.TaskGroup() as hands:
            for _ in range(IN_FLIGHT):
                hands.create_task(desk.serve(queue, served))
        # After all others have their answer, so its token is newer than all of theirs.
        token = await desk.send(last.order, "checkout")
        served()
    took_s = perf_counter() - began
    sales = await app.ask(SalesReport(), after=token, timeout_s=30)
    counts = desk.counts
    narrator.answers(
        f"{counts['commands']:,} commands and {counts['events']:,} events in {took_s:.1f} s: "
        f"{counts['events'] / took_s:,.0f} events/s"
    )
    narrator.answers(
        f"{sales.orders:,} orders of {sales.sales:,.2f} in the read models, which kept up"
    )
    narrator.answers(
        f"refused: {sales.refused_lines:,} lines for nothing, "
        f"{counts['not-paid']:,} parcels that were not paid for"
    )
    return token or ""


class Desk:
    """Where the customers of the day are served."""

    def __init__(self, app: App) -> None:
        """Begin the day with nothing counted."""
        self.counts: Counter[str] = Counter()
        self._app = app

    async def serve(self, queue: Iterator[Visit], served: Callable[[], None]) -> None:
        """Serve one customer after the other; all hands take from one queue."""
        for visit in queue:
            await self._visit(visit)
            served()

    async def _visit(self, visit: Visit) -> None:
        order = visit.order
        await self.send(order, "checkout")
        due = sum((line.price * line.quantity for line in order.lines), Decimal(0))
        if visit.pays and due:
            payment = f"p-{order.order}"
            await self.send(
                TakePayment(
                    payment=payment,
                    order=order.order,
                    customer=order.customer,
                    amount=due,
                    method="card",
                ),
                "till",
            )
            await self.send(ConfirmPayment(order=order.order, payment=payment), "till")
        if visit.is_sent:
            await self.send(ShipOrder(order=order.order, carrier="royal-post"), "warehouse")

    async def send(self, command: Command[Any], actor: str) -> str | None:
        """Send a command; count its events, or its refusal. Return its position token."""
        self.counts["commands"] += 1
        try:
            receipt = await self._app.dispatch(command, actor=actor)
        except Rejected as refusal:
            self.counts[refusal.code] += 1
            return None
        self.counts["events"] += len(receipt.events)
        return receipt.token

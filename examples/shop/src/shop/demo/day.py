"""Makes up a day of trade: who orders what, when, and whether it is paid. Read by: the demo.

The same seed gives the same day.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from msgspec import Struct

from shop.orders.messages import Line, PlaceOrder

__all__ = ["Visit", "day_of_trade"]

PRICES = {
    "lantern": "12.50",
    "mug": "8.50",
    "notebook": "4.25",
    "teapot": "32.00",
    "candle": "2.95",
    "bunting": "9.95",
    "cake-tin": "14.95",
    "night-light": "1.65",
    "tea-towel": "6.75",
    "doormat": "24.99",
}
COUNTRIES = {"United Kingdom": 70, "Germany": 12, "France": 10, "Netherlands": 5, "Spain": 3}
# How many come in each hour of the day: few at night, most at noon, some after work.
HOURS = (1, 0, 0, 0, 0, 1, 3, 8, 16, 28, 40, 52, 64, 58, 48, 40, 34, 30, 26, 30, 24, 14, 6, 2)


class Visit(Struct, frozen=True, kw_only=True):
    """One order of the day, and what its customer does about it."""

    order: PlaceOrder
    pays: bool
    is_sent: bool


def day_of_trade(orders: int, *, day: datetime, seed: int = 1) -> Iterator[Visit]:
    """Give the visits of a day, in the order of the clock.

    Args:
        orders: How many.
        day: When it begins.
        seed: Another one gives another day.
    """
    chance = Random(seed)  # noqa: S311  a made-up day, no secret
    hours = chance.choices(range(len(HOURS)), HOURS, k=orders)
    moments = sorted(day + timedelta(hours=hour, seconds=chance.randrange(3600)) for hour in hours)
    for number, moment in enumerate(moments, start=1):
        pays = _happens(chance, 0.92)
        yield Visit(
            order=PlaceOrder(
                order=f"day-{number}",
                customer=f"c-{chance.randrange(orders)}" if _happens(chance, 0.95) else None,
                country=chance.choices(list(COUNTRIES), list(COUNTRIES.values()))[0],
                ordered_at=moment,
                lines=tuple(_line(chance) for _ in range(1 + int(chance.expovariate(0.4)))),
            ),
            pays=pays,
            is_sent=pays or _happens(chance, 0.3),
        )


def _line(chance: Random) -> Line:
    product, price = chance.choice(list(PRICES.items()))
    return Line(
        product=product,
        quantity=1 + int(chance.expovariate(0.3)),
        price=Decimal(price if _happens(chance, 0.99) else 0),  # for nothing, so refused
    )


def _happens(chance: Random, probability: float) -> bool:
    return chance.random() < probability

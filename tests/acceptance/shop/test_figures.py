"""The figures computed apart are themselves right. Read by: who doubts the other tests here."""

from datetime import datetime
from decimal import Decimal
from typing import Any


def test_a_year_small_enough_to_sum_up_by_hand(apart: Any) -> None:
    def row(invoice: str, product: str, quantity: int, price: float, **more: Any) -> Any:
        fields = {
            "description": None,
            "date": datetime(2010, 12, 31, 23),  # noqa: DTZ001  as in the file
            "customer": 1.0,
            "country": "EIRE",
        }
        return apart.Row(
            invoice=invoice, product=product, quantity=quantity, price=price, **{**fields, **more}
        )

    new_year = datetime(2011, 1, 1)  # noqa: DTZ001  as in the file
    figures = apart.figures_of(
        [
            row("1", "mug", 2, 0.105),
            row("2", "mug", 1, 10.0, date=new_year, customer=None, country="Spain"),
            row("1", "Mug", 1, 5.0, date=new_year),  # torn off, and a moment later
            row("1", "mug", 1, 0.0),
            row("3", "mug", -1, 5.0),
            row("C4", "mug", -1, 0.105),
            row("C4", "mug", 1, 0.105),
            row("C5", "mug", -1, 0.0),
            row("A6", "B", 1, 99.0),
        ]
    )

    assert figures == {
        "orders": 2,
        "order_lines": 3,
        "sales": Decimal("15.21"),
        "credit_notes": 1,
        "credit_lines": 1,
        "credits": Decimal("-0.105"),
        "refused_order_lines": 2,
        "refused_credit_lines": 2,
        "refused_orders": 1,
        "refused_adjustments": 1,
        "orders_without_customer": 1,
        "most_lines": 2,
        "customers": 1,
        "products": 2,
        "by_country": {
            "EIRE": {"orders": 1, "sales": Decimal("5.21")},
            "Spain": {"orders": 1, "sales": Decimal(10)},
        },
        "by_month": {"2010-12": Decimal("5.21"), "2011-01": Decimal(10)},
        "all_customers": {"1": Decimal("5.21")},
        "all_products": {"mug": Decimal("10.21"), "Mug": Decimal(5)},
    }

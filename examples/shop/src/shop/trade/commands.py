"""Says which command a document becomes. Read by: the import.

A number that begins with `C` is a credit note, with `A` an adjustment of bad debt; any other is
an order. What is right about it is not decided here but by the model.
"""

from decimal import Decimal
from typing import Any

from leftfold import Command
from shop.orders.messages import Line, PlaceOrder
from shop.payments.messages import AdjustDebt, CreditLine, IssueCreditNote
from shop.trade.documents import Document

__all__ = ["command_of", "id_of"]


def command_of(document: Document) -> Command[Any]:
    """Return the command for a document."""
    if document.number.startswith("C"):
        return IssueCreditNote(
            credit_note=document.number,
            customer=document.customer,
            country=document.country,
            issued_at=document.dated,
            lines=tuple(
                [
                    CreditLine(product=product, quantity=quantity, price=price)
                    for product, quantity, price in document.lines
                ]
            ),
        )
    if document.number.startswith("A"):
        return AdjustDebt(
            adjustment=document.number,
            amount=sum((price * quantity for _, quantity, price in document.lines), Decimal(0)),
            asked_at=document.dated,
        )
    return PlaceOrder(
        order=document.number,
        customer=document.customer,
        country=document.country,
        ordered_at=document.dated,
        lines=tuple(
            [
                Line(product=product, quantity=quantity, price=price)
                for product, quantity, price in document.lines
            ]
        ),
    )


def id_of(document: Document) -> str:
    """Return the id of a document's command, the same at each import, so that it runs once."""
    return f"invoice/{document.number}"

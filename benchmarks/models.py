"""The models that are measured: an order that decides, a statement that is queried."""

from __future__ import annotations

from typing import Self

from leftfold import Aggregate, Command, Event, View, evolves, field, handles

__all__ = [
    "Account",
    "AddItem",
    "Deposit",
    "Deposited",
    "ItemAdded",
    "Order",
    "OrderPlaced",
    "PlaceOrder",
    "Statement",
]


class OrderPlaced(Event):
    """An order was placed."""

    order_id: str
    customer: str
    sku: str
    quantity: int
    price_cents: int
    currency: str


class ItemAdded(Event):
    """Another article, in an event of the same weight."""

    order_id: str
    customer: str
    sku: str
    quantity: int
    price_cents: int
    currency: str


class PlaceOrder(Command[None]):
    """Asks for a new order."""

    order_id: str
    customer: str
    sku: str
    quantity: int
    price_cents: int


class AddItem(Command[int]):
    """Asks for another article; the answer is what all cost."""

    order_id: str
    sku: str
    quantity: int
    price_cents: int


class Order(Aggregate, key="order_id"):
    """What eventsourcing's side does as well: items by article, and their sum."""

    customer: str
    items: dict[str, int] = field(default_factory=dict[str, int])
    total_cents: int = 0

    @handles(new=True)
    def place(self, command: PlaceOrder) -> None:
        """Place it."""
        self.record(
            OrderPlaced(
                order_id=command.order_id,
                customer=command.customer,
                sku=command.sku,
                quantity=command.quantity,
                price_cents=command.price_cents,
                currency="EUR",
            )
        )

    @handles
    def add(self, command: AddItem) -> int:
        """Add an article."""
        self.record(
            ItemAdded(
                order_id=command.order_id,
                customer=self.customer,
                sku=command.sku,
                quantity=command.quantity,
                price_cents=command.price_cents,
                currency="EUR",
            )
        )
        return self.total_cents

    @evolves
    @classmethod
    def placed(cls, event: OrderPlaced) -> Self:
        """Begin with the first article."""
        return cls(
            customer=event.customer,
            items={event.sku: event.quantity},
            total_cents=event.quantity * event.price_cents,
        )

    @evolves
    def added(self, event: ItemAdded) -> None:
        """Count another."""
        self.items[event.sku] = self.items.get(event.sku, 0) + event.quantity
        self.total_cents += event.quantity * event.price_cents


class Deposited(Event):
    """Money came in."""

    account: str
    amount: int


class Deposit(Command[int]):
    """Asks to take money in; the answer is the balance."""

    account: str
    amount: int


class Account(Aggregate, key="account"):
    """The least that decides."""

    balance: int = 0

    @handles(missing_ok=True)
    def deposit(self, command: Deposit) -> int:
        """Take it in."""
        self.record(Deposited(account=command.account, amount=command.amount))
        return self.balance

    @evolves
    def deposited(self, event: Deposited) -> None:
        """Add it."""
        self.balance += event.amount


class Statement(View, key="account"):
    """A small row that every deposit changes."""

    account: str
    total: int = 0
    deposits: int = 0

    @evolves
    def deposited(self, event: Deposited) -> None:
        """Add it."""
        self.total += event.amount
        self.deposits += 1

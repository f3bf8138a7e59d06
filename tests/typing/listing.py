"""Every public form that exists, as a user writes it. Read by: mypy and pyright, both strict.

Its module-level code runs too; `main()` is for the type checkers alone.
"""
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self
from msgspec import Struct
from sqlalchemy import Connection
from leftfold import (
    Aggregate, App, Boundary, Command, Decider, Event, Metadata, NotFound, Page, Projection, Query, Rejected, Rows,
    TestApp, Upcaster, View, evolves, given, handles)
# MESSAGES: frozen, keyword-only. Class keywords are a closed list (name, revision, tags, public, formerly): a typo is an error.
class Line(Struct, frozen=True):                   # value objects and entities are plain Structs, never registered
    product: str
    quantity: int
    price: Decimal
class OrderPlaced(Event, tags=("order", "customer"), public=True):   # public: may be seen by other contexts
    order: str
    customer: str                                  # a tag is str(value); None gives no tag
    lines: tuple[Line, ...]
class OrderPaid(Event, name="shop.order-paid", revision=2, tags={"order": "ref"}):  # tag <- field, fields or function
    ref: str
class OrderShipped(Event, tags=("order",)): order: str
class PlaceOrder(Command[None]): order: str; customer: str; lines: tuple[Line, ...]
class PayOrder(Command[None]): ref: str
class ShipOrder(Command[Decimal]): order: str      # Command[R]: `send` returns R; compared with the handler at start
class NotPaid(Rejected): """The order must be paid before it is shipped."""
# AGGREGATE: one stream, `<name>/<key>`. `key=` is the field of its commands that holds the key.
class Order(Aggregate, key="order"):
    customer: str                                  # no default: a classmethod @evolves must build the state
    total: Decimal = Decimal(0)                    # = {} and = [] are safe
    is_paid: bool = False                          # a field and a method may not share a name
    @handles(new=True)                             # AlreadyExists if there are events; default: NotFound if there are none
    def place(self, command: PlaceOrder, metadata: Metadata) -> None:       # required fields are unset until `record`
        self.record(OrderPlaced(order=command.order, customer=command.customer, lines=command.lines))
    @handles(key="ref")                            # this command names the key differently; missing_ok=True: either way
    def pay(self, command: PayOrder) -> None:
        self.record(OrderPaid(ref=command.ref))
    @handles
    def ship(self, command: ShipOrder) -> Decimal: # sync only; Rows and connections are not injected here
        if not self.is_paid:
            raise NotPaid(f"order {command.order} is not paid")
        self.record(OrderShipped(order=command.order))
        return self.total
    @evolves
    @classmethod                                   # either order of the two; replaces the whole state
    def placed(cls, event: OrderPlaced) -> Self:
        return cls(customer=event.customer, total=sum((x.price * x.quantity for x in event.lines), Decimal(0)))
    @evolves                                       # a union of events is allowed
    def paid(self, event: OrderPaid) -> None:
        self.is_paid = True
# BOUNDARY: folds the events that it evolves and that carry ANY of its tags. Fields without default: from the command.
class OpenOrders(Boundary, tags=("customer",)):    # or tags={"account": ("source", "target")}: tag <- command's fields
    customer: str
    orders: set[str] = set()
    @handles                                       # no new/missing_ok; @handles(tags=…) where a command's fields differ
    def place(self, command: PlaceOrder) -> None:  # (in one App only one part may handle PlaceOrder)
        if len(self.orders) >= 5:
            raise Rejected("five open orders")
        self.record(OrderPlaced(order=command.order, customer=self.customer, lines=command.lines), to=Order)
    @evolves                                       # `to`: only if several Aggregates evolve the type; one: its stream
    def placed(self, event: OrderPlaced) -> None:  # none: `<Boundary>/<value of the first tag>`
        self.orders.add(event.order)               # @evolves(tags=("customer",)) narrows to some of the class's tags
# DECIDER: pure functions over Command[None]; the message types are read from the annotations.
class TurnOn(Command[None]): lamp: str
class TurnedOn(Event): lamp: str
def decide(command: TurnOn, on: bool) -> list[TurnedOn]: return [] if on else [TurnedOn(lamp=command.lamp)]
def evolve(on: bool, event: TurnedOn) -> bool: return True
lamp = Decider(name="lamp", key="lamp", initial=False, evolve=evolve, decide=decide)
# VIEW: no row yet: built by the classmethod, or from defaults, else the event is parked (missing_ok=True: ignored).
class CustomerOrder(View, key="order", indexes=(("customer", "placed_at"),), version=1):
    order: str                                     # key fields are declared, filled by Leftfold, read-only
    customer: str
    placed_at: datetime
    status: str = "placed"
    @evolves
    @classmethod
    def placed(cls, event: OrderPlaced, metadata: Metadata) -> Self:
        return cls(order=event.order, customer=event.customer, placed_at=metadata.time)
    @evolves(key="ref")                            # field, function of the event, or a tuple of these for a composite key
    def paid(self, event: OrderPaid) -> None:
        self.status = "paid"
    @evolves(missing_ok=True)
    def shipped(self, event: OrderShipped) -> None:
        self.delete()                              # a later event may build the row again
class ProductSales(View, key="product"):           # composite: key=("room", "night"), then views.get(room, night)
    product: str
    sold: int = 0
    @evolves(each="lines")                         # one call per line; or a method of the event: each=RoomBooked.nights
    def placed(self, event: OrderPlaced, line: Line) -> None:      # key fields from the line, else from the event
        self.sold += line.quantity
class OrdersOf(Query[Page[CustomerOrder]]): customer: str; after: str | None = None
class OrderOf(Query[CustomerOrder | None]): order: str
# FREE FUNCTIONS: the message comes first, the rest is injected by type. `def` runs in a worker thread, as in FastAPI.
@handles
async def orders_of(query: OrdersOf, orders: Rows[CustomerOrder]) -> Page[CustomerOrder]:      # .items, .next
    return await orders.find(customer=query.customer).order_by("-placed_at").page(20, after=query.after)
@handles
async def order_of(query: OrderOf, orders: Rows[CustomerOrder]) -> CustomerOrder | None:   # get_one: NotFound
    return await orders.get(query.order)           # find(orders.table.c.placed_at < t, status="x"); await it: list[T]
class Mailer:
    async def send(self, to: str, *, id: str) -> None: ...
async def mailer() -> AsyncIterator[Mailer]: yield Mailer()        # opened and closed with the App
class ShipAll(Command[int]): orders: tuple[str, ...]
@handles
async def ship_all(command: ShipAll, app: App) -> int:     # COMMAND: appends nothing; ids of its sends derive from its own
    return len([await app.send(ShipOrder(order=order)) for order in command.orders])
class Sales(Projection, version=1):                # replayed; plain def, in a worker thread, in the position's transaction
    @handles
    def placed(self, event: OrderPlaced, connection: Connection) -> None: ...
async def log(message: object, metadata: Metadata, proceed: Callable[[], Awaitable[Any]]) -> Any: return await proceed()
def from_v1(data: dict[str, Any]) -> dict[str, Any]: return {"ref": data["order"]}
orders = App("orders", Order, CustomerOrder, ProductSales, orders_of, order_of, ship_all, Sales, lamp,
             Upcaster("shop.order-paid", revision=1, to=from_v1))  # a module may be a part: what it defines, not imports
shop = App("shop", orders, database="sqlite:///shop.db",  # an App is a context; they nest
           provide={Mailer: mailer}, intercept=(log,))               # type -> instance, or function that makes or yields it
async def main() -> None:
    async with shop:
        receipt = await shop.dispatch(ShipOrder(order="o-1"), id="retry-me", actor="ann")   # .result .token .events
        page = await shop.ask(OrdersOf(customer="c"), after=receipt.token, timeout_s=2)
        print(page.items)
    with shop.blocking() as b: b.ask(OrderOf(order="o-1"))
    async with TestApp(shop, provide={Mailer: Mailer()}) as app: await app.settled()  # .advance(timedelta); in memory
placed = OrderPlaced(order="o-1", customer="c", lines=())
given(Order, placed, OrderPaid(ref="o-1")).when(ShipOrder(order="o-1")).then(OrderShipped(order="o-1")).returns(Decimal(0))
given(Order).when(ShipOrder(order="o-1"), at=datetime(2030, 1, 1, tzinfo=UTC)).rejected(NotFound, match="o-1")
given(ProductSales, placed).then()  # then(*rows): all, any order

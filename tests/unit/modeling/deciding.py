"""A kernel over a store in memory, and models for it. Read by: tests of modeling and the bus."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Self
from uuid import UUID

from leftfold.bus.context import Envoy
from leftfold.clock import Clock, SystemClock
from leftfold.codec import Codec, Upcaster
from leftfold.errors import Rejected
from leftfold.eventstore import EventStore, GroupCommit, MemoryEventStore, Record
from leftfold.messages import Command, Event, Metadata
from leftfold.messages.ids import Ids
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.aggregate_model import AggregateModel, aggregate_model
from leftfold.modeling.answering import Answer
from leftfold.modeling.boundary import Boundary
from leftfold.modeling.boundary_model import boundary_model
from leftfold.modeling.cache import StateCache
from leftfold.modeling.decider import Decider
from leftfold.modeling.decider_model import decider_model
from leftfold.modeling.kernel import Kernel, KernelParts, Route
from leftfold.modeling.loading import Loader
from leftfold.modeling.locks import Locks
from leftfold.modeling.plan import DecidingModel
from leftfold.modeling.roles import evolves, handles
from leftfold.modeling.unrecorded import watch_state


def compiled(model: Any) -> DecidingModel:
    if isinstance(model, Decider):
        return decider_model(model)
    return aggregate_model(model) if issubclass(model, Aggregate) else boundary_model(model)


def _inject(handler: Any, metadata: Metadata) -> dict[str, Any]:
    return {parameter.name: metadata for parameter in handler.parameters}


@dataclass
class Deciding:
    """Models that decide, joined with a store as an App does it."""

    store: EventStore
    kernel: Kernel
    cache: StateCache
    envoy: Envoy
    identity: UUID
    routes: dict[type[Command[Any]], Route]

    async def answer(
        self, command: Command[Any], *, id: str | None = None, actor: str | None = None
    ) -> Answer:
        metadata, text = self.envoy.metadata(store=self.identity, actor=actor, given=id)
        return await self.kernel.decide(self.routes[type(command)], command, metadata, text)

    async def send(self, command: Command[Any], *, id: str | None = None) -> Any:
        answer = await self.answer(command, id=id)
        if answer.refusal is not None:
            raise answer.refusal
        return answer.result

    async def log(self) -> Sequence[Record]:
        return (await self.store.read_all((), after=None, limit=10_000)).records

    async def types(self) -> list[str]:
        return [record.type for record in await self.log()]


@asynccontextmanager
async def deciding(
    *models: Any,
    store: EventStore | None = None,
    clock: Clock | None = None,
    events: Iterable[type[Event]] = (),
    upcasters: Iterable[Upcaster] = (),
    watch: bool = False,
    cache_bytes: int = 1 << 20,
) -> AsyncIterator[Deciding]:
    clock = clock or SystemClock()
    store = store or MemoryEventStore(clock)
    known = [compiled(model) for model in models]
    codec = Codec({*events, *(e for model in known for e in model.events)}, upcasters)
    ids = Ids(clock)
    async with GroupCommit(store, clock) as group:
        parts = KernelParts(
            store=store,
            append=group.append,
            codec=codec,
            clock=clock,
            ids=ids,
            cache=StateCache(cache_bytes),
            locks=Locks(),
            loader=Loader(store, codec),
            aggregates=[model for model in known if isinstance(model, AggregateModel)],
            watch=watch_state if watch else None,
        )
        yield Deciding(
            store=store,
            kernel=Kernel(parts),
            cache=parts.cache,
            envoy=Envoy(clock, ids),
            identity=await store.identity(),
            routes={
                handler.command: Route(
                    model=model, handler=handler, inject=partial(_inject, handler)
                )
                for model in known
                for handler in model.handlers.values()
            },
        )


# A bank, whose accounts are flat, so that their states are copied.


class Opened(Event, tags=("account",)):
    account: str
    owner: str


class Deposited(Event, tags=("account",)):
    account: str
    amount: int


class Closed(Event, tags=("account",)):
    account: str


class Open(Command[None]):
    account: str
    owner: str


class Deposit(Command[int]):
    account: str
    amount: int


class Close(Command[None]):
    account: str


class NotPositive(Rejected):
    """Only positive amounts can be deposited."""


class Account(Aggregate, key="account"):
    owner: str
    balance: int = 0

    @handles(new=True)
    def open(self, command: Open) -> None:
        self.record(Opened(account=command.account, owner=command.owner))

    @handles
    def deposit(self, command: Deposit) -> int:
        if command.amount <= 0:
            message = f"{command.amount} is not positive, and there are {self.balance}"
            raise NotPositive(message)
        self.record(Deposited(account=command.account, amount=command.amount))
        return self.balance

    @handles
    def close(self, command: Close) -> None:
        self.record(Closed(account=command.account))

    @evolves
    @classmethod
    def opened(cls, event: Opened) -> Self:
        return cls(owner=event.owner)

    @evolves
    def deposited(self, event: Deposited) -> None:
        self.balance += event.amount

    @evolves(ends=True)
    def closed(self, event: Closed) -> None:
        """Nothing is left to know."""


# A list, whose states hold something that can be changed, so that they are not copied.


class Noted(Event):
    list: str
    word: str


class Note(Command[int]):
    list: str
    word: str


class Notes(Aggregate, key="list"):
    words: list[str] = []

    @handles(missing_ok=True)
    def note(self, command: Note) -> int:
        if command.word in self.words:
            message = f"{command.word} is noted already, among {len(self.words)}"
            raise Rejected(message)
        if command.word:
            self.record(Noted(list=command.list, word=command.word))
        return len(self.words)

    @evolves
    def noted(self, event: Noted) -> None:
        self.words.append(event.word)


# A transfer, which is decided on two accounts.


class Transfer(Command[int]):
    source: str
    target: str
    amount: int


class Transfers(Boundary, tags={"account": ("source", "target")}):
    source: str
    balance: int = 0

    @handles
    def transfer(self, command: Transfer) -> int:
        if command.amount > self.balance:
            message = f"{command.source} has only {self.balance}"
            raise Rejected(message)
        self.record(Deposited(account=command.source, amount=-command.amount), to=Account)
        self.record(Deposited(account=command.target, amount=command.amount), to=Account)
        return self.balance

    @evolves
    def deposited(self, event: Deposited) -> None:
        if event.account == self.source:
            self.balance += event.amount

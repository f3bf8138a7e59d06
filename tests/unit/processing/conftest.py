"""A log in memory and what follows it. Read by: authors of these tests."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from leftfold.adapters.sqlite.readside import open_readside
from leftfold.bus.injection import Injector
from leftfold.bus.providing import Services
from leftfold.clock import SystemClock
from leftfold.codec.codec import Codec
from leftfold.codec.envelope import encode_envelope
from leftfold.eventstore.memory import open_memory
from leftfold.eventstore.port import Appended, Commit, EventStore, NewRecord
from leftfold.eventstore.tokens import encode_token
from leftfold.messages.ids import Ids
from leftfold.messages.message import Event
from leftfold.messages.metadata import Metadata
from leftfold.processing.injecting import row_injectables
from leftfold.processing.port import ReadSide
from leftfold.processing.readmodels import ReadModels

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Log:
    """A store in memory, its codec, a read side, and a short way to append."""

    def __init__(self, store: EventStore, readside: ReadSide, clock: SystemClock) -> None:
        self.store = store
        self.readside = readside
        self.clock = clock
        self._ids = Ids(clock)

    async def put(self, *events: Event, tenant: str = "") -> str:
        """Append events and return the position token after them."""
        envelope = encode_envelope(Metadata(id=UUID(int=1), time=NOON))
        records: list[NewRecord] = []
        for event in events:
            sealed = Codec([type(event)]).seal(event)
            records.append(
                NewRecord(
                    id=self._ids.new(),
                    stream="tests/1",
                    type=sealed.type,
                    revision=sealed.revision,
                    tags=frozenset(),
                    data=sealed.data,
                    metadata=envelope,
                )
            )
        (result,) = await self.store.append([Commit(tenant=tenant, records=tuple(records))])
        assert isinstance(result, Appended)
        return encode_token(await self.store.identity(), result.last)

    @asynccontextmanager
    async def following(
        self,
        *views: Any,
        projections: Sequence[Any] = (),
        events: Sequence[type[Event]] = (),
        provide: dict[type, object] | None = None,
        readside: ReadSide | None = None,
        store: EventStore | None = None,
    ) -> AsyncIterator[ReadModels]:
        """Run views and projections on the log."""
        found: list[ReadModels] = []
        services = Services(provide or {})
        wanted = {*events, *(e for v in (*views, *projections) for e in _events_of(v))}
        read_models = ReadModels(
            store=store or self.store,
            codec=Codec(sorted(wanted, key=lambda e: e.__qualname__)),
            readside=readside or self.readside,
            clock=self.clock,
            views=views,
            projections=projections,
            injector=Injector(services, row_injectables(lambda: found[0])),
        )
        found.append(read_models)
        async with AsyncExitStack() as stack:
            await services.open(stack)
            yield await stack.enter_async_context(read_models)


def _events_of(part: Any) -> frozenset[type[Event]]:
    from leftfold.processing.projection import Projection, projection_model
    from leftfold.processing.viewmodel import view_model

    model: Any = projection_model(part) if issubclass(part, Projection) else view_model(part)
    events: frozenset[type[Event]] = model.events
    return events


@pytest.fixture
async def log() -> AsyncIterator[Log]:
    """Return an empty log and read side in memory."""
    clock = SystemClock()
    store = await open_memory("memory://", clock=clock)
    readside = await open_readside("memory://", clock=clock)
    yield Log(store, readside, clock)
    await readside.close()
    await store.close()


@pytest.fixture
def log_type() -> Callable[..., Log]:
    """Return the class, for logs on other stores."""
    return Log

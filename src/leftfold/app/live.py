"""What an App holds while it runs: stores, kernel, bus, read models. Read by: the App's authors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leftfold.app.opening import MEMORY, open_by_url, views_url
from leftfold.app.stored import check_stored
from leftfold.app.wiring import warn_of_unused, wire
from leftfold.bus.bus import Bus
from leftfold.bus.context import Envoy
from leftfold.bus.providing import Services
from leftfold.eventstore.group import GroupCommit
from leftfold.messages.ids import Ids
from leftfold.modeling.cache import StateCache
from leftfold.modeling.kernel import Kernel, KernelParts
from leftfold.modeling.loading import Loader
from leftfold.modeling.locks import Locks
from leftfold.processing.readmodels import ReadModels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AsyncExitStack
    from uuid import UUID

    from leftfold.app.definition import Definition
    from leftfold.app.wiring import Wiring
    from leftfold.bus.functions import Runner
    from leftfold.bus.injection import Injectable
    from leftfold.clock import Clock
    from leftfold.eventstore.port import EventStore
    from leftfold.processing.port import ReadSide

__all__ = ["Live", "opened"]

CACHE_BYTES = 32 * 1024 * 1024
WAIT_S = 5.0
"""How long a query waits for rows to be current, where its caller says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A running App."""

    store: EventStore
    identity: UUID
    wiring: Wiring
    bus: Bus
    read_models: ReadModels

    async def wait_for_views(self, runner: Runner, *, token: str, timeout_s: float | None) -> None:
        """Wait until the views that a function reads have come to a position token.

        Raises:
            NotCurrent: They have not in time.
        """
        views = self.read_models.views_of(runner.function.signature.parameters)
        # A little less than the caller's whole time, so that what is missing is said in time.
        limit = WAIT_S if timeout_s is None else timeout_s * 0.95
        await self.read_models.wait_current(views, token, limit)


async def opened(
    definition: Definition,
    stack: AsyncExitStack,
    *,
    clock: Clock,
    injectables: Callable[[Callable[[], ReadModels]], Sequence[Injectable]],
    watch: Any = None,
) -> Live:
    """Open what an App needs; `stack` closes it in reverse order.

    Raises:
        ConfigurationError: The parts do not fit together, or a URL is not known.
        StorageError: A database cannot be opened.
    """
    store, readside = await _databases(definition, stack, clock)
    services = Services(definition.provided())
    await services.open(stack)
    found: list[ReadModels] = []
    wiring = wire(definition, services, injectables(lambda: found[0]))
    warn_of_unused(definition.name, wiring)
    identity = await store.identity()
    await check_stored(wiring, store)
    group = await stack.enter_async_context(GroupCommit(store, clock))
    read_models = ReadModels(
        store=store,
        codec=wiring.codec,
        readside=readside,
        clock=clock,
        views=wiring.views,
        projections=wiring.projections,
        injector=wiring.injector,
    )
    found.append(read_models)
    await stack.enter_async_context(read_models)
    ids = Ids(clock)
    parts = KernelParts(
        store=store,
        append=group.append,
        codec=wiring.codec,
        clock=clock,
        ids=ids,
        cache=StateCache(CACHE_BYTES),
        locks=Locks(),
        loader=Loader(store, wiring.codec),
        aggregates=wiring.aggregates,
        watch=watch,
    )
    bus = Bus(
        name=definition.name,
        parts=wiring.part_names,
        handlers=wiring.handlers,
        kernel=Kernel(parts),
        envoy=Envoy(clock, ids),
        store=identity,
    )
    return Live(store=store, identity=identity, wiring=wiring, bus=bus, read_models=read_models)


async def _databases(
    definition: Definition, stack: AsyncExitStack, clock: Clock
) -> tuple[EventStore, ReadSide]:
    database = definition.database or MEMORY
    store: EventStore = await open_by_url("leftfold.eventstores", database, clock)
    stack.push_async_callback(store.close)
    views = views_url(definition.database, definition.views)
    readside: ReadSide = await open_by_url("leftfold.readsides", views, clock)
    stack.push_async_callback(readside.close)
    return store, readside

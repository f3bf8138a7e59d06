"""What an App holds while it runs: stores, kernel, bus, read models. Read by: the App's authors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leftfold.processing.readmodels import ReadModels

from leftfold.app.opening import MEMORY, open_by_url, views_url
from leftfold.app.wiring import wire
from leftfold.bus.bus import Bus
from leftfold.bus.providing import Services

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AsyncExitStack
    from uuid import UUID

    from leftfold.app.definition import Definition
    from leftfold.app.wiring import Wiring
    from leftfold.bus.injection import Injectable
    from leftfold.clock import Clock
    from leftfold.eventstore.port import EventStore

__all__ = ["Live", "opened"]

CACHE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A running App."""

    store: EventStore
    identity: UUID
    wiring: Wiring
    bus: Bus
    read_models: ReadModels


async def opened(
    definition: Definition,
    stack: AsyncExitStack,
    *,
    clock: Clock,
    injectables: Callable[[Callable[[], ReadModels]], Sequence[Injectable]],
    verify: Any = None,
) -> Live:
    """Open what an App needs; `stack` closes it in reverse order.

    Raises:
        ConfigurationError: The parts do not fit together, or a URL is not known.
        StorageError: A database cannot be opened.
    """
    database = definition.database or MEMORY
    store: EventStore = await open_by_url("leftfold.eventstores", database, clock)
    stack.push_async_callback(store.close)
    readside = await open_by_url(
        "leftfold.readsides", views_url(definition.database, definition.views), clock
    )
    stack.push_async_callback(readside.close)
    services = Services(definition.provided())
    await services.open(stack)
    found: list[ReadModels] = []
    wiring = wire(definition, services, injectables(lambda: found[0]))
    await check_revisions(wiring, store)

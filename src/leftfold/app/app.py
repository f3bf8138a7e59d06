"""App: parts joined into one bounded context, and what runs them. Read by: everyone.

async with App("bank", Account, Statement, database="sqlite:///bank.db") as bank:
    await bank.send(Deposit(account="ann", amount=5))
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from leftfold.app.blocking import BlockingSession
from leftfold.app.definition import Definition
from leftfold.app.injecting import AppInjectable
from leftfold.app.live import Live, opened
from leftfold.app.parts import sorted_parts
from leftfold.app.receipt import Receipt
from leftfold.app.wiring import check_wiring
from leftfold.clock import Clock, SystemClock
from leftfold.errors import ConfigurationError, NotRunning
from leftfold.eventstore.tokens import encode_token
from leftfold.messages.message import Command, Message, Query
from leftfold.processing.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType, TracebackType
    from uuid import UUID

    from leftfold.bus.interceptors import Interceptor
    from leftfold.codec.upcaster import Upcaster
    from leftfold.modeling.aggregate import Aggregate
    from leftfold.modeling.boundary import Boundary
    from leftfold.modeling.decider import Decider
    from leftfold.processing.projection import Projection
    from leftfold.processing.readmodels import ReadModels
    from leftfold.processing.rows import Rows

    Part: TypeAlias = (
        type[Aggregate | Boundary | View | Projection | Message]
        | Decider[Any, Any, Any]
        | Upcaster
        | ModuleType
        | "App"
        | Callable[..., Any]
    )

__all__ = ["App"]

R = TypeVar("R")
V = TypeVar("V", bound=View)


class App:
    """A bounded context: its models, its handlers, and the log that they share.

    Apps nest: parts of an App inside are handled by the outermost, whose database they share.
    """

    def __init__(
        self,
        name: str,
        /,
        *parts: Part,
        database: str | None = None,
        views: str | None = None,
        provide: Mapping[type[Any], object] | None = None,
        intercept: Sequence[Interceptor] = (),
    ) -> None:
        """Join the parts; nothing is opened yet.

        Args:
            name: The context's name.
            parts: Models, handlers, messages, Upcasters, modules that define such, other Apps.
            database: Where events are kept, `sqlite:///bank.db`; None: in memory.
            views: Where read models are kept, by default beside the events.
            provide: What handlers may ask for: a type, and an instance or a function that
                makes or yields it.
            intercept: What runs around every message, the first outermost.

        Raises:
            ConfigurationError: The parts do not fit together; the message says what to do.
        """
        sorted_ = sorted_parts(name, parts, App)
        for inner in sorted_.apps:
            _refuse_database(name, inner._definition)  # noqa: SLF001  its own kind
        self._definition = Definition(
            name=name,
            parts=sorted_,
            database=database,
            views=views,
            provide=dict(provide or {}),
            intercept=tuple(intercept),
            inner=tuple(app._definition for app in sorted_.apps),  # noqa: SLF001
        )
        self._live: Live | None = None
        self._stack = AsyncExitStack()
        self._clock: Clock = SystemClock()
        self._watch: Any = None
        self._check(complete=database is not None)

    def _check(self, *, complete: bool) -> None:
        check_wiring(self._definition, self._injectables, complete=complete)

    @property
    def name(self) -> str:
        """Return the context's name."""
        return self._definition.name

    async def __aenter__(self) -> Self:
        """Open the databases, make the services and start the read models.

        Raises:
            ConfigurationError: It runs already, or the parts do not fit what is stored.
            StorageError: A database cannot be opened.
        """
        if self._live is not None:
            message = f"App '{self.name}' is running already. Use the one that is entered."
            raise ConfigurationError(message)
        async with AsyncExitStack() as stack:
            self._live = await opened(
                self._definition,
                stack,
                clock=self._clock,
                injectables=self._injectables,
                watch=self._watch,
            )
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what is under way, then close everything."""
        stack, self._stack = self._stack, AsyncExitStack()
        try:
            await stack.__aexit__(kind, error, trace)
        finally:
            self._live = None

    def _injectables(self, read_models: Callable[[], ReadModels]) -> Sequence[Any]:
        from leftfold.processing.injecting import row_injectables

        return (AppInjectable(self, App), *row_injectables(read_models))

    def _running(self) -> Live:
        if self._live is None:
            message = f"App '{self.name}' is not running; use async with app:"
            raise NotRunning(message)
        return self._live

    async def send(
        self,
        command: Command[R],
        /,
        *,
        id: UUID | str | None = None,
        actor: str | None = None,
        timeout_s: float | None = None,
    ) -> R:
        """Have a command handled and return its result.

        Args:
            command: What is asked.
            id: Names this command, so that a retry gets the first answer, today or next year.
            actor: On whose behalf.
            timeout_s: How long to wait; by default as long as it takes.

        Raises:
            Rejected: The model refused it.
            ConflictError: Others decided first, again and again.
            DeliveryError: Nobody handles it, or there was no answer in time.
            StorageError: The engine failed; send it again with the same `id`.
        """
        answer = await self._running().bus.send(
            command, command_id=id, actor=actor, timeout_s=timeout_s
        )
        result: R = answer.result
        return result

    async def dispatch(
        self,
        command: Command[R],
        /,
        *,
        id: UUID | str | None = None,
        actor: str | None = None,
        timeout_s: float | None = None,
    ) -> Receipt[R]:
        """Have a command handled and return its receipt; see `send`.

        Returns:
            The result, the position token to read after, and the events that were stored.
        """
        live = self._running()
        answer = await live.bus.send(command, command_id=id, actor=actor, timeout_s=timeout_s)
        return Receipt(answer.result, encode_token(live.identity, answer.last), answer.events)

    async def ask(
        self,
        query: Query[R],
        /,
        *,
        after: str | None = None,
        timeout_s: float | None = None,
    ) -> R:
        """Have a query answered.

        Args:
            query: What is asked.
            after: A position token: the rows that the handler reads must have come that far.
            timeout_s: How long to wait in all; with `after` 5 s where nothing is said.

        Raises:
            NotCurrent: The rows did not come that far in time.
            DeliveryError: Nobody handles it, or there was no answer in time.
        """
        live = self._running()
        before = None
        if after is not None:
            before = partial(live.wait_for_views, token=after, timeout_s=timeout_s)
        result: R = await live.bus.ask(query, before=before, timeout_s=timeout_s)
        return result

    async def head(self) -> str:
        """Return the newest position token: to read after all that is stored now."""
        live = self._running()
        return encode_token(live.identity, await live.store.head())

    def rows(self, view: type[V], /) -> Rows[V]:
        """Return the rows of a View, to be read outside handlers."""
        return self._running().read_models.rows(view)

    def blocking(self) -> BlockingSession:
        """Run the App in a thread of its own, for scripts: `with app.blocking()`."""
        return BlockingSession(self)

    def __repr__(self) -> str:
        """Return the name and whether it runs."""
        state = "running" if self._live is not None else "not running"
        return f"<App '{self.name}', {state}>"


def _refuse_database(outer: str, inner: Definition) -> None:
    if inner.database is not None or inner.views is not None:
        message = (
            f"App '{inner.name}' is inside '{outer}' and has a database of its own. Apps that "
            f"nest share the outermost one's; give the database to App('{outer}', ...)."
        )
        raise ConfigurationError(message)

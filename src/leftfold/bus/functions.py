"""Free functions that handle messages, compiled. Read by: authors of routing.

`async def` runs on the loop, plain `def` in a worker thread, as in FastAPI.
"""

from __future__ import annotations

import asyncio
import contextvars
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from leftfold.bus.injection import Call
from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import checked_name, place_of
from leftfold.messages.message import Message, options_of
from leftfold.modeling.handling import check_result, refuse_yielding
from leftfold.modeling.roles import role_of
from leftfold.modeling.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leftfold.bus.injection import Injector, Source
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.roles import Role
    from leftfold.modeling.signature import Signature

__all__ = ["FreeFunction", "Runner", "free_function", "in_thread"]

_MEANINGLESS = {
    "new": "it belongs to a method of an Aggregate",
    "missing_ok": "it belongs to a method of an Aggregate",
    "tags": "it belongs to a method of a Boundary",
    "key": "a command or query is answered at once, in no order of keys",
    "replayable": "a command or query is never replayed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeFunction:
    """A marked function outside a model, and the message types it handles."""

    name: str
    kind: str
    function: Callable[..., Any]
    role: Role
    signature: Signature

    @property
    def place(self) -> str:
        """Return the function and where it stands, for errors."""
        return f"{self.name} ({place_of(self.function)})"


def free_function(function: Callable[..., Any]) -> FreeFunction:
    """Compile a function marked with `@handles`.

    Raises:
        ConfigurationError: It is not marked, handles events, or returns another type than its
            message promises.
    """
    name = getattr(function, "__name__", repr(function))
    role = role_of(function)
    if role is None or role.kind != "handles":
        mark = "is marked @evolves, which folds in a model" if role else "has no mark"
        message = f"{name} ({place_of(function)}) {mark}. Write @handles above it."
        raise ConfigurationError(message)
    signature = signature_of(function, label=name, bound=False)
    kinds = {options_of(m).kind for m in signature.messages}
    _check_kinds(name, function, kinds)
    for option in sorted(role.given() & _MEANINGLESS.keys()):
        message = f"{name}: @handles({option}=…) means nothing here: {_MEANINGLESS[option]}."
        raise ConfigurationError(message)
    refuse_yielding(name, function)
    for handled in signature.messages:
        check_result(name, handled, signature)
    return FreeFunction(
        name=checked_name(name, name if role.name is None else role.name),
        kind=kinds.pop(),
        function=function,
        role=role,
        signature=signature,
    )


def _check_kinds(name: str, function: object, kinds: set[str]) -> None:
    if "Event" in kinds:
        message = (
            f"{name} ({place_of(function)}) is a free handler of events, a side effect, which "
            "this version does not run. Fold events in a View or Projection."
        )
        raise ConfigurationError(message)
    if len(kinds) != 1 or not kinds <= {"Command", "Query"}:
        message = (
            f"{name}: one function handles commands or queries, not {' and '.join(sorted(kinds))}."
        )
        raise ConfigurationError(message)


class Runner:
    """Calls a free function with what it asks for."""

    def __init__(self, function: FreeFunction, injector: Injector) -> None:
        """Resolve what the function asks for.

        Raises:
            ConfigurationError: Nothing provides a type that it asks for.
        """
        self.function = function
        self._call = function.function
        self._is_async = function.signature.is_async
        self._sources: Sequence[tuple[str, Source]] = injector.sources(
            function.signature.parameters,
            label=function.name,
            is_async=self._is_async,
            kind=function.kind,
        )

    async def __call__(self, message: Message, metadata: Metadata) -> Any:
        """Return what the function returns."""
        async with AsyncExitStack() as stack:
            call = Call(metadata, stack)
            extra = {name: await _given(source(call)) for name, source in self._sources}
            if self._is_async:
                return await self._call(message, **extra)
            return await in_thread(partial(self._call, message, **extra))


async def _given(value: Any) -> Any:
    return await value if isawaitable(value) else value


async def in_thread(work: Callable[[], Any]) -> Any:
    """Run blocking work in a worker thread, in a copy of this context.

    A thread cannot be stopped: when the caller is cancelled the work is waited for, so that
    nothing that it uses is closed under it.
    """
    context = contextvars.copy_context()
    running = asyncio.get_running_loop().run_in_executor(None, context.run, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()  # whatever it is, nobody waits for it any more
        raise

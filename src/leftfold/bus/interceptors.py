"""What runs around every message: logging, rights, measuring. Read by: authors of interceptors."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from leftfold.messages.metadata import Metadata

__all__ = ["Interceptor", "around"]


class Interceptor(Protocol):
    """Sees a message before and after it is handled, and may change the answer."""

    async def __call__(
        self, message: Any, metadata: Metadata, proceed: Callable[[], Awaitable[Any]], /
    ) -> Any:
        """Return what `proceed` returns, or something else, or raise."""
        ...


def around(
    interceptors: Sequence[Interceptor],
    message: Any,
    metadata: Metadata,
    innermost: Callable[[], Awaitable[Any]],
) -> Callable[[], Awaitable[Any]]:
    """Return the innermost call within the interceptors, the first of them outermost."""
    proceed = innermost
    for interceptor in reversed(interceptors):
        proceed = _step(interceptor, message, metadata, proceed)
    return proceed


def _step(
    interceptor: Interceptor,
    message: Any,
    metadata: Metadata,
    proceed: Callable[[], Awaitable[Any]],
) -> Callable[[], Awaitable[Any]]:
    async def call() -> Any:
        return await interceptor(message, metadata, proceed)

    return call

"""What can be asked of a running App. Read by: authors of what stands in front of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from types import TracebackType
    from uuid import UUID

    from leftfold.app.receipt import Receipt
    from leftfold.messages.message import Command, Query
    from leftfold.processing.rows import Rows
    from leftfold.processing.view import View

__all__ = ["Calls"]

R = TypeVar("R")
V = TypeVar("V", bound="View")


class Calls(Protocol):
    """The calls of an App; what they mean is said there."""

    @property
    def name(self) -> str:
        """Return the context's name."""
        ...

    async def __aenter__(self) -> Any:
        """Start."""
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        ...

    async def send(
        self,
        command: Command[R],
        /,
        *,
        id: UUID | str | None = None,
        actor: str | None = None,
        timeout_s: float | None = None,
    ) -> R:
        """Return a command's result."""
        ...

    async def dispatch(
        self,
        command: Command[R],
        /,
        *,
        id: UUID | str | None = None,
        actor: str | None = None,
        timeout_s: float | None = None,
    ) -> Receipt[R]:
        """Return a command's receipt."""
        ...

    async def ask(
        self, query: Query[R], /, *, after: str | None = None, timeout_s: float | None = None
    ) -> R:
        """Return a query's answer."""
        ...

    async def head(self) -> str:
        """Return the position token of the newest event."""
        ...

    def rows(self, view: type[V], /) -> Rows[V]:
        """Return the rows of a View."""
        ...

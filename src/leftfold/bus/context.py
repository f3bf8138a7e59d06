"""How one message leads to the next: ids, causes, actors. Read by: whoever sends from inside.

While a message is handled, a context variable holds its metadata and what it has sent so far.
What the handler sends takes over actor, tenant, trace and correlation, names its cause, and
gets an id derived from its own, so that the same handler run again sends the same ids.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from uuid import UUID

from leftfold.errors import CodecError, ConfigurationError
from leftfold.messages.ids import Ids, derived_id, named_id
from leftfold.messages.keys import checked_text
from leftfold.messages.metadata import Metadata, current

if TYPE_CHECKING:
    from collections.abc import Generator

    from leftfold.clock import Clock

__all__ = ["Envoy", "handling"]


class _Handling:
    """A message being handled, and how many equal ones it has sent."""

    __slots__ = ("metadata", "repeatable", "sent")

    def __init__(self, metadata: Metadata, *, repeatable: bool) -> None:
        self.metadata = metadata
        self.repeatable = repeatable
        self.sent: dict[tuple[str, bytes], int] = {}


_handling: ContextVar[_Handling | None] = ContextVar("leftfold.handling", default=None)


@contextmanager
def handling(metadata: Metadata, *, repeatable: bool) -> Generator[None]:
    """Make this the message that is handled in this context.

    Args:
        metadata: The message's own.
        repeatable: Whether its id was given, so that what it sends can be recognised when it
            is handled again.
    """
    token = _handling.set(_Handling(metadata, repeatable=repeatable))
    named = current.set(metadata)
    try:
        yield
    finally:
        current.reset(named)
        _handling.reset(token)


class Envoy:
    """Gives messages their metadata as they leave."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        """Take time from `clock` and new ids from `ids`."""
        self.clock = clock
        self._ids = ids

    def metadata(
        self, *, store: UUID, actor: str | None, given: UUID | str | None
    ) -> tuple[Metadata, str | None]:
        """Return the metadata of a message that is sent now.

        Args:
            store: The identity of the log, for ids given as text.
            actor: On whose behalf; None takes over the one of the message being handled.
            given: The id that the caller gave.

        Returns:
            The metadata, and the given id as text, None if none was given.

        Raises:
            CodecError: The id is empty, or no store can keep it.
            ConfigurationError: The id is neither a UUID nor a text.
        """
        cause = current.get()
        tenant = cause.tenant if cause is not None else ""
        now = self.clock.now()
        if given is None:
            id_, text = self._ids.new(now), None
        else:
            id_, text = _identified(store, tenant, given)
        if cause is None:
            return Metadata(id=id_, time=now, actor=actor, correlation=id_), text
        return Metadata(
            id=id_,
            time=now,
            actor=actor if actor is not None else cause.actor,
            correlation=cause.correlation or cause.id,
            causation=cause.id,
            trace=cause.trace,
            tenant=tenant,
        ), text

    @staticmethod
    def derives() -> bool:
        """Tell whether a handler runs whose message has a lasting id."""
        here = _handling.get()
        return here is not None and here.repeatable

    @staticmethod
    def derived(kind: str, content: bytes) -> UUID | None:
        """Return the id of the next equal message that the current handler sends.

        Args:
            kind: The message's wire name.
            content: What it says.

        Returns:
            None where nothing `derives`.
        """
        here = _handling.get()
        if here is None or not here.repeatable:
            return None
        count = here.sent.get((kind, content), 0)
        here.sent[kind, content] = count + 1
        return derived_id(here.metadata.id, kind, content, count)


def _identified(store: UUID, tenant: str, given: object) -> tuple[UUID, str]:
    if isinstance(given, UUID):
        return given, str(given)
    if not isinstance(given, str):
        message = f"id={given!r} is a {type(given).__name__}. Give a text or a UUID."
        raise ConfigurationError(message)
    if not given:
        message = "The command id is empty. Give it a text of its own, or leave id= out."
        raise CodecError(message)
    parsed = _as_uuid(checked_text(given, "command id"))
    return (named_id(store, tenant, given) if parsed is None else parsed), given


def _as_uuid(text: str) -> UUID | None:
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text else None

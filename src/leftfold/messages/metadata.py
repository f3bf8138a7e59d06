"""What is known about a message beside its content. Read by: handlers, every hop.

The current message's metadata stands in a context variable, so that what a handler sends
knows its cause, its actor, its tenant and its trace without the handler doing anything.
"""

from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

import msgspec

__all__ = ["Metadata", "current"]


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Who, when and why of one message.

    `id` is the message's own, `causation` the id of the message that led to it, `correlation`
    the id of the first in the chain. `time` is the time of decision, aware, in UTC. `stream`,
    `position` and `token` are set for stored events only, and never in models that decide,
    which fold an event before it has its place; `position` orders rows within one log and is
    no token.
    """

    id: UUID
    time: datetime
    actor: str | None = None
    correlation: UUID | None = None
    causation: UUID | None = None
    trace: str | None = None
    tenant: str = ""
    stream: str | None = None
    position: int | None = None
    token: str | None = None


current: ContextVar[Metadata | None] = ContextVar("leftfold.metadata", default=None)
"""The metadata of the message being handled in this context, or None outside handlers."""

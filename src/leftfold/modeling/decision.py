"""One try at deciding one command: what it recorded so far. Read by: the kernel's authors.

A decision is synchronous, so while it runs nothing else of its thread does; `deciding` holds
it for the model's `record`. Each event is sealed (written and read back) when it is recorded,
and the copy that was read back is folded: what the handler sees is what every later load sees.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from leftfold.errors import ConfigurationError
from leftfold.messages.message import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from uuid import UUID

    from leftfold.codec.codec import Codec, Sealed
    from leftfold.messages.ids import Ids
    from leftfold.messages.metadata import Metadata

__all__ = ["Decision", "Folds", "deciding", "record_event"]


class Folds(Protocol):
    """What a decision asks of its model: to fold an event that was just recorded."""

    def apply(self, state: Any, event: Event, metadata: Callable[[], Metadata]) -> Any:
        """Return the state after the event, the same object where the handler holds it."""
        ...


class Decision:
    """The state that is being decided on, and the events recorded so far."""

    __slots__ = ("codec", "folding", "folds", "ids", "label", "metadata", "recorded", "state")

    def __init__(
        self, state: Any, *, folds: Folds, codec: Codec, ids: Ids, metadata: Metadata, label: str
    ) -> None:
        """Begin with the state as loaded; `metadata` is the command's."""
        self.state = state
        self.folds = folds
        self.codec = codec
        self.ids = ids
        self.metadata = metadata
        self.label = label
        self.folding = False
        self.recorded: list[tuple[Sealed, UUID, Any]] = []

    def record(self, event: object, to: Any = None) -> None:
        """Seal an event, fold it, and keep it for the commit.

        Raises:
            ConfigurationError: A fold is running, or `event` is no Event.
            CodecError: The event cannot be stored.
        """
        if self.folding:
            message = (
                f"{self.label}: record() was called inside @evolves. A fold only changes state; "
                "record events in the handler."
            )
            raise ConfigurationError(message)
        if not isinstance(event, Event):
            message = (
                f"{self.label} recorded {event!r}, which is no Event. Record an instance of a "
                "class that derives from Event."
            )
            raise ConfigurationError(message)
        sealed, id_ = self.codec.seal(event), self.ids.new(self.metadata.time)
        self.folding = True
        try:
            self.state = self.folds.apply(self.state, sealed.event, partial(self.metadata_of, id_))
        finally:
            self.folding = False
        self.recorded.append((sealed, id_, to))

    def refold(self, state: Any) -> Any:
        """Return another state after all that was recorded, as a load would fold it."""
        for sealed, id_, _ in self.recorded:
            state = self.folds.apply(state, sealed.event, partial(self.metadata_of, id_))
        return state

    def metadata_of(self, id_: UUID) -> Metadata:
        """Return the metadata of the recorded event with this id."""
        return replace(self.metadata, id=id_, causation=self.metadata.id)

    @contextmanager
    def running(self) -> Generator[None]:
        """Make this the decision of the thread."""
        token = deciding.set(self)
        try:
            yield
        finally:
            deciding.reset(token)


deciding: ContextVar[Decision | None] = ContextVar("leftfold.deciding", default=None)


def record_event(model: Any, event: object, to: Any = None) -> None:
    """Record an event in the running decision of `model`.

    Raises:
        ConfigurationError: No command is being decided on this very state, or `event` is no
            Event.
        CodecError: The event cannot be stored.
    """
    decision = deciding.get()
    if decision is None or (decision.state is not model and not decision.folding):
        name = type(model).__name__
        message = (
            f"{name}.record() was called outside a handler of this {name}. Send a command; "
            "its @handles method records."
        )
        raise ConfigurationError(message)
    decision.record(event, to)

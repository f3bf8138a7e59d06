"""A record on its way through the processors, decoded at most once. Read by: their authors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from leftfold.modeling.recorded import metadata_of

if TYPE_CHECKING:
    from uuid import UUID

    from leftfold.codec.codec import Codec
    from leftfold.eventstore.port import Record
    from leftfold.messages.message import Event
    from leftfold.messages.metadata import Metadata

__all__ = ["Happened", "Seen"]


class Happened(Protocol):
    """An event, and what is known about it."""

    @property
    def tenant(self) -> str:
        """Return whose it is."""
        ...

    @property
    def event(self) -> Event:
        """Return the event."""
        ...

    @property
    def metadata(self) -> Metadata:
        """Return what is known about it."""
        ...


class Seen:
    """A record, and its event and metadata for whoever asks.

    It is decoded where it is first wanted, which is a worker thread, and by those alone that
    want it.
    """

    __slots__ = ("_codec", "_event", "_identity", "_metadata", "record")

    def __init__(self, record: Record, codec: Codec, identity: UUID) -> None:
        """Take a record as it was read."""
        self.record = record
        self._codec = codec
        self._identity = identity
        self._event: Event | None = None
        self._metadata: Metadata | None = None

    @property
    def tenant(self) -> str:
        """Return whose record it is."""
        return self.record.tenant

    def forget(self) -> None:
        """Forget what was decoded, since somebody may have changed it."""
        self._event = None

    def again(self) -> Seen:
        """Return the same record, to be decoded for somebody else."""
        return Seen(self.record, self._codec, self._identity)

    @property
    def event(self) -> Event:
        """Return the event.

        Raises:
            CodecError: The stored bytes cannot be read.
        """
        if self._event is None:
            record = self.record
            self._event = self._codec.decode(record.type, record.revision, record.data)
        return self._event

    @property
    def metadata(self) -> Metadata:
        """Return what is known about the event.

        Raises:
            CodecError: The stored bytes cannot be read.
        """
        if self._metadata is None:
            self._metadata = metadata_of(self.record, self._identity)
        return self._metadata

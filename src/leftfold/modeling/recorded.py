"""A stored record's Metadata. Read by: who folds or handles stored events."""

from uuid import UUID

from leftfold.codec.envelope import decode_envelope
from leftfold.eventstore.port import Mark, Record
from leftfold.eventstore.tokens import encode_token
from leftfold.messages.metadata import Metadata

__all__ = ["metadata_for_models", "metadata_of"]


def metadata_of(record: Record, identity: UUID) -> Metadata:
    """Return a stored event's metadata.

    Args:
        record: The event as it is kept.
        identity: The log's, for the position token.

    Raises:
        CodecError: The stored metadata cannot be read.
    """
    envelope = decode_envelope(record.metadata)
    return Metadata(
        id=record.id,
        time=envelope.time,
        actor=envelope.actor,
        correlation=envelope.correlation,
        causation=envelope.causation,
        trace=envelope.trace,
        tenant=record.tenant,
        stream=record.stream,
        position=record.position,
        token=encode_token(identity, Mark(record.position, record.id)),
    )


def metadata_for_models(record: Record) -> Metadata:
    """Return a stored event's metadata as the decision had it that recorded it.

    Its place in the log was not known then, so no model that decides may build on it: the
    state folded at once and the state loaded later must be the same.

    Raises:
        CodecError: The stored metadata cannot be read.
    """
    envelope = decode_envelope(record.metadata)
    return Metadata(
        id=record.id,
        time=envelope.time,
        actor=envelope.actor,
        correlation=envelope.correlation,
        causation=envelope.causation,
        trace=envelope.trace,
        tenant=record.tenant,
    )

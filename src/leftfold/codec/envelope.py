"""What is stored beside an event: who, when, why, on whose behalf. Read by: kernel, followers."""

from datetime import datetime
from uuid import UUID

import msgspec

from leftfold.errors import CodecError
from leftfold.messages.metadata import Metadata

__all__ = ["Envelope", "decode_envelope", "encode_envelope"]


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The metadata of one event as JSON, beside what the record says itself.

    `time` is the time of decision; `causation` is the id of the command.
    """

    time: datetime
    actor: str | None = None
    correlation: UUID | None = None
    causation: UUID | None = None
    trace: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Envelope).decode


def encode_envelope(command: Metadata) -> bytes:
    """Write what the events of a command are stored with."""
    return _encode(
        Envelope(
            time=command.time,
            actor=command.actor,
            correlation=command.correlation,
            causation=command.id,
            trace=command.trace,
        )
    )


def decode_envelope(data: bytes) -> Envelope:
    """Read what an event was stored with.

    Raises:
        CodecError: The bytes are no metadata of ours.
    """
    try:
        return _decode(data)
    except msgspec.MsgspecError as error:
        message = (
            f"Stored metadata cannot be read: {error}. "
            "The store may be damaged; run leftfold check."
        )
        raise CodecError(message) from error

"""Keeps the first answer to a command that has an id, and gives it again. Read by: kernel, bus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from leftfold.errors import IdReused
from leftfold.eventstore.port import Appended, Commit, Duplicate, Receipt
from leftfold.modeling.outcomes import (
    encode_refusal,
    encode_result,
    fingerprint_of,
    fingerprints_of,
    outcome_of,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from leftfold.codec.codec import Codec
    from leftfold.errors import Rejected
    from leftfold.eventstore.port import EventStore, Mark, Result
    from leftfold.messages.message import Command, Event

__all__ = ["Answer", "Answers", "receipt_of"]


class Answer(msgspec.Struct, frozen=True):
    """What came of a command, and the place in the log after it."""

    result: Any
    refusal: Rejected | None
    last: Mark | None
    events: tuple[Event, ...]
    repeated: bool = False


def receipt_of(
    command: Command[Any], command_id: str, result: object, refusal: Rejected | None
) -> Receipt:
    """Return the receipt of a command that was decided.

    Raises:
        CodecError: Its content or its answer cannot be kept.
    """
    return Receipt(
        command=command_id,
        fingerprint=fingerprint_of(command),
        outcome=encode_result(command, result) if refusal is None else encode_refusal(refusal),
    )


class Answers:
    """The answers that the store keeps."""

    def __init__(
        self, store: EventStore, append: Callable[[Commit], Awaitable[Result]], codec: Codec
    ) -> None:
        """Read receipts from `store`, and their events with `codec`."""
        self._store = store
        self._append = append
        self._codec = codec

    async def first(self, command: Command[Any], tenant: str, command_id: str) -> Answer | None:
        """Return the kept answer to a command that has run, if it has.

        Raises:
            IdReused: The id belongs to another command.
        """
        receipt = await self._store.receipt(tenant, command_id)
        return None if receipt is None else await self.repeat(command, receipt)

    async def keep(
        self, command: Command[Any], tenant: str, command_id: str, done: tuple[Any, Rejected | None]
    ) -> Answer:
        """Keep the answer to a command that stored nothing; the first one counts.

        Args:
            command: What was asked.
            tenant: On whose behalf.
            command_id: The id that its sender gave.
            done: The result, or the refusal.

        Raises:
            CodecError: The answer cannot be kept.
        """
        result, refusal = done
        receipt = receipt_of(command, command_id, result, refusal)
        stored = await self._append(Commit(tenant=tenant, receipt=receipt))
        if isinstance(stored, Duplicate):
            return await self.repeat(command, stored.receipt)
        last = stored.last if isinstance(stored, Appended) else None
        return Answer(result, refusal, last, ())

    async def repeat(self, command: Command[Any], receipt: Receipt) -> Answer:
        """Return the answer that a receipt keeps.

        Raises:
            IdReused: The receipt is of another command.
        """
        if receipt.fingerprint not in fingerprints_of(command):
            message = (
                f"The id {receipt.command!r} was given before, to a command of another type or "
                f"content than this {type(command).__name__}. Nothing was done. Use a new id for "
                "a new command, and the same content for a retry."
            )
            raise IdReused(message)
        result, refusal = outcome_of(command, receipt.outcome)
        events: tuple[Event, ...] = ()
        if receipt.first and receipt.last is not None:
            records = await self._store.records(receipt.first, receipt.last)
            decode = self._codec.decode
            events = tuple(decode(r.type, r.revision, r.data) for r in records)
        return Answer(result, refusal, receipt.last, events, repeated=True)

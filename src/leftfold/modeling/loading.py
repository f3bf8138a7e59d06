"""Folds what is stored into a state, page by page. Read by: the kernel's authors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from leftfold.errors import CodecError, StoreChanged
from leftfold.modeling.cache import Folded
from leftfold.modeling.recorded import metadata_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from leftfold.codec.codec import Codec
    from leftfold.eventstore.port import EventStore, Mark, Record
    from leftfold.messages.message import Command
    from leftfold.modeling.plan import DecidingModel, Subject

__all__ = ["Loader"]

PAGE = 1_000


class Loader:
    """Reads streams and tags, and folds what it finds."""

    def __init__(self, store: EventStore, codec: Codec, identity: UUID) -> None:
        """Read from `store`, whose identity goes into the tokens of metadata."""
        self._store = store
        self._codec = codec
        self._identity = identity

    async def load(
        self,
        model: DecidingModel,
        subject: Subject,
        command: Command[Any],
        *,
        tenant: str,
        known: Folded | None = None,
    ) -> Folded:
        """Return the state of a subject.

        Args:
            model: What folds.
            subject: What is folded.
            command: Gives the fields of a Boundary that have no default.
            tenant: Whose records.
            known: A state from before, of which only the rest is read.

        Raises:
            CodecError: A stored event cannot be read.
            StorageError: The engine failed.
        """
        folded = known or Folded(model.blank(command), None)
        try:
            return await self._follow(model, subject, folded, tenant)
        except StoreChanged:
            if known is None:
                raise
        # An older copy of the store came back: what was folded never happened there.
        return await self._follow(model, subject, Folded(model.blank(command), None), tenant)

    async def _follow(
        self, model: DecidingModel, subject: Subject, folded: Folded, tenant: str
    ) -> Folded:
        if subject.criteria is not None:
            return await self._follow_tags(model, subject, folded, tenant)
        while True:
            records = await self._store.read(tenant, subject.stream, after=folded.head, limit=PAGE)
            self._fold(model, subject, folded, records)
            if records:
                folded.head = records[-1].in_stream
            if len(records) < PAGE:
                return folded

    async def _follow_tags(
        self, model: DecidingModel, subject: Subject, folded: Folded, tenant: str
    ) -> Folded:
        head = await self._store.head()
        after, folded.head = folded.head, head
        while head is not None and (after is None or after.number < head.number):
            page = await self._store.read_all(
                subject.criteria or (), after=after, limit=PAGE, tenant=tenant
            )
            self._fold(model, subject, folded, _until(page.records, head))
            if page.upto == after:
                break
            after = page.upto
        return folded

    def _fold(
        self, model: DecidingModel, subject: Subject, folded: Folded, records: Sequence[Record]
    ) -> None:
        decode, knows = self._codec.decode, self._codec.class_of
        for record in records:
            cls = knows(record.type)
            if cls is None:
                raise self._unknown(model, record)
            if not model.folds(cls):
                continue
            event = decode(record.type, record.revision, record.data)
            metadata = partial(metadata_of, record, self._identity)
            folded.state = model.fold(folded.state, record, event, subject, metadata)
            folded.ended = model.ends(cls)

    def _unknown(self, model: DecidingModel, record: Record) -> CodecError:
        message = (
            f"{model.label} was loaded from {record.stream!r}, whose event {record.version} is a "
            f"{record.type!r} that no class answers to, so its state would be a guess. Give the "
            f"App the event's class, or say formerly=({record.type!r},) at the class that took "
            "its place."
        )
        return CodecError(message)


def _until(records: Sequence[Record], head: Mark) -> Sequence[Record]:
    if not records or records[-1].position <= head.number:
        return records
    return [r for r in records if r.position <= head.number]

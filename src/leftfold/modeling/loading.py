"""Folds what is stored into a state, page by page. Read by: the kernel's authors."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from leftfold.errors import CodecError, StoreChanged
from leftfold.modeling.cache import Folded
from leftfold.modeling.plan import NOTHING
from leftfold.modeling.recorded import metadata_for_models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leftfold.codec.codec import Codec
    from leftfold.eventstore.port import EventStore, Record
    from leftfold.messages.message import Command
    from leftfold.modeling.plan import DecidingModel, Subject

__all__ = ["Loader", "fold_records"]

PAGE = 1_000


def fold_records(
    model: DecidingModel,
    subject: Subject,
    folded: Folded,
    records: Iterable[Record],
    codec: Codec,
) -> None:
    """Fold stored events into a state; the caller says where they end.

    Raises:
        CodecError: A stored event cannot be read, or no class answers to it.
    """
    for record in records:
        cls = codec.class_of(record.type)
        if cls is None:
            raise _unknown(model, record)
        if model.folds(cls):
            event = codec.decode(record.type, record.revision, record.data)
            metadata = partial(metadata_for_models, record)
            folded.state = model.fold(folded.state, record, event, subject, metadata)
            folded.ended = folded.ended or model.ends(cls)


def _unknown(model: DecidingModel, record: Record) -> CodecError:
    return CodecError(
        f"{model.label} was loaded from {record.stream!r}, whose event {record.version} is a "
        f"{record.type!r} that no class answers to, so its state would be a guess. Give the App "
        f"the event's class, or say formerly=({record.type!r},) at the class that took its place."
    )


class Loader:
    """Reads streams and tags, and folds what it finds."""

    def __init__(self, store: EventStore, codec: Codec) -> None:
        """Read from `store` with `codec`."""
        self._store = store
        self._codec = codec

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
            known: A state from before, of which only the rest is read; it is changed.

        Raises:
            CodecError: A stored event cannot be read.
            StorageError: The engine failed.
        """
        if known is not None:
            try:
                return await self._follow(model, subject, known, tenant)
            except StoreChanged:
                pass  # an older copy of the store came back: what was folded is not in it
        return await self._follow(model, subject, Folded(model.blank(command), None), tenant)

    async def _follow(
        self, model: DecidingModel, subject: Subject, folded: Folded, tenant: str
    ) -> Folded:
        if subject.criteria is not None:
            return await self._follow_tags(model, subject, folded, tenant)
        while True:
            records = await self._store.read(tenant, subject.stream, after=folded.head, limit=PAGE)
            fold_records(model, subject, folded, records, self._codec)
            if records:
                folded.head = records[-1].in_stream
            if len(records) < PAGE:
                return folded

    async def _follow_tags(
        self, model: DecidingModel, subject: Subject, folded: Folded, tenant: str
    ) -> Folded:
        """Fold what meets the criteria up to the head, which is read first."""
        head = await self._store.head()
        after, folded.head = folded.head, head
        criteria = subject.criteria or ()
        if after == head or criteria == NOTHING:
            return folded
        while True:
            # Read also where the head is before `after`: the store says that it is another one.
            page = await self._store.read_all(criteria, after=after, limit=PAGE, tenant=tenant)
            upto = head.number if head is not None else 0
            # What came after the head is for the condition to find, and for another try.
            known = [record for record in page.records if record.position <= upto]
            fold_records(model, subject, folded, known, self._codec)
            if page.upto is None or page.upto == after or page.upto.number >= upto:
                return folded
            after = page.upto

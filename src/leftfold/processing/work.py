"""Folds events into a View, or hands them to a Projection. Read by: authors of the read side.

It runs in a worker thread, inside the transaction that
moves the position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from leftfold.bus.injection import Call
from leftfold.processing.batch import FoldFailed, fold_batch
from leftfold.processing.cache import CachedRows
from leftfold.processing.fingerprint import fingerprint_of
from leftfold.processing.injecting import CONNECTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leftfold.bus.injection import Injector
    from leftfold.codec.codec import Codec
    from leftfold.messages.message import Event
    from leftfold.processing.port import Place, Transaction
    from leftfold.processing.projection import ProjectionModel
    from leftfold.processing.seen import Seen
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["ProjectionWork", "ViewWork", "Work"]


class Work(Protocol):
    """What is done with the events that a processor wants."""

    place: Place
    names: frozenset[str] | None

    def do(self, transaction: Transaction, records: Sequence[Seen]) -> None:
        """Change rows.

        Raises:
            FoldFailed: It failed on one event.
        """
        ...

    def undone(self) -> None:
        """Forget what was known of rows, since the last change of them was not kept."""
        ...

    def fingerprint(self) -> str:
        """Return what tells this fold from another; it reads source files."""
        ...


class ViewWork:
    """Folds events into the rows of a View."""

    def __init__(self, model: ViewModel, codec: Codec, place: Place) -> None:
        """Take a compiled view."""
        self.place = place
        self.model = model
        self.names: frozenset[str] | None = codec.names_of(model.events)
        self._rows = CachedRows()

    def do(self, transaction: Transaction, records: Sequence[Seen]) -> None:
        """Fold."""
        fold_batch(self.model, records, self._rows.before(transaction))

    def undone(self) -> None:
        """Forget the rows of the last batches."""
        self._rows.forget()

    def fingerprint(self) -> str:
        """Return a digest of the folds."""
        return fingerprint_of(marked.function for marked in self.model.marked)


class ProjectionWork:
    """Hands events to the methods of a Projection."""

    def __init__(
        self, model: ProjectionModel, codec: Codec, injector: Injector, place: Place
    ) -> None:
        """Resolve what the methods ask for.

        Raises:
            ConfigurationError: Nothing provides it.
        """
        self.place = place
        self._model = model
        self._codec = codec
        self._instance = model.cls()
        self.names: frozenset[str] | None = (
            None if model.wants_all else codec.names_of(model.events)
        )
        self._sources = {
            handler: injector.sources(
                handler.parameters, label=handler.label, is_async=False, kind="Event"
            )
            for handler in set(model.handlers.values())
        }

    def do(self, transaction: Transaction, records: Sequence[Seen]) -> None:
        """Call the methods, in order."""
        for seen in records:
            if not self._codec.knows(seen.record.type):
                continue  # a type of a newer release, or one that nobody has any more
            label = self._model.label
            try:
                event: Event = seen.event
                handler = self._model.handler(event)
                label = handler.label
                call = Call(seen.metadata)
                call.shared[CONNECTION] = transaction.connection
                extra: dict[str, Any] = {n: source(call) for n, source in self._sources[handler]}
                handler.function(self._instance, event, **extra)
            except Exception as error:
                raise FoldFailed(label) from error

    def undone(self) -> None:
        """Know nothing of rows anyway."""

    def fingerprint(self) -> str:
        """Return a digest of the handlers."""
        return fingerprint_of(handler.function for handler in self._model.handlers.values())

"""Folds a batch of events into the rows of a view. Read by: authors of the read side.

It knows no database: rows are loaded and written through a `RowSource`. Nothing here waits, so
the same code folds in a worker thread, in a test and in `given(...)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from leftfold.errors import CodecError
from leftfold.processing.view import deleting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from leftfold.messages.message import Event
    from leftfold.messages.metadata import Metadata
    from leftfold.processing.folds import Fold
    from leftfold.processing.seen import Happened
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["Changes", "FoldFailed", "RowSource", "fold_batch"]


Known: TypeAlias = "tuple[Event, Metadata | None]"
Touch: TypeAlias = "tuple[Fold, Sequence[Any], Sequence[Any] | None, Event, Metadata | None]"
"""A fold to call, the keys it touches, with each= the element of each key, and the event."""


class FoldFailed(Exception):
    """A fold failed; the cause says how."""

    def __init__(self, label: str) -> None:
        """Name the method."""
        super().__init__(label)
        self.label = label


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a batch makes of a view's rows, by key.

    `changed` were read before; `placed` are new, or replace whatever was there unread.
    """

    changed: Mapping[Any, Any]
    placed: Mapping[Any, Any]
    gone: Sequence[Any]


class RowSource(Protocol):
    """Where the rows of a view are, inside one transaction."""

    def load(self, model: ViewModel, tenant: str, keys: Collection[Any]) -> dict[Any, Any]:
        """Return the rows that there are, by key."""
        ...

    def load_beginning(
        self, model: ViewModel, tenant: str, prefixes: Collection[tuple[Any, ...]]
    ) -> dict[Any, Any]:
        """Return the rows whose composite key begins with one of these, by key."""
        ...

    def write(self, model: ViewModel, tenant: str, changes: Changes) -> None:
        """Write what changed.

        Raises:
            CodecError: A value does not fit its column.
        """
        ...


def fold_batch(model: ViewModel, batch: Iterable[Happened], source: RowSource) -> None:
    """Fold the events, in order, and write what changed.

    Raises:
        FoldFailed: A fold failed. Nothing that was written may be kept.
        CodecError: A value does not fit its column.
    """
    tenants: dict[str, list[Happened]] = {}
    for happened in batch:
        tenants.setdefault(happened.tenant, []).append(happened)
    for tenant, own in tenants.items():
        touches = _touches(model, own)
        if touches:
            _fold_tenant(model, tenant, touches, source)


def _fold_tenant(
    model: ViewModel, tenant: str, touches: Sequence[Touch], source: RowSource
) -> None:
    read, prefixes = _wanted(touches)
    rows = source.load(model, tenant, read) if read else {}
    if prefixes:
        rows |= source.load_beginning(model, tenant, prefixes)
    before = set(rows)
    absent = read.keys() - before
    changed = _fold(model, touches, rows, _Prefixes(prefixes, rows) if prefixes else None)
    changes = Changes(
        changed={k: r for k in changed if (r := rows[k]) is not None and k in before},
        placed={k: r for k in changed if (r := rows[k]) is not None and k not in before},
        gone=[k for k in changed if rows[k] is None and k not in absent],
    )
    source.write(model, tenant, changes)


def _touches(model: ViewModel, batch: Sequence[Happened]) -> list[Touch]:
    folds = model.folds
    touches: list[Touch] = []
    for happened in batch:
        label = model.label
        try:
            event = happened.event
            for fold in folds[type(event)]:
                label = fold.label
                keys, elements = fold.keys(event)
                metadata = happened.metadata if "metadata" in fold.takes else None
                touches.append((fold, keys, elements, event, metadata))
        except Exception as error:
            raise FoldFailed(label) from error
    return touches


def _wanted(touches: Sequence[Touch]) -> tuple[dict[Any, None], set[tuple[Any, ...]]]:
    """Return the keys to be read, and the beginnings of keys.

    A row that is built first, whatever it was before, need not be read.
    """
    read: dict[Any, None] = {}
    built: set[Any] = set()
    prefixes: set[tuple[Any, ...]] = set()
    for fold, keys, _, _, _ in touches:
        if fold.existing:
            prefixes.update(keys)
        elif fold.builds:
            built.update(key for key in keys if key not in read)
        elif built:
            read.update((key, None) for key in keys if key not in built)
        else:
            read.update(dict.fromkeys(keys))
    return read, prefixes


class _Prefixes:
    """Which keys begin with one of the wanted beginnings."""

    def __init__(self, prefixes: Iterable[tuple[Any, ...]], keys: Iterable[Any]) -> None:
        """Index the keys."""
        self._keys: dict[tuple[Any, ...], dict[Any, None]] = {p: {} for p in prefixes}
        self._lengths = {len(p) for p in self._keys}
        self.add(keys)

    def add(self, keys: Iterable[Any]) -> None:
        """Index more keys."""
        for key in keys:
            for length in self._lengths:
                wanted = self._keys.get(key[:length])
                if wanted is not None:
                    wanted[key] = None

    def beginning(self, prefix: tuple[Any, ...]) -> list[Any]:
        """Return the keys that begin so, always in the same order."""
        return sorted(self._keys[prefix], key=repr)


class _Folding:
    """The rows of one tenant while a batch is folded into them; a deleted row is None."""

    def __init__(self, model: ViewModel, rows: dict[Any, Any], prefixes: _Prefixes | None) -> None:
        """Take the rows that there are."""
        self._model = model
        self._rows = rows
        self._prefixes = prefixes
        self._deleted: list[Any] = []
        self.changed: set[Any] = set()

    def begin(self) -> None:
        """Let the folds of this thread delete rows."""
        deleting.rows = self._deleted

    def fold(self, touch: Touch) -> None:
        """Call the fold for each key that an event touches."""
        fold, keys, elements, event, metadata = touch
        if self._prefixes is not None:
            if fold.existing:
                found = [
                    (key, n) for n, p in enumerate(keys) for key in self._prefixes.beginning(p)
                ]
                keys = [key for key, _ in found]
                elements = elements and [elements[n] for _, n in found]
            else:
                self._prefixes.add(keys)
        if fold.builds:
            self._build(fold, keys, elements, (event, metadata))
        elif fold.plain == "element" and elements is not None:
            self._fold_elements(fold, keys, elements, event)
        elif fold.plain == "event" and elements is None:
            self._fold_one(fold, keys[0], event)
        else:
            self._fold_into(fold, keys, elements, (event, metadata))

    def _fold_one(self, fold: Fold, key: Any, event: Event) -> None:
        """Do what `_fold_into` does for the plainest fold, of an event into its row."""
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self._model.new(key, fold)
        fold.function(row, event)
        if self._deleted:
            self._deleted.clear()
            self._rows[key] = None
        self.changed.add(key)

    def _fold_elements(
        self, fold: Fold, keys: Sequence[Any], elements: Sequence[Any], event: Event
    ) -> None:
        """Do what `_fold_into` does for the fold that is called most, an order line's."""
        rows, function, deleted = self._rows, fold.function, self._deleted
        for key, element in zip(keys, elements, strict=True):
            row = rows.get(key)
            if row is None:
                row = rows[key] = self._model.new(key, fold)
            function(row, event, element)
            if deleted:
                deleted.clear()
                rows[key] = None
        self.changed.update(keys)

    def _fold_into(
        self, fold: Fold, keys: Sequence[Any], elements: Sequence[Any] | None, known: Known
    ) -> None:
        rows = self._rows
        for number, key in enumerate(keys):
            row = rows.get(key)
            if row is None:
                if fold.missing_ok or fold.existing:
                    continue
                row = self._model.new(key, fold)
            fold.function(row, known[0], *_extras(fold, elements, number, known[1]))
            if self._deleted:
                self._deleted.clear()
                row = None
            rows[key] = row
            self.changed.add(key)

    def _build(
        self, fold: Fold, keys: Sequence[Any], elements: Sequence[Any] | None, known: Known
    ) -> None:
        cls = self._model.cls
        for number, key in enumerate(keys):
            row = fold.function(cls, known[0], *_extras(fold, elements, number, known[1]))
            if not isinstance(row, cls):
                message = (
                    f"{fold.label} returned {row!r}, not a {self._model.label}. End it with "
                    "return cls(...)."
                )
                raise CodecError(message)
            self._rows[key] = self._model.with_key(row, key, fold.label)
            self.changed.add(key)


def _extras(
    fold: Fold, elements: Sequence[Any] | None, number: int, metadata: Metadata | None
) -> tuple[Any, ...]:
    """Return what a fold takes after the event."""
    if not fold.takes:
        return ()
    return tuple(
        [
            metadata if taken == "metadata" or elements is None else elements[number]
            for taken in fold.takes
        ]
    )


def _fold(
    model: ViewModel, touches: Sequence[Touch], rows: dict[Any, Any], prefixes: _Prefixes | None
) -> set[Any]:
    """Fold into `rows`, and return the keys that changed."""
    folding = _Folding(model, rows, prefixes)
    label = model.label
    folding.begin()
    try:
        for touch in touches:
            label = touch[0].label
            folding.fold(touch)
    except Exception as error:
        raise FoldFailed(label) from error
    finally:
        deleting.rows = None
    return folding.changed

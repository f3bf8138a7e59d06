"""Folds a batch of events into the rows of a view. Read by: authors of the read side.

It knows no database: rows are loaded and written through a `RowSource`. Nothing here waits, so
the same code folds in a worker thread, in a test and in `given(...)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from leftfold.errors import CodecError
from leftfold.processing.view import deleting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from leftfold.processing.folds import Fold, Touch
    from leftfold.processing.seen import Happened
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["FoldFailed", "RowSource", "fold_batch"]


class FoldFailed(Exception):
    """A fold failed; the cause says how."""

    def __init__(self, label: str) -> None:
        """Name the method."""
        super().__init__(label)
        self.label = label


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

    def write(
        self, model: ViewModel, tenant: str, rows: Mapping[Any, Any], gone: Sequence[Any]
    ) -> None:
        """Write rows by key, and remove those that are gone.

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
    for seen in batch:
        tenants.setdefault(seen.tenant, []).append(seen)
    for tenant, own in tenants.items():
        touches = _touches(model, own)
        if touches:
            _fold_tenant(model, tenant, touches, source)


def _fold_tenant(
    model: ViewModel, tenant: str, touches: Sequence[Touch], source: RowSource
) -> None:
    first, prefixes = _first_touches(touches)
    # A row that is built first, whatever it was before, need not be read.
    read = [key for key, fold in first.items() if not fold.builds]
    rows = source.load(model, tenant, read) if read else {}
    if prefixes:
        rows |= source.load_beginning(model, tenant, prefixes)
    absent = set(read).difference(rows)
    changed = _fold(model, touches, rows, Prefixes(prefixes, rows) if prefixes else None)
    kept = {key: rows[key] for key in changed if rows[key] is not None}
    gone = [key for key in changed if rows[key] is None and key not in absent]
    if kept or gone:
        source.write(model, tenant, kept, gone)


def _touches(model: ViewModel, batch: Sequence[Happened]) -> list[Touch]:
    folds = model.folds
    touches: list[Touch] = []
    for seen in batch:
        label = model.label
        try:
            for fold in folds[type(seen.event)]:
                label = fold.label
                fold.touch(fold, seen, touches)
        except Exception as error:
            raise FoldFailed(label) from error
    return touches


def _first_touches(touches: Sequence[Touch]) -> tuple[dict[Any, Fold], set[tuple[Any, ...]]]:
    """Return the fold that touches each key first, and the beginnings of keys that are wanted."""
    first: dict[Any, Fold] = {}
    prefixes: set[tuple[Any, ...]] = set()
    for key, fold, _ in touches:
        if fold.existing:
            prefixes.add(key)
        elif key not in first:
            first[key] = fold
    return first, prefixes


class Prefixes:
    """Which keys begin with one of the wanted beginnings."""

    def __init__(self, prefixes: Iterable[tuple[Any, ...]], keys: Iterable[Any]) -> None:
        """Index the keys."""
        self._keys: dict[tuple[Any, ...], dict[Any, None]] = {p: {} for p in prefixes}
        self._lengths = {len(p) for p in self._keys}
        for key in keys:
            self.add(key)

    def add(self, key: Any) -> None:
        """Index one more key."""
        for length in self._lengths:
            keys = self._keys.get(key[:length])
            if keys is not None:
                keys[key] = None

    def beginning(self, prefix: tuple[Any, ...]) -> list[Any]:
        """Return the keys that begin so, always in the same order."""
        return sorted(self._keys[prefix], key=repr)


def _fold(
    model: ViewModel, touches: Sequence[Touch], rows: dict[Any, Any], prefixes: Prefixes | None
) -> set[Any]:
    """Fold into `rows`, where a deleted row becomes None, and return the keys that changed."""
    changed: set[Any] = set()
    deleted: list[Any] = []
    deleting.rows = deleted
    fold = touches[0][1]
    try:
        for key, fold, args in touches:
            if prefixes is not None:
                if fold.existing:
                    _fold_existing(prefixes.beginning(key), fold, args, rows, changed)
                    continue
                prefixes.add(key)
            if fold.builds:
                row = _built(model, key, fold, args)
            else:
                row = rows.get(key)
                if row is None:
                    if fold.missing_ok:
                        continue
                    row = model.new(key, fold)
                fold.function(row, *args)
            if deleted:
                deleted.clear()
                row = None
            rows[key] = row
            changed.add(key)
    except Exception as error:
        raise FoldFailed(fold.label) from error
    finally:
        deleting.rows = None
    return changed


def _fold_existing(
    keys: Iterable[Any],
    fold: Fold,
    args: tuple[Any, ...],
    rows: dict[Any, Any],
    changed: set[Any],
) -> None:
    for key in keys:
        row = rows.get(key)
        if row is None:
            continue
        fold.function(row, *args)
        if deleting.rows:
            deleting.rows.clear()
            rows[key] = None
        changed.add(key)


def _built(model: ViewModel, key: Any, fold: Fold, args: tuple[Any, ...]) -> Any:
    row = fold.function(model.cls, *args)
    if not isinstance(row, model.cls):
        message = (
            f"{fold.label} returned {row!r}, not a {model.label}. End it with return cls(...)."
        )
        raise CodecError(message)
    return model.with_key(row, key, fold.label)

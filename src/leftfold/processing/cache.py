"""Rows that were folded last, kept for the next batch. Read by: authors of the read side.

They are as good as those in the table, since nobody else may write while the position moves
from where this process left it; where a move is undone or lost, all are forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from leftfold.processing.batch import Changes, RowSource
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["CachedRows"]

_MOST_BYTES = 8_000_000
# What a row costs beside its texts: the object, its key and its place in the dict.
_ROW_BYTES = 400
_SAMPLES = 16


class CachedRows:
    """The rows of one view, in front of those in the table."""

    def __init__(self) -> None:
        """Begin empty."""
        self._rows: dict[str, dict[Any, Any]] = {}
        self._source: RowSource | None = None

    def before(self, source: RowSource) -> CachedRows:
        """Return these rows, in front of a transaction's."""
        self._source = source
        return self

    def forget(self) -> None:
        """Forget all rows, since the table may have others."""
        self._rows.clear()

    def load(self, model: ViewModel, tenant: str, keys: Collection[Any]) -> dict[Any, Any]:
        """Return the rows that there are, by key."""
        assert self._source is not None  # noqa: S101  inside a transaction
        known = self._rows.get(tenant)
        if not known:
            return self._source.load(model, tenant, keys)
        found = {key: known[key] for key in keys if key in known}
        missing = [key for key in keys if key not in found]
        if missing:
            found |= self._source.load(model, tenant, missing)
        return found

    def load_beginning(
        self, model: ViewModel, tenant: str, prefixes: Collection[tuple[Any, ...]]
    ) -> dict[Any, Any]:
        """Return the rows whose key begins so; what is known is in the table too."""
        assert self._source is not None  # noqa: S101  inside a transaction
        return self._source.load_beginning(model, tenant, prefixes)

    def write(self, model: ViewModel, tenant: str, changes: Changes) -> None:
        """Write what changed, and know it for the next batch."""
        assert self._source is not None  # noqa: S101  inside a transaction
        self._source.write(model, tenant, changes)
        rows = self._rows.setdefault(tenant, {})
        rows.update(changes.changed)
        rows.update(changes.placed)
        for key in changes.gone:
            rows.pop(key, None)
        most = _MOST_BYTES // (_ROW_BYTES + _texts(model, changes.changed or changes.placed))
        if sum(map(len, self._rows.values())) > most:
            self._rows.clear()
            if len(changes.changed) + len(changes.placed) <= most:
                self._rows[tenant] = {**changes.changed, **changes.placed}


def _texts(model: ViewModel, rows: Mapping[Any, Any]) -> int:
    """Return about how much the texts of a row take."""
    count = min(_SAMPLES, len(rows))
    size = 0
    for key, row in zip(rows, rows.values(), strict=True):
        if count == 0:
            break
        count -= 1
        size += sum(len(value) for value in model.encode(row, key) if isinstance(value, str))
    return size * 4 // max(1, min(_SAMPLES, len(rows)))

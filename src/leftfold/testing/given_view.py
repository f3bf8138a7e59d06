"""given(View, *events).then(*rows): tests of views without a database. Read by: everyone.

Each row is written in the form that a table has and read again between two events, so a value
that its column cannot keep fails here as it would there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from uuid import UUID

from leftfold.codec.codec import Codec
from leftfold.eventstore.port import Mark
from leftfold.eventstore.tokens import encode_token
from leftfold.messages.metadata import Metadata
from leftfold.processing.batch import FoldFailed, fold_batch
from leftfold.processing.view import View
from leftfold.processing.viewmodel import view_model
from leftfold.testing.comparing import side_by_side

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from leftfold.messages.message import Event
    from leftfold.processing.batch import Changes
    from leftfold.processing.viewmodel import ViewModel

__all__ = ["GivenView", "given_view"]

V = TypeVar("V", bound=View)

START = datetime(2030, 1, 1, tzinfo=UTC)
_STORE = UUID(int=0)


def given_view(view: type[V], events: Sequence[Event], at: datetime | None = None) -> GivenView[V]:
    """Fold events into the rows of a view.

    Args:
        view: The View.
        events: What has happened, oldest first; those that it does not fold change nothing.
        at: When, for folds that take `Metadata`.

    Raises:
        ConfigurationError: The view cannot work.
        CodecError: An event cannot be stored, or a value does not fit its column.
    """
    model = view_model(view)
    codec = Codec(sorted({type(event) for event in events}, key=lambda cls: cls.__qualname__))
    kept = _KeptRows()
    for number, event in enumerate(events, 1):
        happened = _Happened(codec.seal(event).event, number, at or START)
        if type(event) not in model.events:
            continue
        try:
            fold_batch(model, [happened], kept)
        except FoldFailed as failed:
            raise (failed.__cause__ or failed) from None
    return GivenView(model, [model.decode(row) for row in kept.rows.values()])


class _Happened:
    """An event that happened in a test."""

    tenant = ""

    def __init__(self, event: Event, number: int, at: datetime) -> None:
        self.event = event
        mark = Mark(number, UUID(int=number))
        self.metadata = Metadata(
            id=mark.record, time=at, position=number, token=encode_token(_STORE, mark)
        )


class _KeptRows:
    """A table in a dict, which keeps rows in the form that columns have."""

    def __init__(self) -> None:
        self.rows: dict[Any, list[Any]] = {}

    def load(self, model: ViewModel, tenant: str, keys: Collection[Any]) -> dict[Any, Any]:
        for key in keys:
            model.encode_key(key)
            model.slice(tenant, key)
        return {key: model.decode(self.rows[key]) for key in keys if key in self.rows}

    def load_beginning(
        self,
        model: ViewModel,
        tenant: str,  # noqa: ARG002  tests have one
        prefixes: Collection[tuple[Any, ...]],
    ) -> dict[Any, Any]:
        return {
            key: model.decode(row)
            for key, row in self.rows.items()
            if any(key[: len(prefix)] == prefix for prefix in prefixes)
        }

    def write(self, model: ViewModel, tenant: str, changes: Changes) -> None:
        for key, row in (*changes.changed.items(), *changes.placed.items()):
            model.slice(tenant, key)
            self.rows[key] = model.encode(row, key)
        for key in changes.gone:
            self.rows.pop(key, None)


class GivenView(Generic[V]):
    """The rows of a view, to be compared with what should be there."""

    def __init__(self, model: ViewModel, rows: Sequence[V]) -> None:
        """Take the rows."""
        self._model = model
        self._rows = rows

    def then(self, *rows: V) -> Self:
        """Expect exactly these rows, in any order.

        Raises:
            AssertionError: There are others.
        """
        __tracebackhide__ = True
        expected, found = self._sorted(rows), self._sorted(self._rows)
        if expected != found:
            title = f"{self._model.label} has other rows than expected."
            raise AssertionError(side_by_side(title, *_aligned(self._model, expected, found)))
        return self

    def _sorted(self, rows: Sequence[V]) -> list[V]:
        return sorted(rows, key=lambda row: repr(self._model.key_of(row)))


class _NoRow:
    """Stands where one side has no row with the key."""

    def __repr__(self) -> str:
        return "(no row)"


def _aligned(
    model: ViewModel, expected: Sequence[Any], found: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Return both sides with rows of the same key beside each other."""
    left = {model.key_of(row): row for row in expected}
    right = {model.key_of(row): row for row in found}
    keys = sorted({*left, *right}, key=repr)
    return [left.get(k, _NoRow()) for k in keys], [right.get(k, _NoRow()) for k in keys]

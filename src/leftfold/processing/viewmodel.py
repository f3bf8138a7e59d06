"""A View, compiled: columns, key, folds, rows. Read by: authors of the read side.

The definition's errors are found here, when the App is made.
"""

from __future__ import annotations

import difflib
import re
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

import msgspec

from leftfold.errors import CodecError, ConfigurationError
from leftfold.messages.keys import key_text, slice_of
from leftfold.modeling.folding import check_options, required_fields
from leftfold.processing.columns import columns_of
from leftfold.processing.folds import folds_of
from leftfold.processing.values import Misfit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leftfold.messages.message import Event
    from leftfold.modeling.model import Marked
    from leftfold.processing.columns import Column
    from leftfold.processing.folds import Fold

__all__ = ["SLICE", "TENANT", "ViewModel", "table_name", "view_model"]

TENANT = "_tenant"
SLICE = "_slice"
_KEY_KINDS = frozenset({"text", "integer", "uuid", "date"})
_OPTIONS = {
    "handles": frozenset[str](),
    "evolves": frozenset({"key", "each", "missing_ok", "existing"}),
}
_ADVICE = {
    "ends": "Call self.delete() to remove the row.",
    "tags": "A View is folded by key; say where the key is with key=.",
}
_NAME_BYTES = 60
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"\W+")


class ViewModel:
    """What the read side needs to know of a View."""

    def __init__(self, cls: Any) -> None:
        """Compile the class.

        Raises:
            ConfigurationError: It cannot work, with what to change.
        """
        options = cls.__leftfold__
        self.cls = cls
        self.label: str = cls.__name__
        self.name: str = options.name
        self.version: int = options.version
        self.key: tuple[str, ...] = options.key
        self.marked: tuple[Marked, ...] = options.marked
        self._check_class()
        self.columns: tuple[Column, ...] = columns_of(cls)
        self.column = {column.name: column for column in self.columns}
        self._check_key()
        self.indexes: tuple[tuple[str, ...], ...] = options.indexes
        self._check_indexes()
        self.folds = _by_event(folds_of(cls))
        self.table = table_name(self.name, self.version)
        self._required = frozenset(required_fields(cls)) - set(self.key)
        self._check_builder()
        self.key_of: Callable[[Any], Any] = attrgetter(*self.key)
        self._prepare_rows()

    @property
    def events(self) -> frozenset[type[Event]]:
        """Return the events that it folds."""
        return frozenset(self.folds)

    def _check_class(self) -> None:
        if not self.key:
            message = (
                f"class {self.label}(View) has no key. Name the field that holds a row's key: "
                f'class {self.label}(View, key="id").'
            )
            raise ConfigurationError(message)
        if type(self.version) is not int or self.version < 1:
            message = f"class {self.label}: version={self.version!r} must be a whole number from 1."
            raise ConfigurationError(message)
        check_options(self.cls, _OPTIONS, _ADVICE)
        seen: dict[str, str] = {TENANT: f"Leftfold's {TENANT}", SLICE: f"Leftfold's {SLICE}"}
        for name in self.cls.__struct_fields__:
            other = seen.setdefault(name.lower(), name)
            if other != name:
                message = (
                    f"{self.label}.{name} cannot be a column, since databases do not tell it from "
                    f"{other}. Rename the field."
                )
                raise ConfigurationError(message)

    def _check_key(self) -> None:
        for name in self.key:
            column = self.column.get(name)
            if column is None:
                message = (
                    f"class {self.label}(View, key={name!r}): no field {name!r} is declared (it "
                    f"has: {', '.join(self.column) or 'none'}). Add {name}: str, or the type that "
                    "it has in the events."
                )
                raise ConfigurationError(message)
            if column.kind not in _KEY_KINDS or column.optional:
                kind = f"{column.kind} or None" if column.optional else column.kind
                message = (
                    f"{self.label}.{name} is part of the key and kept as {kind}. A key is a str, "
                    "int, UUID or date, and never None; choose another field."
                )
                raise ConfigurationError(message)

    def _check_indexes(self) -> None:
        for name in (name for index in self.indexes for name in index):
            column = self.column.get(name)
            if column is None or column.kind == "json":
                raise ConfigurationError(f"class {self.label}, indexes=: {self.unknown(name)}")

    def _check_builder(self) -> None:
        folds = [f for folds in self.folds.values() for f in folds]
        if not folds:
            message = (
                f"{self.label} folds no event, so it would stay empty. Add @evolves "
                "def placed(self, event: OrderPlaced) -> None."
            )
            raise ConfigurationError(message)
        if self._required and not any(f.builds or f.missing_ok or f.existing for f in folds):
            field = next(n for n in self.cls.__struct_fields__ if n in self._required)
            event = folds[0].event.__name__
            message = (
                f"{self.label}.{field} has no default and no classmethod builds the row. Give a "
                f"default, or add @evolves @classmethod def placed(cls, event: {event}) -> Self."
            )
            raise ConfigurationError(message)

    def _prepare_rows(self) -> None:
        names = tuple(column.name for column in self.columns)
        self.names = names
        self._encoders = tuple(column.encode for column in self.columns)
        self._decoders = tuple((i, c.decode) for i, c in enumerate(self.columns) if c.decode)
        self._key_columns = tuple(self.column[name] for name in self.key)
        self._key_places = tuple(names.index(name) for name in self.key)

    def unknown(self, name: object) -> str:
        """Return the words for a column that cannot be searched or sorted by."""
        column = self.column.get(name) if isinstance(name, str) else None
        if column is not None:
            return (
                f"{self.label}.{name} is kept as JSON, which has no order. Give what is searched "
                "by a field of its own."
            )
        close = difflib.get_close_matches(str(name), self.column, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        return f"{self.label} has no column {name!r} (it has: {', '.join(self.column)}).{hint}"

    def parts(self, key: Any) -> tuple[Any, ...]:
        """Return the parts of a key as rows and folds have it."""
        return (key,) if len(self.key) == 1 else cast("tuple[Any, ...]", key)

    def encode_key(self, key: Any) -> tuple[Any, ...]:
        """Return the kept form of a key, or of the first parts of one.

        Raises:
            CodecError: It does not fit the key fields.
        """
        kept: list[Any] = []
        for column, part in zip(self._key_columns, self.parts(key), strict=False):
            try:
                kept.append(column.encode(part))
            except Misfit as error:
                hint = (
                    " Leave out events without a key with each=, a function that gives no element."
                    if part is None
                    else ""
                )
                message = (
                    f"{self.label}: the key field {column.name} cannot be kept: {error}.{hint}"
                )
                raise CodecError(message) from error
        return tuple(kept)

    def slice(self, tenant: str, key: Any) -> int:
        """Return the slice that a row belongs to.

        Raises:
            CodecError: The key is empty or too long.
        """
        return slice_of(tenant, key_text(self.parts(key)))

    def new(self, key: Any, fold: Fold) -> Any:
        """Return a row made from its defaults.

        Raises:
            CodecError: It has fields without default.
        """
        if self._required:
            message = (
                f"{fold.label}: there is no {self.label} {key!r}, and it cannot be built from "
                f"defaults ({', '.join(sorted(self._required))} have none). Say that a missing row "
                "is fine, @evolves(missing_ok=True), or build it in a classmethod."
            )
            raise CodecError(message)
        return self.cls(**dict(zip(self.key, self.parts(key), strict=True)))

    def with_key(self, row: Any, key: Any, label: str) -> Any:
        """Return a built row, its key fields filled where they had a default.

        Raises:
            CodecError: It was built with another key.
        """
        if self.key_of(row) == key:
            return row
        names: tuple[str, ...] = self.cls.__struct_fields__
        defaults: tuple[Any, ...] = self.cls.__struct_defaults__
        default = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
        for name, part in zip(self.key, self.parts(key), strict=True):
            given = getattr(row, name)
            if given != part and (name not in default or given != default[name]):
                message = (
                    f"{label} built a {self.label} with {name}={given!r} for the row {key!r}. Key "
                    f"fields are those of the event; write {name}={part!r} as the event has it."
                )
                raise CodecError(message)
            setattr(row, name, part)
        return row

    def encode(self, row: Any, key: Any) -> list[Any]:
        """Return the kept values of a row, in the order of the columns.

        Raises:
            CodecError: A value does not fit its column, or the key was changed.
        """
        if self.key_of(row) != key:
            message = (
                f"A fold of {self.label} changed the key of row {key!r} to {self.key_of(row)!r}. "
                "Key fields are filled by Leftfold and read-only; leave them as they are."
            )
            raise CodecError(message)
        given = msgspec.structs.astuple(row)
        try:
            return [encode(value) for encode, value in zip(self._encoders, given, strict=True)]
        except Misfit:
            raise self._misfit(given, key) from None

    def _misfit(self, given: Sequence[Any], key: Any) -> CodecError:
        for column, value in zip(self.columns, given, strict=True):
            try:
                column.encode(value)
            except Misfit as error:
                return CodecError(
                    f"{self.label}.{column.name} of row {key!r} cannot be kept: {error}."
                )
        return CodecError(f"{self.label}: row {key!r} cannot be kept.")

    def decode(self, kept: Sequence[Any]) -> Any:
        """Return the row that was kept as these values."""
        values = list(kept)
        for place, decode in self._decoders:
            value = values[place]
            if value is not None:
                values[place] = decode(value)
        return self.cls(**dict(zip(self.names, values, strict=True)))


def _by_event(folds: Sequence[Fold]) -> dict[type[Event], tuple[Fold, ...]]:
    found: dict[type[Event], tuple[Fold, ...]] = {}
    for fold in folds:
        others = found.get(fold.event, ())
        for other in others:
            if other.target == fold.target:
                message = (
                    f"{fold.event.__name__} is folded by {other.label} and {fold.label}, into the "
                    "same row. Fold it in one method, or give them different keys: "
                    "@evolves(key=…)."
                )
                raise ConfigurationError(message)
        found[fold.event] = (*others, fold)
    return found


def table_name(name: str, version: int) -> str:
    """Return the table of a view: `CustomerOrder` of version 1 is `customer_order_v1`.

    Names too long for a database are cut, and told apart by a digest.
    """
    word = _OTHER.sub("_", _WORD.sub("_", name)).lower().strip("_") or "view"
    ending = f"_v{version}"
    if len((word + ending).encode()) <= _NAME_BYTES:
        return word + ending
    digest = sha256(name.encode()).hexdigest()[:8]
    cut = word.encode()[: _NAME_BYTES - len(ending) - 9].decode(errors="ignore")
    return f"{cut}_{digest}{ending}"


def view_model(cls: Any) -> ViewModel:
    """Return the class compiled, once.

    Raises:
        ConfigurationError: It cannot work, with what to change.
    """
    compiled: dict[str, Any] = cls.__leftfold__.compiled
    if "view" not in compiled:
        compiled["view"] = ViewModel(cls)
    model: ViewModel = compiled["view"]
    return model

"""Turns events into stored bytes and back, and proves that it can. Read by: the kernel, followers.

Writing settles the values, encodes them, reads the bytes once and compares: nothing is stored
that cannot be read. Between values and bytes stand the steps of a type; where none has
anything to do, as for all events of the newest revision, bytes are written and read straight.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

import msgspec

from leftfold.codec.steps import Step, Upcast, dumped, loaded
from leftfold.codec.upcaster import Upcaster, chains_of
from leftfold.codec.values import Settle, settle_for
from leftfold.errors import CodecError, ConfigurationError
from leftfold.messages.message import Event, options_of
from leftfold.messages.narrowing import is_list, is_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Codec", "Sealed"]

_NUL = b"\\u0000"
_SHOWN = 200  # characters of a value that an error repeats
_UNSTORABLE = (TypeError, ValueError, OverflowError, RecursionError, CodecError)


class Sealed(msgspec.Struct, frozen=True):
    """An event as it will be read again, and the bytes that say so."""

    event: Event
    type: str
    revision: int
    data: bytes
    tags: frozenset[str]


class _Shape:
    """How one class is written and read."""

    __slots__ = (
        "cls",
        "decode",
        "name",
        "read_tags",
        "revision",
        "settle",
        "steps",
        "straight",
        "upcast",
        "writes",
    )

    def __init__(self, cls: type[Event]) -> None:
        options = options_of(cls)
        self.cls = cls
        self.name = options.name
        self.revision = options.revision
        self.read_tags = options.read_tags
        try:
            self.settle: Settle | None = settle_for(cls)
            self.decode = msgspec.json.Decoder(cls).decode
        except (NameError, TypeError) as error:
            message = f"{_whole(cls)} cannot be stored as JSON: {_reason(cls, error)}."
            raise ConfigurationError(message) from error
        self.takes({})

    def takes(self, upcasters: Mapping[int, Upcaster]) -> None:
        """Take the chain of upcasters that leads to the class."""
        self.upcast = Upcast(self.name, _whole(self.cls), self.revision, upcasters)
        self.steps: tuple[Step, ...] = (self.upcast,)
        self.writes = any(step.writes for step in self.steps)
        read = any(step.reads(self.revision) for step in self.steps)
        self.straight = None if read else self.revision


class Codec:
    """Knows the events of an App by wire name and class."""

    def __init__(self, events: Iterable[type[Event]], upcasters: Iterable[Upcaster] = ()) -> None:
        """Learn the events; upcasters are checked to lead to them.

        Raises:
            ConfigurationError: Two classes share a wire name, a class cannot be written as
                JSON, or a chain of upcasters has a gap.
        """
        self._encode = msgspec.json.Encoder(decimal_format="string").encode
        self._by_class: dict[type[Event], _Shape] = {}
        self._by_name: dict[str, _Shape] = {}
        for cls in events:
            self._learn(cls)
        known = {name: (shape.name, shape.revision) for name, shape in self._by_name.items()}
        for name, steps in chains_of(upcasters, known).items():
            self._by_name[name].takes(steps)

    def _learn(self, cls: type[Event]) -> None:
        if cls in self._by_class:
            return
        shape = self._by_class[cls] = _Shape(cls)
        for name in (shape.name, *options_of(cls).formerly):
            other = self._by_name.setdefault(name, shape)
            if other is not shape:
                message = (
                    f"The wire name {name!r} is used by {_whole(other.cls)} and {_whole(cls)}. "
                    "Give one of them another name=."
                )
                raise ConfigurationError(message)

    def seal(self, event: Event) -> Sealed:
        """Write an event and read it back.

        Raises:
            CodecError: A value cannot be stored, or would not come back equal.
        """
        shape = self._by_class.get(type(event))
        if shape is None:
            shape = self._unknown(event)
        try:
            settled = shape.settle(event) if shape.settle is not None else event
            data = self._written(shape, settled)
            again = self._read(shape, shape.revision, data)
        except _UNSTORABLE as error:
            message = f"{type(event).__name__} cannot be stored: {error}"
            raise CodecError(message) from error
        if again != settled:
            raise CodecError(_difference(settled, again))
        if _NUL in data and _holds_nul(msgspec.json.decode(data)):
            message = (
                f"{type(event).__name__} cannot be stored: a text holds U+0000, which databases "
                "refuse. Remove it before the command is sent."
            )
            raise CodecError(message)
        return Sealed(again, shape.name, shape.revision, data, shape.read_tags(again))

    def encode(self, event: Event) -> tuple[str, int, bytes]:
        """Return the wire name, the revision and the bytes of an event."""
        sealed = self.seal(event)
        return sealed.type, sealed.revision, sealed.data

    def decode(self, type: str, revision: int, data: bytes) -> Event:
        """Read stored bytes as the event they are.

        Raises:
            CodecError: No class answers to the name, the revision is newer than the class or
                has no upcaster, or the bytes do not fit.
        """
        shape = self._by_name.get(type)
        if shape is None:
            message = (
                f"No class answers to the stored name {type!r}. Give the App its class, or say "
                f"formerly=({type!r},) at the class that took its place."
            )
            raise CodecError(message)
        try:
            event = self._read(shape, revision, data)
        except CodecError:
            raise
        except Exception as error:  # whatever bytes come, or a class's own __post_init__ raises
            message = (
                f"A stored {type!r} of revision {revision} does not fit {_whole(shape.cls)}: "
                f"{error}. Raise its revision= and add an Upcaster."
            )
            raise CodecError(message) from error
        return event

    def _written(self, shape: _Shape, event: Event) -> bytes:
        data = self._encode(event)
        if shape.writes:
            data = self._encode(dumped(shape.steps, msgspec.json.decode(data)))
        return data

    def _read(self, shape: _Shape, revision: int, data: bytes) -> Event:
        if revision != shape.straight:
            values = msgspec.json.decode(data)
            data = self._encode(loaded(shape.steps, values, revision))
        event: Event = shape.decode(data)
        return event

    def names_of(self, types: Iterable[type[Event]]) -> frozenset[str]:
        """Return every wire name under which these events may be stored."""
        wanted = set(types)
        return frozenset(name for name, shape in self._by_name.items() if shape.cls in wanted)

    def knows(self, type: str) -> bool:
        """Tell whether a class answers to a stored name."""
        return type in self._by_name

    def class_of(self, type: str) -> type[Event] | None:
        """Return the class that answers to a stored name, if one does."""
        shape = self._by_name.get(type)
        return shape.cls if shape is not None else None

    def reads(self, type: str, revision: int) -> bool:
        """Tell whether a stored revision can be brought to the class's."""
        shape = self._by_name.get(type)
        return shape is not None and shape.upcast.leads_from(revision)

    def _unknown(self, event: Event) -> _Shape:
        message = (
            f"{_whole(type(event))} is not known to this App, so it could not be read again. "
            "A part must fold or handle it, or pass the class itself to App(...)."
        )
        raise CodecError(message)


def _whole(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _reason(cls: type[Event], error: NameError | TypeError) -> str:
    """Say which field is to blame."""
    if isinstance(error, NameError):
        return (
            f"the annotation '{error.name}' cannot be resolved. It is imported under "
            "TYPE_CHECKING or defined inside a function; import it at module level"
        )
    for name, annotation in typing.get_type_hints(cls, include_extras=True).items():
        try:
            settle_for(annotation)
            msgspec.json.Decoder(annotation)
        except TypeError as found:
            return f"its field '{name}' is {found}"
    return str(error)


def _difference(before: Any, after: Any) -> str:
    for name in before.__struct_fields__:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            return (
                f"{type(before).__name__} cannot be stored: its {name} would come back as "
                f"{_short(new)}, not as {_short(old)}. Give the field the type of the value."
            )
    return f"{type(before).__name__} cannot be stored: it would not come back equal."


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _holds_nul(values: Any) -> bool:
    if isinstance(values, str):
        return "\x00" in values
    if is_mapping(values):
        return any(_holds_nul(k) or _holds_nul(v) for k, v in values.items())
    if is_list(values):
        return any(_holds_nul(v) for v in values)
    return False

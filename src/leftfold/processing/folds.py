"""Compiles the `@evolves` methods of a view. Read by: authors of the read side.

What can be known of a class is worked out once, here, into
closures; the fold of a batch then only calls them, since a year of trade has half a million
order lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from leftfold.errors import ConfigurationError
from leftfold.messages.keys import as_parts, key_reader
from leftfold.messages.message import Event, options_of
from leftfold.messages.metadata import Metadata
from leftfold.modeling.signature import signature_of
from leftfold.processing.elements import elements_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leftfold.modeling.model import Marked
    from leftfold.modeling.signature import Signature

__all__ = ["Fold", "Keys", "folds_of"]

Keys: TypeAlias = "Callable[[Any], tuple[Sequence[Any], Sequence[Any] | None]]"
"""Gives the keys that an event touches, and with each= the element of each key."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A fold of one event type.

    A key is the bare value where the view has one key field, else a tuple; an `existing` fold
    has the first parts of one, always as a tuple. `takes` says what the function is called with
    after the event, in order: "element" and "metadata".
    """

    label: str
    event: type[Event]
    function: Callable[..., Any]
    builds: bool
    missing_ok: bool
    existing: bool
    takes: tuple[str, ...]
    keys: Keys = field(repr=False)
    target: tuple[object, ...]

    @cached_property
    def plain(self) -> str:
        """Return "event" or "element" for a fold that takes just these, and makes rows."""
        if self.missing_ok or self.existing or self.builds:
            return ""
        if self.takes:
            return "element" if self.takes == ("element",) else ""
        return "event"


def folds_of(cls: Any) -> list[Fold]:
    """Return a view's folds, one for each event type that a method names.

    Raises:
        ConfigurationError: A method cannot work as it is written.
    """
    return [f for marked in cls.__leftfold__.marked for f in _of(cls, marked)]


def _of(cls: Any, marked: Marked) -> Iterable[Fold]:
    label = f"{cls.__name__}.{marked.name}"
    role = marked.role
    if role.kind != "evolves":
        message = (
            f"{label}: a View only folds, with @evolves. A query is answered by a free function: "
            f"@handles async def …(query: …, rows: Rows[{cls.__name__}])."
        )
        raise ConfigurationError(message)
    if marked.is_classmethod and (role.missing_ok or role.existing):
        option = "missing_ok" if role.missing_ok else "existing"
        message = (
            f"{label}: {option}=True means nothing where a classmethod builds the row. Leave it "
            "out, or fold into the row with a plain method."
        )
        raise ConfigurationError(message)
    signature = signature_of(marked.function, label=label, bound=True, owner=cls)
    if signature.is_async:
        message = f"{label} is async. A fold only changes its row, without I/O; write a plain def."
        raise ConfigurationError(message)
    for event in signature.messages:
        if options_of(event).kind != "Event" or event is Event:
            message = (
                f"{label} evolves {event.__name__}, which is no event of yours. Annotate the class "
                "of an event, or a union of them."
            )
            raise ConfigurationError(message)
        yield _fold(cls, marked, label, signature, event)


def _fold(cls: Any, marked: Marked, label: str, signature: Signature, event: Any) -> Fold:
    role = marked.role
    takes = _takes(label, signature, each=role.each is not None)
    own: tuple[str, ...] = cls.__leftfold__.key
    source = as_parts(role.key) if role.key is not None else own
    _check_parts(label, own, source, existing=role.existing, given=role.key is not None)
    if role.each is None:
        key_reader(label, event, event.__struct_fields__, source, decorator="evolves")
        keys = _one(_event_key(source, as_tuple=role.existing))
    else:
        wanted = next(
            (p.annotation for p in signature.parameters if p.annotation is not Metadata), None
        )
        keys = elements_of(label, event, role.each, wanted, source, as_tuple=role.existing)
    return Fold(
        label=label,
        event=event,
        function=marked.function,
        builds=marked.is_classmethod,
        missing_ok=role.missing_ok,
        existing=role.existing,
        target=(source, role.each),
        takes=takes,
        keys=keys,
    )


def _check_parts(
    label: str, keys: tuple[str, ...], source: tuple[Any, ...], *, existing: bool, given: bool
) -> None:
    if existing:
        if not given or not len(source) < len(keys):
            message = (
                f"{label}: existing=True calls the fold for every row whose composite key begins "
                f"with key=, so it names fewer than the {len(keys)} parts of the key "
                f"({', '.join(keys)}). Write @evolves(key={keys[0]!r}, existing=True), or leave "
                "existing=True out."
            )
            raise ConfigurationError(message)
    elif len(source) != len(keys):
        message = (
            f"{label}: key= has {len(source)} parts, and the view's key has {len(keys)} "
            f"({', '.join(keys)}). Give one source for each."
        )
        raise ConfigurationError(message)


def _takes(label: str, signature: Signature, *, each: bool) -> tuple[str, ...]:
    """Return what a fold takes after the event, in order: "element" and "metadata"."""
    takes: list[str] = []
    for parameter in signature.parameters:
        kind = "metadata" if parameter.annotation is Metadata else "element"
        if kind in takes or (kind == "element" and not each):
            message = (
                f"{label}: a fold takes the event, with each= the element, and if it wants "
                f"Metadata; not '{parameter.name}'. Put what it needs into the event."
            )
            raise ConfigurationError(message)
        takes.append(kind)
    return tuple(takes)


def _event_key(source: tuple[Any, ...], *, as_tuple: bool) -> Callable[[Any], Any]:
    if all(isinstance(part, str) for part in source):
        read = attrgetter(*source)
        return (lambda event: (read(event),)) if as_tuple and len(source) == 1 else read
    readers = [attrgetter(part) if isinstance(part, str) else part for part in source]
    if len(readers) == 1 and not as_tuple:
        return readers[0]
    return lambda event: tuple([read(event) for read in readers])


def _one(read: Callable[[Any], Any]) -> Keys:
    return lambda event: ((read(event),), None)

"""What `@evolves(each=…)` goes through, and what keys there are. Read by: authors of views.

A part of the key is taken from the element if that has such
a field, else from the event; an element without fields (a str, a date) is itself the one part
that the event lacks.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

import msgspec

from leftfold.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leftfold.modeling.roles import Each

__all__ = ["elements_of"]


def elements_of(
    label: str,
    event: Any,
    each: Each,
    wanted: Any,
    source: tuple[Any, ...],
    *,
    as_tuple: bool,
) -> Any:
    """Return what gives an event's keys and elements, as `Keys` of folds.

    Args:
        label: The method, for the words of an error.
        event: The event's class.
        each: A field or method of the event, or a function of it.
        wanted: The annotation of the fold's element, None if it takes none.
        source: Where the parts of the key come from.
        as_tuple: Whether a key of one part is a tuple as well.

    Raises:
        ConfigurationError: There is no such field, or no key can be found.
    """
    through, found = _through(label, event, each)
    fields = _fields_of(label, wanted if wanted is not None else found)
    parts = [_part(label, event, fields, part) for part in source]
    lacking = [name for name, origin, _ in parts if origin == "nowhere"]
    if lacking and (fields is not None or len(lacking) > 1):
        raise _no_key(label, event, fields, lacking)
    if len(parts) == 1 and not as_tuple:
        return _single(through, parts[0])
    if all(origin == "element" for _, origin, _ in parts):
        return _single(through, ("", "element", _as_tuple([name for name, _, _ in parts])))
    return _composite(through, [(origin == "event", read) for _, origin, read in parts])


def _single(through: Any, part: tuple[str, str, Callable[[Any], Any]]) -> Any:
    _, origin, read = part

    def keys(given: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        elements = _sequence(through(given))
        if origin == "event":
            return [read(given)] * len(elements), elements
        return list(map(read, elements)), elements

    return keys


def _composite(through: Any, parts: list[tuple[bool, Callable[[Any], Any]]]) -> Any:
    def keys(given: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        elements = _sequence(through(given))
        if not elements:
            return (), ()
        columns = [
            [read(given)] * len(elements) if of_event else map(read, elements)
            for of_event, read in parts
        ]
        return list(zip(*columns, strict=True)), elements

    return keys


def _sequence(elements: Iterable[Any]) -> Sequence[Any]:
    return elements if isinstance(elements, (tuple, list)) else list(elements)


def _as_tuple(names: list[str]) -> Callable[[Any], Any]:
    read = attrgetter(*names)
    return (lambda element: (read(element),)) if len(names) == 1 else read


def _itself(element: Any) -> Any:
    return element


def _part(
    label: str, event: Any, fields: frozenset[str] | None, part: Any
) -> tuple[str, str, Callable[[Any], Any]]:
    """Return a part's name, where it comes from, and what reads it there."""
    if not isinstance(part, str):
        return label, "event", part
    if fields is not None and part in fields:
        return part, "element", attrgetter(part)
    if part in event.__struct_fields__:
        return part, "event", attrgetter(part)
    return part, "nowhere", _itself


def _no_key(
    label: str, event: Any, fields: frozenset[str] | None, lacking: list[str]
) -> ConfigurationError:
    elements = "are plain values" if fields is None else f"have: {', '.join(sorted(fields))}"
    return ConfigurationError(
        f"{label}: neither {event.__name__} (it has: {', '.join(event.__struct_fields__)}) nor its "
        f"elements (they {elements}) have {' and '.join(map(repr, lacking))}. Say where the key "
        'comes from: @evolves(each=…, key="…").'
    )


def _through(label: str, event: Any, each: Each) -> tuple[Any, Any]:
    """Return what gives an event's elements, and their type as far as it can be told."""
    if not isinstance(each, str):
        found: Any = each
        function = found.fget if isinstance(found, property) else found
        if not callable(function):
            message = (
                f"{label}: each={each!r} is neither a field, a method nor a function of the event."
            )
            raise ConfigurationError(message)
        return function, _returned(function)
    if each in event.__struct_fields__:
        annotation = typing.get_type_hints(event, include_extras=True)[each]
        return attrgetter(each), _element_type(annotation)
    method = getattr(event, each, None)
    if isinstance(method, property):
        return attrgetter(each), _returned(method.fget)
    if callable(method):
        return method, _returned(method)
    message = (
        f"{label}: {event.__name__} has no field or method {each!r} (it has: "
        f"{', '.join(event.__struct_fields__)}). Name what holds the elements: each=…."
    )
    raise ConfigurationError(message)


def _returned(function: Any) -> Any:
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        return None
    return _element_type(hints.get("return"))


def _element_type(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(origin, type) and issubclass(origin, Iterable) and arguments:
        return arguments[0]
    return None


def _fields_of(label: str, element: Any) -> frozenset[str] | None:
    """Return the fields that an element has, None for plain values."""
    if element is None or element is Any:
        message = (
            f"{label}: Leftfold cannot tell what the elements of each= are. Take the element with "
            "its type: def …(self, event: …, line: Line)."
        )
        raise ConfigurationError(message)
    if get_origin(element) in {Union, types.UnionType}:
        kinds = [_fields_of(label, member) for member in get_args(element)]
        if any(fields is None for fields in kinds):
            return None
        return frozenset[str](
            name for name in kinds[0] or () if all(name in (k or ()) for k in kinds)
        )
    plain = get_origin(element) or element
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return frozenset(plain.__struct_fields__)
    if isinstance(plain, type) and dataclasses.is_dataclass(plain):
        return frozenset(f.name for f in dataclasses.fields(plain))
    return None

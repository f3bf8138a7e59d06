"""Which tags a message carries: text of the form `name:value`. Read by: authors of tags=.

A tag's source is a field, several fields (alternatives, each its own tag), or a function of
the message. None gives no tag; a field that holds several values gives a tag for each.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeAlias
from uuid import UUID

from leftfold.errors import CodecError, ConfigurationError
from leftfold.messages.keys import key_text
from leftfold.messages.narrowing import is_several

__all__ = ["TagSource", "Tags", "tag_lister", "tag_names", "tag_reader", "together"]

TagSource: TypeAlias = str | tuple[str, ...] | Callable[[Any], str | Iterable[str] | None]
Tags: TypeAlias = tuple[str, ...] | Mapping[str, TagSource]

Values: TypeAlias = Callable[[Any], Iterable[str]]


def together(*fields: str) -> Callable[[Any], str]:
    """Make one tag of several fields: a pair that is unique only as a pair."""

    def pair(message: Any) -> str:
        return key_text(tuple(getattr(message, field) for field in fields))

    pair.__qualname__ = f"together({', '.join(map(repr, fields))})"
    return pair


def tag_names(tags: Tags) -> tuple[str, ...]:
    """Return the names of the tags, in the order given."""
    return tuple(tags)


def tag_lister(owner: str, fields: Iterable[str], tags: Tags) -> Callable[[Any], list[str]]:
    """Return a function that gives a message's tags, in the order of their sources.

    Args:
        owner: The class, for the words of an error.
        fields: The fields that its messages have.
        tags: What the class or handler declares.

    Raises:
        ConfigurationError: A tag names no field, or has a colon in its name.
    """
    known = frozenset(fields)
    sources = tags.items() if isinstance(tags, Mapping) else ((name, name) for name in tags)
    readers = [(f"{name}:", _values(owner, known, name, source)) for name, source in sources]
    return lambda message: [name + value for name, values in readers for value in values(message)]


def tag_reader(owner: str, fields: Iterable[str], tags: Tags) -> Callable[[Any], frozenset[str]]:
    """Return a function that gives a message's tags as a set; see `tag_lister`.

    Raises:
        ConfigurationError: A tag names no field, or has a colon in its name.
    """
    read = tag_lister(owner, fields, tags)
    return (lambda message: frozenset(read(message))) if tags else _no_tags


def _no_tags(_message: Any) -> frozenset[str]:
    return frozenset()


def _values(owner: str, known: frozenset[str], name: str, source: TagSource) -> Values:
    if not name or ":" in name:
        message = f"{owner}: the tag name {name!r} must be a word without a colon. Rename it."
        raise ConfigurationError(message)
    if callable(source):
        return lambda message: _texts(source(message))
    fields = (source,) if isinstance(source, str) else source
    for field in fields:
        if field not in known:
            message = (
                f"{owner} has no field '{field}' for its tag '{name}' (it has: "
                f"{', '.join(sorted(known)) or 'none'}). "
                f"Name the field: tags={{'{name}': 'field'}}."
            )
            raise ConfigurationError(message)
    if len(fields) == 1:
        (only,) = fields
        return lambda message: _texts(getattr(message, only))
    return lambda message: [text for field in fields for text in _texts(getattr(message, field))]


def _texts(value: object) -> Iterable[str]:
    if type(value) is str:
        return (value,)
    if value is None:
        return ()
    if isinstance(value, Enum):
        return _texts(value.value)
    if isinstance(value, datetime):
        return (value.isoformat(),)
    if isinstance(value, (str, int, UUID, date)):
        return (str(value),)
    if is_several(value):
        return [text for item in value for text in _texts(item)]
    message = (
        f"{value!r} cannot be a tag: a tag is a str, int, UUID or date, or several of them, "
        f"not {type(value).__name__}. Compute its text: tags={{'name': lambda e: …}}."
    )
    raise CodecError(message)

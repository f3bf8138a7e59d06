"""Events, commands and queries: frozen, keyword-only values with a wire name. Read by: everyone.

The class keywords are a closed list. What they say stands in `__leftfold__`, under a dunder,
so that a field of the user's may have any name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar, cast

import msgspec
from typing_extensions import dataclass_transform

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import (
    ClassBody,
    check_fields,
    check_keywords,
    checked_name,
)
from leftfold.messages.narrowing import is_mapping
from leftfold.messages.tags import Tags, tag_reader

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Command", "Event", "Message", "MessageOptions", "MessageType", "Query", "options_of"]

# Covariant, so that `print(await app.ask(query))` is right for checkers: any answer is an object.
R_co = TypeVar("R_co", covariant=True)

KEYWORDS = {
    "Event": ("name", "revision", "tags", "public", "formerly"),
    "Command": ("name", "revision", "formerly"),
    "Query": ("name", "revision", "formerly"),
    "Message": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOptions:
    """What a message's class statement says."""

    kind: str
    name: str
    revision: int
    tags: Tags
    public: bool
    formerly: tuple[str, ...]
    read_tags: Callable[[Any], frozenset[str]]
    compiled: dict[str, Any] = field(default_factory=dict[str, Any], compare=False)
    """What the layers above have worked out from the class, by their own name for it."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class MessageType(msgspec.StructMeta):
    """Makes message classes and checks what they declare."""

    __leftfold__: MessageOptions

    @classmethod
    def __prepare__(mcls, cls_name: str, bases: tuple[type, ...], /, **_keywords: Any) -> ClassBody:  # noqa: N804
        """Watch the body for names that hide each other."""
        return ClassBody(cls_name)

    def __new__(  # noqa: PYI034  a metaclass has no Self
        mcls,
        cls_name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        name: str | None = None,
        revision: int = 1,
        tags: Tags | None = None,
        public: bool = False,
        formerly: tuple[str, ...] = (),
        **unknown: Never,
    ) -> MessageType:
        """Make the class, or say what is wrong with it; tags are those of the base if not given."""
        root = next((b for b in bases if isinstance(b, MessageType)), None)
        kind = root.__leftfold__.kind if root is not None else "Message"
        given: dict[str, Any] = {"tags": tags} if tags is not None else {}
        given |= {"public": public} if public else {}
        base = bases[0].__name__ if bases else "Struct"
        check_keywords(cls_name, base, {**given, **unknown}, KEYWORDS[kind])
        cls = super().__new__(mcls, cls_name, bases, dict(namespace), frozen=True, kw_only=True)
        check_fields(cls_name, bases, namespace, cls.__struct_fields__)
        is_root = namespace.get("__module__") == __name__
        if tags is None:
            tags = root.__leftfold__.tags if root is not None else ()
        cls.__leftfold__ = MessageOptions(
            kind=cls_name if is_root else kind,
            name=checked_name(f"class {cls_name}", cls_name if name is None else name),
            revision=_checked_revision(cls_name, revision),
            tags=tags,
            public=public,
            formerly=tuple(
                checked_name(f"class {cls_name}, formerly=", former)
                for former in _checked_tuple(cls_name, "formerly", formerly)
            ),
            read_tags=_reader(cls_name, cls.__struct_fields__, tags),
        )
        return cls


def _reader(cls_name: str, fields: tuple[str, ...], tags: Tags) -> Callable[[Any], frozenset[str]]:
    if not is_mapping(tags):
        _checked_tuple(cls_name, "tags", tags)
    return tag_reader(cls_name, fields, tags)


def _checked_revision(cls_name: str, revision: int) -> int:
    if type(revision) is not int or revision < 1:
        message = f"class {cls_name}: revision={revision!r} must be a whole number from 1."
        raise ConfigurationError(message)
    return revision


def _checked_tuple(cls_name: str, keyword: str, given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        message = (
            f'class {cls_name}: {keyword}={given!r} must be a tuple. Write {keyword}=("{given}",).'
        )
        raise ConfigurationError(message)
    if not isinstance(given, tuple):
        message = f"class {cls_name}: {keyword}= must be a tuple or, for tags, a dict."
        raise ConfigurationError(message)
    return cast("tuple[str, ...]", given)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Message(msgspec.Struct, metaclass=MessageType):
    """Root of all messages; use Event, Command or Query."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Event(Message):
    """A fact: something that has happened, in the past tense, kept for ever."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Command(Message, Generic[R_co]):
    """A request to decide something; `send` returns an `R_co`, or raises the refusal."""


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class Query(Message, Generic[R_co]):
    """A question about what is so; `ask` returns an `R_co`."""


def options_of(message: type[Message]) -> MessageOptions:
    """Return what a message's class declares."""
    return message.__leftfold__

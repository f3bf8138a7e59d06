"""The metaclass of everything that folds: Aggregate, Boundary, View. Read by: their authors.

A model is a msgspec Struct whose fields are its state and whose marked methods decide or
fold. What its class statement says stands in `__leftfold__`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Never

import msgspec
from typing_extensions import dataclass_transform

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import (
    ClassBody,
    check_fields,
    check_keywords,
    checked_name,
)
from leftfold.messages.narrowing import is_mapping, is_tuple
from leftfold.modeling.roles import Role, role_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from leftfold.messages.tags import Tags

__all__ = ["Marked", "ModelOptions", "ModelType", "unset_instance"]

Indexes = tuple[str | tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A marked method of a model."""

    name: str
    role: Role
    function: Callable[..., Any]
    is_classmethod: bool


@dataclass(slots=True, kw_only=True)
class ModelOptions:
    """What a model's class statement says, and its marked methods in order."""

    kind: str
    name: str
    key: tuple[str, ...]
    tags: Tags
    indexes: tuple[tuple[str, ...], ...]
    version: int
    marked: tuple[Marked, ...]
    compiled: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the layers above have worked out from the class, by their own name for it."""


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class ModelType(msgspec.StructMeta):
    """Makes model classes and checks what they declare."""

    __leftfold__: ModelOptions

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
        key: str | tuple[str, ...] | None = None,
        name: str | None = None,
        tags: Tags | None = None,
        indexes: Indexes = (),
        version: int = 1,
        **unknown: Never,
    ) -> ModelType:
        """Make the class, or say what is wrong with it."""
        root = next((b for b in bases if isinstance(b, ModelType)), None)
        given: dict[str, Any] = {"key": key, "name": name, "tags": tags}
        given = {word: value for word, value in given.items() if value is not None}
        given |= {"indexes": indexes} if indexes else {}
        given |= {"version": version} if version != 1 else {}
        if root is not None:
            kind, known = root.__leftfold__.kind, root.__leftfold__.compiled["keywords"]
            check_keywords(cls_name, kind, {**given, **unknown}, known)
        cls = super().__new__(mcls, cls_name, bases, dict(namespace), kw_only=True)
        check_fields(cls_name, bases, namespace, cls.__struct_fields__)
        keywords = namespace.get("__keywords__") or (
            root.__leftfold__.compiled["keywords"] if root else ()
        )
        cls.__leftfold__ = ModelOptions(
            kind=root.__leftfold__.kind if root else cls_name,
            name=checked_name(f"class {cls_name}", cls_name if name is None else name),
            key=_inherited(root, "key") if key is None else _key(cls_name, key),
            tags=_inherited(root, "tags") if tags is None else _tags(cls_name, tags),
            indexes=tuple((i,) if isinstance(i, str) else tuple(i) for i in indexes),
            version=version,
            marked=tuple(_marked(cls)),
            compiled={"keywords": keywords},
        )
        return cls


def _inherited(root: ModelType | None, option: str) -> Any:
    return getattr(root.__leftfold__, option) if root is not None else ()


def _key(cls_name: str, key: object) -> tuple[str, ...]:
    parts = (key,) if isinstance(key, str) else key
    if not is_tuple(parts) or not parts or not all(isinstance(part, str) for part in parts):
        message = (
            f"class {cls_name}: key={key!r} must be a field, or a tuple of fields. "
            'Write key="account"; a function of one message stands at its @handles(key=…).'
        )
        raise ConfigurationError(message)
    return parts


def _tags(cls_name: str, tags: Any) -> Tags:
    if not is_tuple(tags) and not is_mapping(tags):
        message = f"class {cls_name}: tags={tags!r} must be a tuple or a dict."
        if isinstance(tags, str):
            message += f' Write tags=("{tags}",).'
        raise ConfigurationError(message)
    return tags


def _marked(cls: type) -> list[Marked]:
    found: dict[str, Marked] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            found.pop(name, None)
            role = role_of(value)
            if role is not None:
                if isinstance(value, staticmethod):
                    message = (
                        f"{cls.__name__}.{name} is a staticmethod, but it is called on a state. "
                        "Make it a method."
                    )
                    raise ConfigurationError(message)
                function = getattr(value, "__func__", value)
                found[name] = Marked(
                    name=name,
                    role=role,
                    function=function,
                    is_classmethod=isinstance(value, classmethod),
                )
    return list(found.values())


def unset_instance(cls: Any, required: tuple[str, ...]) -> Any:
    """Return an instance of a model whose required fields are not set yet.

    Reading one of them goes through the class's `__getattr__`, which says what is missing.
    """
    instance = cls(**dict.fromkeys(required))
    for name in required:
        delattr(instance, name)
    return instance

"""What every class statement of a message or model must keep to. Read by: the metaclasses.

A wrong keyword or a clash of names is an error where the class is written, with the words
that help, since msgspec would otherwise take the method as the field's default in silence.
"""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from leftfold.errors import ConfigurationError

__all__ = [
    "ClassBody",
    "calling_module",
    "check_fields",
    "check_keywords",
    "checked_name",
    "is_method",
    "place_of",
]

NAME_BYTES = 128
STRUCT_OPTIONS = frozenset(
    {
        "tag",
        "tag_field",
        "frozen",
        "kw_only",
        "order",
        "eq",
        "rename",
        "array_like",
        "gc",
        "weakref",
    }
    | {"dict", "cache_hash", "forbid_unknown_fields", "omit_defaults", "repr_omit_defaults"},
)
"""Keywords of msgspec's own Struct, which Leftfold sets by itself."""


class ClassBody(dict[str, Any]):
    """The names of a class body while it runs, so that none is lost unseen."""

    def __init__(self, cls_name: str) -> None:
        """Begin an empty body of the class `cls_name`."""
        super().__init__()
        self.cls_name = cls_name

    def __setitem__(self, name: str, value: Any) -> None:
        """Take a name, unless it hides a method of the same body."""
        if is_method(self.get(name)) and not isinstance(value, property):  # @x.setter comes again
            if not is_method(value):
                raise _both(self.cls_name, name)
            message = (
                f"{self.cls_name}.{name} is defined twice, so the first would be lost. Rename one."
            )
            raise ConfigurationError(message)
        super().__setitem__(name, value)


def is_method(value: object) -> bool:
    """Tell whether a value of a class body is a method or property."""
    return isinstance(value, (classmethod, staticmethod, property)) or (
        callable(value) and hasattr(value, "__code__")
    )


def check_keywords(
    cls_name: str, base: str, given: Mapping[str, Any], known: Iterable[str]
) -> None:
    """Refuse class keywords that are not known.

    Raises:
        ConfigurationError: With the known ones and the likely meant one.
    """
    known = tuple(known)
    for keyword, value in given.items():
        if keyword in known:
            continue
        message = (
            f"class {cls_name}({base}, {keyword}=…): unknown keyword '{keyword}'. "
            f"Known: {', '.join(known) or 'none'}."
        )
        close = difflib.get_close_matches(keyword, known, n=1)
        if keyword in STRUCT_OPTIONS and not close:
            message += " Leftfold sets msgspec's own options by itself; leave it out."
        elif close:
            meant = f'("{value}",)' if close[0] == "tags" and isinstance(value, str) else "…"
            message += f" Did you mean {close[0]}={meant}?"
        raise ConfigurationError(message)


def check_fields(
    cls_name: str, bases: tuple[type, ...], namespace: Mapping[str, Any], fields: Iterable[str]
) -> None:
    """Refuse a field that is also a method, of the class itself or of a base.

    Args:
        cls_name: The class.
        bases: Its bases.
        namespace: What its body defines.
        fields: The fields that it has, inherited ones too.

    Raises:
        ConfigurationError: With a name that would do.
    """
    for name in fields:
        if is_method(namespace.get(name)):
            raise _both(cls_name, name)
        for base in bases:
            if is_method(getattr(base, name, None)):
                message = (
                    f"{cls_name}.{name} is a field called like the method {base.__name__}.{name}. "
                    f"Rename the field, e.g. to {name}_value."
                )
                raise ConfigurationError(message)


def _both(cls_name: str, name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{cls_name}.{name} is both a field and a method, so the method would become the field's "
        f"default. Rename one, e.g. the field to is_{name}."
    )


def checked_name(owner: str, name: object) -> str:
    """Return a wire name or the first part of a stream's name.

    Args:
        owner: Whose name it is, for the words of an error, as `class Account`.
        name: The name that was given.

    Raises:
        ConfigurationError: It is no name.
    """
    if isinstance(name, str) and name.isprintable() and "/" not in name:
        size = len(name.encode())  # what is printable holds no lone surrogate
        if 0 < size <= NAME_BYTES:
            return name
    message = (
        f"{owner}: the name {name!r} must be a text of 1 to {NAME_BYTES} bytes, printable and "
        "without a slash. Choose another name=."
    )
    raise ConfigurationError(message)


def place_of(subject: Any) -> str:
    """Return where something is written, as `bank.py:40`, or its module."""
    subject = getattr(subject, "__func__", subject)
    code = getattr(subject, "__code__", None)
    if code is not None:
        return f"{code.co_filename.rpartition('/')[2]}:{code.co_firstlineno}"
    return str(getattr(subject, "__module__", "?"))


def calling_module() -> str:
    """Return the name of the module that called the caller, as a part's maker."""
    here = inspect.currentframe()
    maker = here.f_back.f_back if here and here.f_back else None
    return str(maker.f_globals.get("__name__", "")) if maker else ""

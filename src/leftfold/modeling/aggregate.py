"""Aggregate: a keyed fold that decides. Read by: everyone; start here.

One stream of events, `<name>/<key>`, is folded into the fields; commands are decided on them.
"""

from typing import Any, ClassVar

import msgspec
from typing_extensions import dataclass_transform

from leftfold.errors import ConfigurationError
from leftfold.messages.message import Event
from leftfold.modeling.decision import deciding, record_event
from leftfold.modeling.model import ModelType

__all__ = ["Aggregate"]


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class Aggregate(msgspec.Struct, metaclass=ModelType):
    """What one thing may do, decided on what has happened to it.

    Class keywords: `key`, the field (or fields) of its commands that holds the key; `name`,
    the first part of its streams, by default the class's name.
    """

    __keywords__: ClassVar[tuple[str, ...]] = ("key", "name")

    def record(self, event: Event, /) -> None:
        """Let the event happen: it is folded at once, and stored when the handler returns.

        Raises:
            ConfigurationError: Called outside a handler, or inside `@evolves`.
            CodecError: The event cannot be stored.
        """
        record_event(self, event)

    def __getattr__(self, name: str) -> Any:
        """Say why a field that was read has no value yet."""
        raise _unset(self, name)


def _unset(model: Aggregate, name: str) -> Exception:
    cls = type(model)
    if name not in cls.__struct_fields__:
        return AttributeError(f"{cls.__name__!r} object has no attribute {name!r}")
    decision = deciding.get()
    builder = next((m.name for m in cls.__leftfold__.marked if m.is_classmethod), None)
    if decision is None or builder is None:
        return AttributeError(f"{cls.__name__}.{name} was read before it was set.")
    return ConfigurationError(
        f"{decision.label} read self.{name} before it was set. A {_option(cls, decision.label)} "
        f"handler has no state until it records the event that {cls.__name__}.{builder} folds."
    )


def _option(cls: ModelType, label: str) -> str:
    missing_ok = any(
        marked.role.missing_ok and label == f"{cls.__name__}.{marked.name}"
        for marked in cls.__leftfold__.marked
    )
    return "missing_ok=True" if missing_ok else "new=True"

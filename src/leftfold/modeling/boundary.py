"""Boundary: a fold over tags instead of one stream. Read by: authors of rules over several things.

A consistency boundary, not a bounded context: it decides on every event that carries one of
its tags, and its commit holds only if no further one was stored meanwhile.
"""

from typing import ClassVar

import msgspec
from typing_extensions import dataclass_transform

from leftfold.messages.message import Event
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.decision import record_event
from leftfold.modeling.model import ModelType

__all__ = ["Boundary"]


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class Boundary(msgspec.Struct, metaclass=ModelType):
    """A rule over all events that carry one of some tags.

    Class keywords: `tags`, which tags, and the command's fields that hold their values; `name`,
    the first part of the streams of events that belong to no Aggregate.
    """

    __keywords__: ClassVar[tuple[str, ...]] = ("tags", "name")

    def record(self, event: Event, /, *, to: type[Aggregate] | None = None) -> None:
        """Let the event happen: it is folded at once, and stored when the handler returns.

        Args:
            event: What happens.
            to: The Aggregate whose stream takes it, where several fold the type or none does.

        Raises:
            ConfigurationError: Called outside a handler, or inside `@evolves`.
            CodecError: The event cannot be stored.
        """
        record_event(self, event, to)

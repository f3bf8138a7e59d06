"""View: a keyed fold that is queried. Elsewhere called projection or read model. Read by: everyone.

Its fields are the columns of a table; its `@evolves` methods fold events into rows.
"""

from __future__ import annotations

import threading
from typing import Any, ClassVar

import msgspec
from typing_extensions import dataclass_transform

from leftfold.errors import ConfigurationError
from leftfold.modeling.model import ModelType

__all__ = ["View", "deleting"]


class _Deleting(threading.local):
    """The rows that the fold running in this thread has deleted, or None outside a fold."""

    rows: list[Any] | None = None


deleting = _Deleting()


@dataclass_transform(kw_only_default=True, field_specifiers=(msgspec.field,))
class View(msgspec.Struct, metaclass=ModelType):
    """A row of a read model, folded from the events of its key.

    Class keywords: `key`, the field or fields that hold a row's key; `name`, the view's name
    in tables and status, by default the class's; `indexes`, the fields, or tuples of fields,
    that queries search and sort by; `version`, raised when the fold changes, so that the
    rows are built anew.
    """

    __keywords__: ClassVar[tuple[str, ...]] = ("key", "name", "indexes", "version")

    def delete(self) -> None:
        """Remove the row. A later event may build it again.

        Raises:
            ConfigurationError: Called outside `@evolves`.
        """
        if deleting.rows is None:
            message = (
                f"{type(self).__name__}.delete() was called outside @evolves. Rows follow from "
                "events alone; record an event, and delete the row in its fold."
            )
            raise ConfigurationError(message)
        deleting.rows.append(self)

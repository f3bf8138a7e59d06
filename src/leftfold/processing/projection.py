"""Projection: SQL of your own, kept current event by event. Read by: who needs more than a View.

Its `@handles` methods run in a worker thread, inside the transaction that moves the position, so
that each event is written exactly once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import check_keywords, checked_name
from leftfold.messages.message import Event, options_of
from leftfold.modeling.roles import role_of
from leftfold.modeling.signature import signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Table

    from leftfold.modeling.signature import Parameter

__all__ = ["Projection", "ProjectionHandler", "ProjectionModel", "projection_model"]

_KEYWORDS = ("name", "version", "tables")


class Projection:
    """Tables that follow from events, written by plain methods with SQL.

    Class keywords: `name`, by default the class's; `version`, raised to write everything anew,
    into new tables; `tables`, SQLAlchemy's, created when the App starts.
    """

    __leftfold_projection__: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(
        cls,
        *,
        name: str | None = None,
        version: int = 1,
        tables: Sequence[Table] = (),
        **unknown: Any,
    ) -> None:
        """Take the class keywords."""
        check_keywords(cls.__name__, "Projection", unknown, _KEYWORDS)
        super().__init_subclass__()
        cls.__leftfold_projection__ = {
            "name": checked_name(f"class {cls.__name__}", cls.__name__ if name is None else name),
            "version": version,
            "tables": tuple(tables),
        }


class ProjectionHandler:
    """One method and what it takes."""

    def __init__(
        self, label: str, function: Callable[..., Any], parameters: Sequence[Parameter]
    ) -> None:
        """Take a method as it was declared."""
        self.label = label
        self.function = function
        self.parameters = tuple(parameters)


class ProjectionModel:
    """A Projection, compiled: what each event is handled by."""

    def __init__(self, cls: Any) -> None:
        """Compile the class.

        Raises:
            ConfigurationError: It cannot work, with what to change.
        """
        options: dict[str, Any] = cls.__leftfold_projection__
        self.cls = cls
        self.label: str = cls.__name__
        self.name: str = options["name"]
        self.version: int = options["version"]
        self.tables: tuple[Table, ...] = options["tables"]
        self._check_class()
        self.handlers: dict[type[Event], ProjectionHandler] = {}
        for name in _marked(cls):
            self._add(name)
        if not self.handlers:
            message = (
                f"{self.label} handles no event. Add @handles "
                "def placed(self, event: OrderPlaced, connection: Connection) -> None."
            )
            raise ConfigurationError(message)

    @property
    def events(self) -> frozenset[type[Event]]:
        """Return the events that it names; `wants_all` is about the others."""
        return frozenset(self.handlers) - {Event}

    @property
    def wants_all(self) -> bool:
        """Tell whether a method takes every event."""
        return Event in self.handlers

    def handler(self, event: Event) -> ProjectionHandler:
        """Return what handles an event: its own method, else the one for every event."""
        return self.handlers.get(type(event)) or self.handlers[Event]

    def _check_class(self) -> None:
        if type(self.version) is not int or self.version < 1:
            message = f"class {self.label}: version={self.version!r} must be a whole number from 1."
            raise ConfigurationError(message)

    def _add(self, name: str) -> None:
        function = getattr(self.cls, name)
        label = f"{self.label}.{name}"
        role: Any = role_of(function)
        if role.kind != "handles" or role.given():
            option = next(iter(sorted(role.given())), None)
            wrong = f"@handles({option}=…) means nothing" if option else "@evolves means nothing"
            message = f"{label}: {wrong} in a Projection. Write @handles; it runs for every event."
            raise ConfigurationError(message)
        signature = signature_of(function, label=label, bound=True, owner=self.cls)
        if signature.is_async:
            message = (
                f"{label} is async. A Projection writes in a worker thread, inside one "
                "transaction; write a plain def."
            )
            raise ConfigurationError(message)
        events: Any = signature.messages
        for event in events:
            if options_of(event).kind != "Event":
                message = (
                    f"{label} handles {event.__name__}, which is no event. A Projection follows "
                    "events alone."
                )
                raise ConfigurationError(message)
            other = self.handlers.get(event)
            if other is not None:
                message = (
                    f"{event.__name__} is handled by {other.label} and {label}. Handle it in one "
                    "method."
                )
                raise ConfigurationError(message)
            self.handlers[event] = ProjectionHandler(label, function, signature.parameters)


def _marked(cls: type) -> list[str]:
    found: dict[str, None] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            found.pop(name, None)
            if role_of(value) is not None:
                found[name] = None
    return list(found)


def projection_model(cls: type[Projection]) -> ProjectionModel:
    """Return the class compiled, once.

    Raises:
        ConfigurationError: It cannot work, with what to change.
    """
    options: dict[str, Any] = cls.__leftfold_projection__
    if "compiled" not in options:
        options["compiled"] = ProjectionModel(cls)
    model: ProjectionModel = options["compiled"]
    return model

"""Gives handlers the App they belong to. Read by: the App's authors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leftfold.errors import ConfigurationError

if TYPE_CHECKING:
    from leftfold.bus.injection import Source

__all__ = ["AppInjectable"]


class AppInjectable:
    """The App itself, for free functions that send commands."""

    words = "App"

    def __init__(self, app: Any, app_type: type) -> None:
        """Give `app` to whoever asks for `app_type`."""
        self._app = app
        self._type = app_type

    def source(
        self,
        annotation: Any,
        *,
        is_async: bool,
        kind: str,  # noqa: ARG002  the App is for all
        label: str,
    ) -> Source | None:
        """Return the App.

        Raises:
            ConfigurationError: A plain def asks for it, which could not await it.
        """
        if not (isinstance(annotation, type) and issubclass(annotation, self._type)):
            return None
        if not is_async:
            message = f"{label} asks for App, whose methods are awaited. Write async def."
            raise ConfigurationError(message)
        return lambda _call: self._app

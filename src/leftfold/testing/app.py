"""TestApp: a whole App in memory, with time that a test moves. Read by: everyone who tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from leftfold.app.app import App
from leftfold.modeling.unrecorded import watch_state
from leftfold.testing.virtual import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

__all__ = ["TestApp"]


class TestApp(App):
    """The same parts as an App, with nothing kept and nothing real.

    Events and rows are in memory, services may be replaced, time stands still until
    `advance`. A handler that changes state without an event fails the test.
    """

    __test__: ClassVar[bool] = False

    def __init__(
        self,
        app: App,
        /,
        *,
        provide: Mapping[type[Any], object] | None = None,
        now: datetime | None = None,
    ) -> None:
        """Take the parts of `app`, which is left as it is.

        Args:
            app: What is tested.
            provide: Takes the place of what the App provides.
            now: The time at the start, by default 2030-01-01 in UTC.

        Raises:
            ConfigurationError: Nothing provides what a handler asks for.
        """
        definition = app._definition  # noqa: SLF001  its own kind
        super().__init__(app.name)
        self._definition = replace(
            definition,
            database=None,
            views=None,
            provide={**definition.provided(), **(provide or {})},
        )
        self._clock = self._virtual = VirtualClock(now)
        self._watch = watch_state
        self._check(complete=True)

    async def settled(self) -> None:
        """Wait until every read model has come to the head of the log.

        Raises:
            ProcessingError: One has stopped; the message says on which event and why.
        """
        await self._running().read_models.settled()

    async def advance(self, by: timedelta, /) -> None:
        """Let time pass; what is due happens in order."""
        await self._virtual.advance(by)

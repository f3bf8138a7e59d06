"""How far a processor has come, and who waits for it. Read by: who asks why rows are not there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, TypeAlias

from leftfold.errors import NotCurrent

if TYPE_CHECKING:
    from leftfold.clock import Clock
    from leftfold.eventstore.port import Mark
    from leftfold.processing.port import Failure, Place

__all__ = ["Progress", "State"]

State: TypeAlias = Literal[
    "starting", "behind", "current", "following", "waiting", "failed", "stopped"
]


class Progress:
    """Where a processor stands, in this process's knowledge.

    `seen` is how far it has come, which may be a little further than what is durable; `state`
    and `why` say what it is about, and what holds it up.
    """

    def __init__(self, place: Place, clock: Clock) -> None:
        """Begin before the first event."""
        self.place = place
        self.seen: Mark | None = None
        self.state: State = "starting"
        self.failure: Failure | None = None
        self._trouble = ""
        self._clock = clock
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def is_over(self) -> bool:
        """Tell whether it comes no further."""
        return self.failure is not None or self.state in {"failed", "stopped"}

    def enter(self, state: State, trouble: str = "") -> None:
        """Be in a state, and tell those who wait."""
        changed = state != self.state
        self.state, self._trouble = state, trouble
        self._tell(everybody=changed and state in {"failed", "stopped", "following"})

    def come_to(self, mark: Mark | None) -> None:
        """Have come to a mark, and tell those who wait for it."""
        self.seen = mark
        self._tell(everybody=False)

    def has(self, number: int) -> bool:
        """Tell whether it has come to a position."""
        return number == 0 or (self.seen is not None and self.seen.number >= number)

    def _tell(self, *, everybody: bool) -> None:
        if not self._waiting:
            return
        left: list[tuple[int, asyncio.Future[None]]] = []
        for number, future in self._waiting:
            if not everybody and not self.has(number):
                left.append((number, future))
            elif not future.done():
                future.set_result(None)
        self._waiting = left

    async def change(self, number: int, timeout_s: float) -> None:
        """Return when it has come to a position, when its state says more, or in time."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((number, future))
        timer = self._clock.start(self._clock.sleep(timeout_s), name="leftfold reach")
        try:
            await asyncio.wait([future, timer], return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            self._waiting = [w for w in self._waiting if w[1] is not future]

    def why(self) -> str:
        """Return why it does not move, if it does not."""
        if self.failure is None:
            return self._trouble
        number, kind = self.failure.number, self.failure.type
        at = f" at position {number} ({kind})" if kind else ""
        return f"failed{at}: {self.failure.reason}"

    def not_current(self, number: int, timeout_s: float) -> NotCurrent:
        """Return the error for who waited for a position in vain."""
        at = self.seen.number if self.seen else 0
        why = self.why() or f"it did not come there within {timeout_s:g} s ({self.state})"
        return NotCurrent(
            f"{self.place.processor} is at position {at}, and {number} was asked for: "
            f"{why.rstrip('.')}. "
            "Look at its status, or ask again without after=."
        )

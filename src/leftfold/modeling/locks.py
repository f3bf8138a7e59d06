"""One lock a name, made when it is wanted and gone when it is not. Read by: the kernel's authors.

Commands of one stream take turns inside a process, so that they do not conflict with each
other in the store. Several names are taken in sorted order, so that no two wait for each other.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

__all__ = ["Locks"]


class Locks:
    """Locks by name, first come first served."""

    def __init__(self) -> None:
        """Begin with nothing held."""
        self._held: dict[str, deque[asyncio.Future[None]]] = {}

    async def acquire(self, names: Sequence[str]) -> list[str]:
        """Take all of `names`; nothing stays taken when the wait is cancelled.

        Returns:
            What was taken, for `release`.
        """
        taken: list[str] = []
        try:
            for name in sorted(set(names)) if len(names) > 1 else names:
                await self._take(name)
                taken.append(name)
        except BaseException:
            self.release(taken)
            raise
        return taken

    async def _take(self, name: str) -> None:
        waiting = self._held.get(name)
        if waiting is None:
            self._held[name] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.release([name])  # it was handed over in the moment of the cancellation
            elif turn in waiting:  # else `release` came by since, and passed it over
                waiting.remove(turn)
            raise

    def release(self, names: Iterable[str]) -> None:
        """Give back what `acquire` returned, each to whoever waits longest."""
        for name in names:
            waiting = self._held[name]
            while waiting:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    break
            else:
                del self._held[name]

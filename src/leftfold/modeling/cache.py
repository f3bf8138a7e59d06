"""Folded states, kept as long as memory allows. Read by: the kernel's authors.

A state is taken out while a command is decided on it, so that a decision that fails, is
cancelled or conflicts leaves nothing behind that was not committed.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leftfold.modeling.states import weigh

if TYPE_CHECKING:
    from leftfold.eventstore.port import Mark

__all__ = ["Folded", "StateCache"]

_OVERHEAD = 400  # bytes of an entry beside the state: its key, mark and place in the dict


@dataclass(slots=True)
class Folded:
    """A state, the head of the stream it is folded from, and whether it has ended."""

    state: Any
    head: Mark | None
    ended: bool = False
    weight: int = 0
    weighed_at: int = 0

    @property
    def version(self) -> int:
        """Return the number of events folded."""
        return self.head.number if self.head is not None else 0


class StateCache:
    """The states used last, within a number of bytes."""

    def __init__(self, max_bytes: int) -> None:
        """Keep at most about `max_bytes`; 0 keeps nothing."""
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[tuple[str, str], Folded] = OrderedDict()

    def __len__(self) -> int:
        """Return how many states are kept."""
        return len(self._entries)

    @property
    def bytes(self) -> int:
        """Return about how many bytes are kept."""
        return self._bytes

    def take(self, key: tuple[str, str]) -> Folded | None:
        """Remove and return the state of (tenant, stream), if it is kept."""
        folded = self._entries.pop(key, None)
        if folded is not None:
            self._bytes -= folded.weight
        return folded

    def put(self, key: tuple[str, str], folded: Folded) -> None:
        """Keep a committed state; the ones unused longest make room.

        A state is weighed anew when its stream has grown by half, since weighing walks it.
        """
        self.take(key)
        if folded.version >= folded.weighed_at + folded.weighed_at // 2 or not folded.weight:
            folded.weight = weigh(folded.state) + _OVERHEAD
            folded.weighed_at = folded.version
        if folded.weight > self._max_bytes:
            return
        self._entries[key] = folded
        self._bytes += folded.weight
        while self._bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.weight

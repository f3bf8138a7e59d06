"""Ids that sort by time, and ids that come out the same again. Read by: who names a message.

Source: RFC 9562, UUID versions 5 and 7.
"""

from hashlib import sha256
from uuid import UUID, uuid5

from leftfold.clock import Clock

__all__ = ["Ids", "derived_id", "named_id"]

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62
_LOW = (1 << 62) - 1
_HIGH = (1 << 12) - 1


class Ids:
    """Makes UUIDs of version 7 that rise, also inside one millisecond."""

    def __init__(self, clock: Clock) -> None:
        """Take time and chance from `clock`."""
        self._clock = clock
        self._last = 0

    def new(self) -> UUID:
        """Return an id greater than every one returned before."""
        chance = self._clock.random.getrandbits(74)
        milliseconds = int(self._clock.now().timestamp() * 1000)
        value = (
            (milliseconds << 80)
            | _VERSION_7
            | ((chance >> 62) & _HIGH) << 64
            | _VARIANT
            | (chance & _LOW)
        )
        if value <= self._last:
            # The same millisecond, or a clock that went back: rise by a random step of the
            # low 62 bits, whose carry may move into the 12 bits above the variant.
            value = _raised(self._last, 1 + (chance & 0xFFFFFFFF))
        self._last = value
        return UUID(int=value)


def _raised(value: int, step: int) -> int:
    stamp, high, low = value >> 80, (value >> 64) & _HIGH, value & _LOW
    total = ((stamp << 74) | (high << 62) | low) + step
    stamp, high, low = total >> 74, (total >> 62) & _HIGH, total & _LOW
    return (stamp << 80) | _VERSION_7 | (high << 64) | _VARIANT | low


def named_id(store: UUID, tenant: str, text: str) -> UUID:
    """Return the UUIDv5 of a command id that was given as text."""
    return uuid5(store, f"{tenant}\x1f{text}")


def derived_id(parent: UUID, kind: str, content: bytes, nth: int) -> UUID:
    """Return the id of the nth equal message that a handler sends for `parent`.

    The same handler run again gives the same ids, so what it sent is recognised.
    """
    digest = sha256(content).hexdigest()
    return uuid5(parent, f"{kind}\x1f{digest}\x1f{nth}")

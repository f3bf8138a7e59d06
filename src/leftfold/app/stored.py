"""Compares what the store holds with what the App can read. Read by: the App, `leftfold check`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leftfold.errors import ConfigurationError
from leftfold.messages.message import options_of

if TYPE_CHECKING:
    from leftfold.app.wiring import Wiring
    from leftfold.eventstore.port import EventStore

__all__ = ["StoredType", "check_stored", "stored_types"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredType:
    """A type of event that the store holds, in one revision."""

    type: str
    revision: int
    count: int
    known: bool
    """Whether a class answers to the name."""
    readable: bool
    """Whether that class, through its upcasters, takes the revision."""


async def stored_types(wiring: Wiring, store: EventStore) -> list[StoredType]:
    """Return every type and revision that the store holds, by name."""
    codec = wiring.codec
    return [
        StoredType(
            type=name,
            revision=revision,
            count=count,
            known=codec.knows(name),
            readable=codec.reads(name, revision),
        )
        for (name, revision), count in sorted((await store.types()).items())
    ]


async def check_stored(wiring: Wiring, store: EventStore) -> None:
    """Refuse to start where a known event is stored in a revision that nothing reads.

    Names that no class answers to are left alone: another context's, or a newer release's.
    The log is only looked through if some class lacks an upcaster.

    Raises:
        ConfigurationError: With the revision, and what to add.
    """
    if all(wiring.codec.reads(options_of(event).name, 1) for event in wiring.events):
        return
    for stored in await stored_types(wiring, store):
        if stored.known and not stored.readable:
            cls = wiring.codec.class_of(stored.type)
            current = options_of(cls).revision if cls is not None else 0
            if stored.revision > current:
                continue  # a newer release writes it; reading one says so by name
            message = (
                f"The store holds {stored.count} {stored.type!r} of revision {stored.revision}, "
                f"but the class is revision {current} and no Upcaster leads there. Add "
                f"Upcaster({stored.type!r}, revision={stored.revision}, to=…)."
            )
            raise ConfigurationError(message)

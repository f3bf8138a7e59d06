"""Who folds, where several processes share one read side. Read by: who asks who holds a processor.

No clocks are compared. Who wants a processor that is held asks its owner for a sign of life and
takes over when none came for the time-to-live, on its own clock; an owner that nobody asks
writes nothing. What keeps rows right is not this, but the epoch in every move: who lost its
claim while it was stopped changes nothing when it wakes up.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from leftfold.processing.port import Held

if TYPE_CHECKING:
    from collections.abc import Callable

    from leftfold.clock import Clock
    from leftfold.processing.port import Claim, ReadSide, Wish

__all__ = [
    "LOOK_EVERY_S",
    "TIME_TO_LIVE_S",
    "claimed",
    "is_gone",
    "new_owner",
    "process_of",
    "this_process",
]

TIME_TO_LIVE_S = 5.0
LOOK_EVERY_S = 0.5
_PROC = Path("/proc")
_STATE, _BEGAN = 0, 19


class _Process(NamedTuple):
    boot: str
    space: str
    id: str
    began: str

    @classmethod
    def of(cls, owner: str) -> _Process | None:
        parts = owner.split(":")[: len(cls._fields)]
        return cls(*parts) if len(parts) == len(cls._fields) else None


def new_owner(clock: Clock, process: str) -> str:
    """Return a name for who folds, that says which process it is."""
    return f"{process}:{UUID(int=clock.random.getrandbits(128), version=4)}"


def this_process() -> str:
    """Return what tells this process from all others here, empty where unknown.

    That is the boot, the namespace of process ids, the id, and when the process began.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        own = (_PROC / "self").readlink().name
        return f"{boot}:{_namespace()}:{own}:{_facts(own)[_BEGAN]}"
    except (OSError, IndexError):
        return ""


def process_of(owner: str) -> str:
    """Return what a person can call an owner."""
    process = _Process.of(owner)
    return f"process {process.id}" if process else "another process"


def is_gone(owner: str) -> bool:
    """Tell whether an owner was a process of this machine that runs no more."""
    here, theirs = _Process.of(this_process()), _Process.of(owner)
    if here is None or theirs is None or (here.boot, here.space) != (theirs.boot, theirs.space):
        return False
    try:
        facts = _facts(theirs.id)
    except OSError:
        return True
    return facts[_STATE] in "ZX" or facts[_BEGAN] != theirs.began


def _namespace() -> str:
    return (_PROC / "self/ns/pid").readlink().name.strip("pid:[]")


def _facts(process: str) -> list[str]:
    """Return what /proc says of a process, from its state on; its name may hold anything."""
    text = (_PROC / process / "stat").read_text(encoding="ascii", errors="replace")
    return text.rpartition(") ")[2].split()


async def claimed(
    readside: ReadSide, wish: Wish, *, clock: Clock, held: Callable[[Held], None]
) -> Claim:
    """Return a claim on a processor, as soon as nobody else holds it.

    Args:
        readside: Where it is claimed.
        wish: Who claims which processor.
        clock: Whose time the time-to-live is.
        held: Told who holds it, whenever that was looked at.
    """
    found = await readside.claim(wish)
    since = clock.monotonic()
    asked: Held | None = None
    while isinstance(found, Held):
        held(found)
        before = found
        silent = clock.monotonic() - since >= TIME_TO_LIVE_S
        if silent or await _gone(readside, found.owner):
            found = await readside.claim(wish, over=found)
        else:
            if asked != found:
                await readside.ask(wish.place, found)
                asked = found
            await clock.sleep(LOOK_EVERY_S)
            found = await readside.claim(wish)
        if found != before:
            since = clock.monotonic()
    return found


async def _gone(readside: ReadSide, owner: str) -> bool:
    return await readside.run(lambda: is_gone(owner))

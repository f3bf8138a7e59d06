"""Follows the log for one View or Projection. Read by: who asks why something does not move.

It reads a stretch, has it folded in batches, each with its position in one transaction, and
waits for more. What goes wrong is its state, never silence: an event that cannot be folded
stops it, trouble with storage is tried again, and a claim that was lost makes it follow.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
import warnings
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from leftfold.errors import LeftfoldError, NotCurrent, StoreChanged
from leftfold.processing.batch import FoldFailed
from leftfold.processing.fingerprint import ChangedFoldWarning
from leftfold.processing.leases import claimed
from leftfold.processing.port import Claim, Failure, Held, Wish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leftfold.clock import Clock
    from leftfold.eventstore.port import EventStore, Mark
    from leftfold.processing.feed import Feed, Stretch
    from leftfold.processing.port import ReadSide, Standing, Transaction
    from leftfold.processing.seen import Seen
    from leftfold.processing.work import Work

__all__ = ["Processor", "State"]

State: TypeAlias = Literal[
    "starting", "behind", "current", "following", "waiting", "failed", "stopped"
]

_AS_TO_ROWS = (
    " To build these rows anew from this copy, raise their version=, or remove the database of the "
    "read models while no app runs."
)
_log = logging.getLogger("leftfold.processing")

# A batch grows while it takes less than the first and shrinks when it takes more than the second.
_SHORT_S, _LONG_S = 0.05, 0.25
_FIRST_SIZE = 100
_MOST = 10_000
_WAIT_S = 60.0
# How often a process that does not fold looks whether another one has.
_LOOK_BESIDE_S = 0.02
# How long a position may stay in memory that only passed events nobody here wants.
_KEEP_AFTER_S = 0.25


def _do(work: Work, part: Sequence[Seen], transaction: Transaction) -> None:
    work.do(transaction, part)


class _Stopped(Exception):
    """An event cannot be passed; the cause says why."""

    def __init__(self, seen: Seen, label: str) -> None:
        """Name the record."""
        super().__init__(label)
        self.seen = seen
        self.label = label


class Processor:
    """One View or Projection on its way through the log."""

    def __init__(
        self,
        work: Work,
        *,
        store: EventStore,
        feed: Feed,
        readside: ReadSide,
        clock: Clock,
        owner: str,
    ) -> None:
        """Take what is to be done, and where."""
        self.work = work
        self.place = work.place
        self.names = work.names
        self.seen: Mark | None = None
        self.state: State = "starting"
        self.failure: Failure | None = None
        self.trouble = ""
        self._store = store
        self._feed = feed
        self._readside = readside
        self._clock = clock
        self._owner = owner
        self._claim: Claim | None = None
        self._size = _FIRST_SIZE
        self._careful_to = 0
        self._kept_at = 0.0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    async def run(self) -> None:
        """Follow until cancelled, or until an event cannot be passed."""
        pause_s = 0.1
        while self.state != "failed":
            try:
                await self._follow()
                pause_s = 0.1
            except LeftfoldError as error:
                if not error.retryable:
                    await self._fail(error)
                    return
                self.state, self.trouble = "waiting", str(error)
                _log.warning("%s tries again in %.1f s: %s", self.place.processor, pause_s, error)
                await self._clock.sleep(pause_s)
                pause_s = min(pause_s * 2, 5.0)
            except Exception as error:  # noqa: BLE001  whatever it is, it is seen in the status
                await self._fail(error)

    async def _follow(self) -> None:
        wish = Wish(self.place, self._owner, await self._readside.run(self.work.fingerprint))
        claim = await claimed(self._readside, wish, clock=self._clock, held=self._held)
        if claim.fold_changed:
            self._warn_of_change()
        self._claim, self.seen = claim, claim.position
        self._kept_at = self._clock.monotonic()
        self.state, self.trouble = "behind", ""
        self._feed.join(self)
        try:
            while self._holds():
                stretch = await self._feed.next(self)
                if stretch.upto == self.seen:
                    await self._rest()
                else:
                    await self._take(stretch)
        finally:
            self._feed.leave(self)

    def _holds(self) -> bool:
        return self._claim is not None

    def _held(self, held: Held) -> None:
        self.state, self.trouble = "following", f"another process folds it ({held.owner})"

    def _warn_of_change(self) -> None:
        name, version = self.place.processor, self.place.version
        message = (
            f"The fold of {name} is not the one that its rows were folded with so far, and its "
            f"version is still {version}. Raise version={version + 1} to build them anew, unless "
            "both make the same of every event."
        )
        warnings.warn(message, ChangedFoldWarning, stacklevel=2)

    async def _rest(self) -> None:
        """Wait for more, and keep a position that only passed what is not wanted."""
        self.state = "current"
        self._tell()
        claim = self._claim
        assert claim is not None  # noqa: S101  it follows
        if claim.position != self.seen:
            if await self._store.wait(self.seen, _KEEP_AFTER_S):
                return
            await self._keep()
        else:
            # Beside others, somebody may have taken over while this one was stopped.
            await self._store.wait(self.seen, 1.0 if self._readside.shared else _WAIT_S)

    async def _take(self, stretch: Stretch) -> None:
        """Have a stretch folded, in batches of a size that keeps transactions short."""
        self.state = "behind"
        left = stretch.records
        while left and self._holds():
            part, rest = left[: self._size], left[self._size :]
            to = part[-1].record.in_log if rest else stretch.upto
            assert to is not None  # noqa: S101  there are records
            if await self._move(part, to):
                left = rest
        if not stretch.records:
            self.seen = stretch.upto
            self._tell()
            if self._clock.monotonic() - self._kept_at > _KEEP_AFTER_S:
                await self._keep()

    async def _keep(self) -> None:
        if self.seen is not None and self._claim is not None and self._claim.position != self.seen:
            await self._move([], self.seen)

    async def _move(self, part: Sequence[Seen], to: Mark) -> bool:
        """Fold a batch; where it fails, halve it, until one event is left that cannot be passed."""
        claim = self._claim
        assert claim is not None  # noqa: S101  it follows
        fold = partial(_do, self.work, part) if part else None
        try:
            moved = await self._readside.move(claim, to, fold)
        except BaseException as error:
            self.work.undone()
            if not isinstance(error, Exception):
                raise
            if isinstance(error, LeftfoldError) and error.retryable:
                raise
            if not part:
                raise
            if len(part) == 1:
                label = error.label if isinstance(error, FoldFailed) else self.place.processor
                raise _Stopped(part[0], label) from (error.__cause__ or error)
            for seen in part:
                seen.forget()
            self._size = max(1, len(part) // 2)
            self._careful_to = part[-1].record.position
            return False
        if moved is None:
            self.work.undone()
            self._claim = None
            return False
        self._claim = moved.claim
        self._kept_at = self._clock.monotonic()
        self._fit_size(len(part), moved.took_s, to)
        self.seen = to
        self._tell()
        return True

    def _fit_size(self, count: int, took_s: float, to: Mark) -> None:
        if took_s > _LONG_S:
            self._size = max(1, self._size // 2)
        elif took_s < _SHORT_S and count == self._size and to.number >= self._careful_to:
            self._size = min(_MOST, self._size * 2)

    async def _fail(self, error: Exception) -> None:
        """Stop, for everybody to see."""
        cause = error.__cause__ if isinstance(error, _Stopped) else error
        record = error.seen.record if isinstance(error, _Stopped) else None
        where = f"{error.label}: " if isinstance(error, _Stopped) else ""
        kind = "" if isinstance(cause, LeftfoldError) else f"{type(cause).__name__}: "
        before = self._claim.failure if self._claim else None
        number = record.position if record else 0
        self.failure = Failure(
            number=number,
            event=record.id if record else None,
            type=record.type if record else "",
            reason=f"{where}{kind}{cause}{_AS_TO_ROWS if isinstance(cause, StoreChanged) else ''}",
            traceback="".join(traceback.format_exception(cause)),
            since=before.since if before and before.number == number else self._clock.now(),
        )
        _log.error("%s stopped: %s", self.place.processor, self.why(), exc_info=cause)
        try:
            if self._claim is not None:
                await self._readside.fail(self._claim, self.failure)
        except Exception:  # noqa: BLE001  it has failed already
            _log.exception("%s: that it failed could not be kept", self.place.processor)
        finally:
            self.state = "failed"
            self._tell()

    async def stop(self) -> None:
        """Keep the position; called when `run` has ended."""
        if self.state != "failed":
            with contextlib.suppress(LeftfoldError):  # the next one looks through it again
                await self._keep()
        if self.state != "failed":
            self.state = "stopped"
        self._tell()

    def look(self, standing: Standing) -> None:
        """Learn what everybody can see: that another process folds, or took over."""
        if self._claim is not None:
            if standing.epoch > self._claim.epoch:
                self._claim = None
                self.work.undone()
        elif self.state == "following":
            self.seen, self.failure = standing.position, standing.failure
            self._tell()

    def has(self, number: int) -> bool:
        """Tell whether it has come to a position."""
        return number == 0 or (self.seen is not None and self.seen.number >= number)

    def why(self) -> str:
        """Return why it does not move, if it does not."""
        if self.failure is None:
            return self.trouble
        at = (
            f" at position {self.failure.number} ({self.failure.type})" if self.failure.type else ""
        )
        return f"failed{at}: {self.failure.reason}"

    def _tell(self) -> None:
        if not self._waiting:
            return
        left: list[tuple[int, asyncio.Future[None]]] = []
        for number, future in self._waiting:
            if self.state in {"failed", "stopped"} or self.has(number):
                if not future.done():
                    future.set_result(None)
            else:
                left.append((number, future))
        self._waiting = left

    async def reach(self, number: int, timeout_s: float) -> None:
        """Return when it has come to a position.

        Raises:
            NotCurrent: It has not in time, or has failed.
        """
        if self.state == "following":
            await self._reach_beside(number, timeout_s)
        elif not self.has(number) and self.state not in {"failed", "stopped"}:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((number, future))
            timer = self._clock.start(self._clock.sleep(timeout_s), name="leftfold reach")
            try:
                await asyncio.wait([future, timer], return_when=asyncio.FIRST_COMPLETED)
            finally:
                timer.cancel()
                self._waiting = [w for w in self._waiting if w[1] is not future]
        if not self.has(number):
            raise self._not_current(number, timeout_s)

    async def _reach_beside(self, number: int, timeout_s: float) -> None:
        """Wait for another process to fold."""
        deadline = self._clock.monotonic() + timeout_s
        while self.state == "following" and self.failure is None:
            self.look(await self._standing())
            left = deadline - self._clock.monotonic()
            if self.has(number) or left <= 0:
                return
            await self._clock.sleep(min(_LOOK_BESIDE_S, left))
        if self.failure is None:
            await self.reach(number, deadline - self._clock.monotonic())

    async def _standing(self) -> Standing:
        def read() -> Standing:
            snapshot = self._readside.snapshot()
            try:
                return next(s for s in snapshot.standings() if s.place == self.place)
            finally:
                snapshot.close()

        return await self._readside.run(read)

    def _not_current(self, number: int, timeout_s: float) -> NotCurrent:
        at = self.seen.number if self.seen else 0
        why = self.why() or f"it did not come there within {timeout_s:g} s ({self.state})"
        return NotCurrent(
            f"{self.place.processor} is at position {at}, and {number} was asked for: {why}. "
            "Look at its status, or ask again without after=."
        )

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
from typing import TYPE_CHECKING

from leftfold.errors import LeftfoldError, StoreChanged
from leftfold.processing.batch import FoldFailed
from leftfold.processing.fingerprint import ChangedFoldWarning
from leftfold.processing.leases import claimed, process_of
from leftfold.processing.port import Claim, Failure, Held, Wish
from leftfold.processing.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leftfold.clock import Clock
    from leftfold.eventstore.port import EventStore, Mark
    from leftfold.processing.feed import Feed, Stretch
    from leftfold.processing.port import ReadSide, Standing, Transaction
    from leftfold.processing.seen import Seen
    from leftfold.processing.work import Work

__all__ = ["Processor"]

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
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
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
        self.progress = Progress(work.place, clock)
        self._store = store
        self._feed = feed
        self._readside = readside
        self._clock = clock
        self._owner = owner
        self._claim: Claim | None = None
        self._size = _FIRST_SIZE
        self._careful_to = 0
        self._kept_at = 0.0
        self._has_read = False
        self._pause_s = _FIRST_PAUSE_S

    @property
    def seen(self) -> Mark | None:
        """Return how far it has come."""
        return self.progress.seen

    async def run(self) -> None:
        """Follow until cancelled, or until an event cannot be passed."""
        while self.progress.state != "failed":
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001  whatever it is, it is seen in the status
                if isinstance(error, LeftfoldError) and error.retryable:
                    await self._pause(error)
                else:
                    await self._fail(error)

    async def _pause(self, error: LeftfoldError) -> None:
        """Wait for trouble to pass, longer each time that it has not."""
        pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, _LONGEST_PAUSE_S)
        self.progress.enter("waiting", str(error))
        _log.warning("%s tries again in %.1f s: %s", self.place.processor, pause_s, error)
        await self._clock.sleep(pause_s)

    async def _follow(self) -> None:
        wish = Wish(self.place, self._owner, await self._readside.run(self.work.fingerprint))
        claim = await claimed(self._readside, wish, clock=self._clock, held=self._held)
        if claim.fold_changed:
            self._warn_of_change()
        self._claim, self._has_read = claim, False
        self._kept_at = self._clock.monotonic()
        self.progress.failure = None
        self.progress.enter("behind")
        self.progress.come_to(claim.position)
        self._feed.join(self)
        try:
            while self._holds():
                stretch = await self._feed.next(self)
                self._has_read = True
                if stretch.upto == self.seen:
                    await self._rest()
                else:
                    await self._take(stretch)
        finally:
            self._feed.leave(self)

    def _holds(self) -> bool:
        return self._claim is not None

    def _held(self, held: Held) -> None:
        self.progress.enter("following", f"{process_of(held.owner)} folds it")

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
        self.progress.enter("current")
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
        self.progress.enter("behind")
        left = stretch.records
        while left and self._holds():
            part, rest = left[: self._size], left[self._size :]
            to = part[-1].record.in_log if rest else stretch.upto
            assert to is not None  # noqa: S101  there are records
            if await self._move(part, to):
                left = rest
        if not stretch.records:
            self.progress.come_to(stretch.upto)
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
        except asyncio.CancelledError:
            self.work.undone()
            raise
        except BaseException as error:
            self.work.undone()
            if not part or (isinstance(error, LeftfoldError) and error.retryable):
                raise
            self._halve(part, error)
            return False
        if moved is None:
            self.work.undone()
            self._claim = None
            return False
        self._claim = moved.claim
        self._kept_at = self._clock.monotonic()
        self._pause_s = _FIRST_PAUSE_S
        self._fit_size(len(part), moved.took_s, to)
        self.progress.come_to(to)
        return True

    def _halve(self, part: Sequence[Seen], error: BaseException) -> None:
        """Fold fewer events at once, to find the one that cannot be passed.

        Raises:
            _Stopped: This is the one.
        """
        if len(part) == 1:
            if isinstance(error, FoldFailed):
                raise _Stopped(part[0], error.label) from error.__cause__
            raise _Stopped(part[0], self.place.processor) from error
        for seen in part:
            seen.forget()
        self._size = max(1, len(part) // 2)
        self._careful_to = part[-1].record.position

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
        failure = self.progress.failure = Failure(
            number=number,
            event=record.id if record else None,
            type=record.type if record else "",
            reason=f"{where}{kind}{cause}{_AS_TO_ROWS if isinstance(cause, StoreChanged) else ''}",
            traceback="".join(traceback.format_exception(cause)),
            since=before.since if before and before.number == number else self._clock.now(),
        )
        _log.error("%s stopped: %s", self.place.processor, self.progress.why(), exc_info=cause)
        try:
            if self._claim is not None:
                await self._readside.fail(self._claim, failure)
        except Exception:  # noqa: BLE001  it has failed already
            _log.exception("%s: that it failed could not be kept", self.place.processor)
        finally:
            self.progress.enter("failed")

    async def stop(self) -> None:
        """Keep the position; called when `run` has ended."""
        if self.progress.state != "failed":
            with contextlib.suppress(LeftfoldError):  # the next one looks through it again
                await self._keep()
            self.progress.enter("stopped")

    def look(self, standing: Standing) -> None:
        """Learn what everybody can see: that another process folds, or took over."""
        if self._claim is not None:
            if standing.epoch > self._claim.epoch:
                self._claim = None
                self.work.undone()
        elif self.progress.state == "following":
            self.progress.failure = standing.failure
            self.progress.come_to(standing.position)

    def has_read(self, mark: Mark) -> bool:
        """Tell whether it stands at a mark that it has seen in the log itself."""
        return self._has_read and self.progress.seen == mark

    async def reach(self, number: int, timeout_s: float) -> None:
        """Return when it has come to a position.

        Raises:
            NotCurrent: It has not in time, or has failed.
        """
        progress, deadline = self.progress, self._clock.monotonic() + timeout_s
        left = timeout_s
        while left > 0 and not (progress.has(number) or progress.is_over):
            if progress.state == "following":
                await self._look_beside(min(_LOOK_BESIDE_S, left))
            else:
                await progress.change(number, left)
            left = deadline - self._clock.monotonic()
        if not progress.has(number):
            raise progress.not_current(number, timeout_s)

    async def _look_beside(self, every_s: float) -> None:
        """See how far the process has come that folds, and wait a little."""

        def read() -> Sequence[Standing]:
            snapshot = self._readside.snapshot()
            try:
                return snapshot.standings()
            finally:
                snapshot.close()

        for standing in await self._readside.run(read):
            if standing.place == self.place:
                self.look(standing)
        await self._clock.sleep(every_s)

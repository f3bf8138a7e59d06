"""Group commit: one flush for everyone who waits. Read by: who appends, on any engine.

While one group is being flushed, the commits that arrive form the next. Above the port, so
that it is the same for every store.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self, TypeAlias

from leftfold.clock import Clock
from leftfold.errors import StorageError, StoreChanged, StoreUnusable
from leftfold.eventstore.limits import check_limits
from leftfold.eventstore.port import Commit, EventStore, Result

__all__ = ["GroupCommit"]

_Answer: TypeAlias = "asyncio.Future[Result]"
_Waiting: TypeAlias = tuple[Commit, int, _Answer]

# With 128 callers 512 commits a group were never reached; the bytes bound one engine call.
_MAX_COMMITS = 512
_MAX_BYTES = 32 << 20
_MAX_QUEUED = 4_096

# One retryable failure may be the commit's own; two commits in a row mean the engine is down.
_DOWN_AFTER = 2
_LASTING = (StoreChanged, StoreUnusable)


class GroupCommit:
    """Appends what many callers bring, in as few transactions as the disk allows.

    Use it as an async context manager: leaving it stores what is queued, then stops.
    """

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        *,
        max_commits: int = _MAX_COMMITS,
        max_bytes: int = _MAX_BYTES,
        max_queued: int = _MAX_QUEUED,
    ) -> None:
        self._store = store
        self._clock = clock
        self._max_commits = max_commits
        self._max_bytes = max_bytes
        self._queue: deque[_Waiting] = deque()
        self._max_queued = max_queued
        self._crowd: deque[asyncio.Future[None]] = deque()
        self._promised = 0
        self._arrival: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._flight: list[_Waiting] = []
        self._end: BaseException | None = _not_running()
        self._leaving = False

    async def append(self, commit: Commit) -> Result:
        """Store one commit as a unit, durably, with whatever else is waiting.

        A caller that is cancelled withdraws a commit that is still queued. One that is being
        stored goes on, and may be asked for by its receipt or its ids.

        Raises:
            CommitRefused: It is beyond a limit, or the engine refuses it. Others are stored.
            StorageError: The engine failed. The commit is not known to be stored; append it
                again, the store recognises what it has.
        """
        weight = check_limits(commit)
        if self._crowd or len(self._queue) + self._promised >= self._max_queued:
            await self._room()
        if self._end is not None:
            raise _stopped(self._end)
        answer: _Answer = self._loop.create_future()
        self._queue.append((commit, weight, answer))
        arrival = self._arrival
        if arrival is not None and not arrival.done():
            arrival.set_result(None)
        return await answer

    async def _room(self) -> None:
        """Wait for a place in the queue, in the order of coming."""
        room: asyncio.Future[None] = self._loop.create_future()
        self._crowd.append(room)
        try:
            await room
        except asyncio.CancelledError:
            if not room.cancelled():  # promised already, and not wanted any more
                self._promised -= 1
                self._let_in()
            raise
        self._promised -= 1

    def _let_in(self) -> None:
        """Promise the free places to those who have waited longest."""
        while self._crowd and len(self._queue) + self._promised < self._max_queued:
            room = self._crowd.popleft()
            if not room.done():
                room.set_result(None)
                self._promised += 1

    async def __aenter__(self) -> Self:
        """Start the task that forms the groups."""
        self._end = None
        self._loop = asyncio.get_running_loop()
        self._task = self._clock.start(self._run(), name="leftfold group commit")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Store what is queued, then stop."""
        self._leaving = True
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        """Store group after group; whatever ends this loop is told to all who wait."""
        end: BaseException = _not_running()
        try:
            while await self._something_queued():
                await self._store_group()
        except BaseException as error:
            end = error
            if not isinstance(error, Exception):
                raise
        finally:
            self._end = end
            self._fail_all(end)

    async def _something_queued(self) -> bool:
        """Wait for a commit; false when there is none and none will come."""
        while not self._queue:
            if self._leaving:
                return False
            self._arrival = self._loop.create_future()
            await self._arrival
            self._arrival = None
        return True

    async def _store_group(self) -> None:
        self._flight = group = self._take()
        if not group:
            return
        try:
            results = await self._store.append([commit for commit, _, _ in group])
        except Exception as error:  # noqa: BLE001  whoever waits must hear of every failure
            await self._store_apart(group, error)
        else:
            for (_, _, answer), result in zip(group, results, strict=True):
                if not answer.done():
                    answer.set_result(result)
        self._flight = []

    def _take(self) -> list[_Waiting]:
        """Take the next group from the queue, without those that were withdrawn."""
        group: list[_Waiting] = []
        queue, weight = self._queue, 0
        while queue and len(group) < self._max_commits:
            weight += queue[0][1]
            if group and weight > self._max_bytes:
                break
            waiting = queue.popleft()
            if waiting[2].done():
                weight -= waiting[1]
            else:
                group.append(waiting)
        if self._crowd:
            self._let_in()
        return group

    async def _store_apart(self, group: list[_Waiting], error: Exception) -> None:
        """Find who is guilty of a refused group, by running it again commit by commit.

        When the engine is down the rest fails with the same error: nobody waits for as many
        time limits as there are commits.
        """
        down = isinstance(error, _LASTING) or len(group) == 1
        failures = 0
        for commit, _, answer in group:
            if not down:
                try:
                    (result,) = await self._store.append([commit])
                except Exception as failure:  # noqa: BLE001  as above
                    error = failure
                    failures = failures + 1 if _retryable(failure) else 0
                    down = failures == _DOWN_AFTER or isinstance(failure, _LASTING)
                else:
                    failures = 0
                    if not answer.done():
                        answer.set_result(result)
                    continue
            if not answer.done():
                answer.set_exception(_copy(error))

    def _fail_all(self, end: BaseException) -> None:
        for _, _, answer in (*self._flight, *self._queue):
            if not answer.done():
                answer.set_exception(_stopped(end))
        self._queue.clear()
        self._let_in()


def _retryable(error: Exception) -> bool:
    return isinstance(error, StorageError) and error.retryable


def _copy(error: Exception) -> Exception:
    """Give each caller an exception of its own, since a traceback grows where it is raised."""
    if not isinstance(error, StorageError):
        error = StorageError(f"Appending a commit: the store failed with {error!r}.")
    copied = type(error)(*error.args)
    copied.__cause__ = error.__cause__
    return copied


def _not_running() -> StorageError:
    return StorageError("The store is not running, so nothing can be appended. Start the app.")


def _stopped(end: BaseException) -> StorageError:
    if isinstance(end, StorageError):
        return StorageError(*end.args)
    error = StorageError(
        f"Appending has stopped: {end!r}. The commit is not known to be stored; start the app "
        f"again and repeat it, the store recognises what it has."
    )
    error.__cause__ = end
    return error

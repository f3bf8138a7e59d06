"""Threads that own what blocks, and answer to an event loop. Read by: the SQLite adapters.

One hop a call: `asyncio.to_thread` costs about twice as much, and gives a connection no thread
of its own.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

__all__ = ["Lane"]

S = TypeVar("S")
T = TypeVar("T")
_Work: TypeAlias = "tuple[Callable[[S], Any], asyncio.Future[Any]] | None"


class Lane(Generic[S]):
    """Runs calls in one or more threads, each with a state (a connection) of its own."""

    def __init__(
        self, name: str, opened: Callable[[], S], closed: Callable[[S], None], *, threads: int = 1
    ) -> None:
        self._opened = opened
        self._closed = closed
        self._loop = asyncio.get_running_loop()
        self._work: SimpleQueue[_Work[S]] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        self._ended = [self._loop.create_future() for _ in self._threads]
        for thread in self._threads:
            thread.start()

    def call(self, work: Callable[[S], T]) -> "asyncio.Future[T]":
        """Run `work` with a thread's state; cancelling the future does not stop it."""
        answer: asyncio.Future[T] = self._loop.create_future()
        self._work.put((work, answer))
        return answer

    async def close(self) -> None:
        """Let the threads finish what is queued, and close their states."""
        for _ in self._threads:
            self._work.put(None)
        await asyncio.gather(*self._ended)

    def _run(self) -> None:
        state: S | None = None
        while (item := self._work.get()) is not None:
            work, answer = item
            result, error = None, None
            try:
                if state is None:
                    state = self._opened()
                result = work(state)
            except BaseException as caught:  # noqa: BLE001  the caller is in another thread
                error = caught
            self._post(_deliver, answer, result, error)
            del item, work, answer, result, error  # hold nothing while waiting
        try:
            if state is not None:
                self._closed(state)
        finally:
            self._post(_end, self._ended)

    def _post(self, callback: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            return  # the loop is closed, and with it everybody who waited


def _deliver(answer: "asyncio.Future[Any]", result: object, error: BaseException | None) -> None:
    if answer.done():
        return  # its caller was cancelled
    if error is not None:
        answer.set_exception(error)
    else:
        answer.set_result(result)


def _end(ended: "list[asyncio.Future[None]]") -> None:
    for future in ended:
        if not future.done():
            future.set_result(None)
            return

"""Decider: what a model decides, as pure functions. Read by: those who prefer functions.

Source: the decider pattern of Jérémie Chassaing, "Functional Event Sourcing Decider".
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, Generic, TypeVar

from leftfold.messages.declaration import calling_module
from leftfold.messages.keys import KeySource
from leftfold.messages.message import Command, Event

__all__ = ["Decider"]

C = TypeVar("C", bound="Command[None]")
S = TypeVar("S")
E = TypeVar("E", bound=Event)


class Decider(Generic[C, S, E]):
    """An initial state, how events change it, and which events a command leads to.

    The message types are read from the annotations of `decide` and `evolve`. A missing stream
    is the initial state; what that means is for `decide` to say.
    """

    def __init__(
        self,
        *,
        initial: S,
        evolve: Callable[[S, E], S],
        decide: Callable[[C, S], Sequence[E]],
        name: str,
        key: KeySource,
    ) -> None:
        """Take the functions; the stream of a command is `<name>/<key>`."""
        self.initial = initial
        self.evolve = evolve
        self.decide = decide
        self.name = name
        self.key = key
        self.module = calling_module()
        self.compiled: dict[str, Any] = {}

    def fold(self, events: Iterable[E]) -> S:
        """Return the state reached by `events`, oldest first."""
        return reduce(self.evolve, events, self.initial)

    def __repr__(self) -> str:
        """Return its name."""
        return f"Decider({self.name!r})"

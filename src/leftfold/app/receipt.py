"""What a caller gets back from a command. Read by: everyone who calls `dispatch`."""

from typing import Generic, TypeVar

import msgspec

from leftfold.messages.message import Event

__all__ = ["Receipt"]

R = TypeVar("R")


class Receipt(msgspec.Struct, Generic[R], frozen=True):
    """What a command led to: its result, the position after it, its events."""

    result: R
    token: str
    events: tuple[Event, ...]

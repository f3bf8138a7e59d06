"""What can go wrong, as one tree of errors with stable codes. Read by: everyone who catches one.

LeftfoldError
├── ConfigurationError    the model or the set-up is wrong; raised when it is made
├── Rejected              the model refused the command; a fact for the caller, not a failure
│   ├── NotFound          there is nothing under that key
│   └── AlreadyExists     there is something under that key already
├── ConflictError         somebody else decided first, again and again
├── DeliveryError         no handler, not running, or no answer in time
│   ├── NotRunning        the App is not running
│   ├── NoHandler         no part handles the message
│   ├── NoAnswer          the time ran out; the outcome is unknown
│   └── IdReused          the command id belongs to another command
├── CodecError            a message cannot be written, or stored bytes cannot be read
├── ProcessingError       a read model does not move, or not far enough in time
│   └── NotCurrent        the rows asked for are not there yet
├── InvalidToken          the text is no position token, or is one of another store
└── StorageError          the engine failed; nothing of the call is known to be stored
    ├── CommitRefused     this commit cannot be stored as it is: too large, an id in use
    ├── StoreChanged      another record stands where ours stood: an older copy came back
    └── StoreUnusable     the store cannot be opened: corrupt, newer, read-only, replaced
        └── StoreMissing  there is no store, where one was only to be read
"""

import re
from typing import Any, ClassVar

__all__ = [
    "AlreadyExists",
    "CodecError",
    "CommitRefused",
    "ConfigurationError",
    "ConflictError",
    "DeliveryError",
    "IdReused",
    "InvalidToken",
    "LeftfoldError",
    "NoAnswer",
    "NoHandler",
    "NotCurrent",
    "NotFound",
    "NotRunning",
    "ProcessingError",
    "Rejected",
    "StorageError",
    "StoreChanged",
    "StoreMissing",
    "StoreUnusable",
]

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class LeftfoldError(Exception):
    """Root of all errors that Leftfold raises.

    `code` is stable, made from the class name unless the class gives one; `retryable` says
    whether the same call may succeed later without a change.
    """

    code: ClassVar[str] = "leftfold-error"
    retryable: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each class the code that its name spells, `NotPaid` being `not-paid`."""
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            cls.code = _CAPITAL.sub("-", cls.__name__).lower()


class ConfigurationError(LeftfoldError):
    """The model or the set-up is wrong, and nothing was started."""


class Rejected(LeftfoldError):
    """The model refused the command. Raise it, or a subclass, in a handler."""


class NotFound(Rejected):
    """There is nothing under that key."""


class AlreadyExists(Rejected):
    """There is something under that key already."""


class ConflictError(LeftfoldError):
    """Others decided first, as often as the command was tried. Nothing was stored."""

    retryable = True


class DeliveryError(LeftfoldError):
    """A message found no handler, no running app, or no answer in time."""


class NotRunning(DeliveryError):
    """The App is not running, or no longer."""


class NoHandler(DeliveryError):
    """No part handles the message."""


class NoAnswer(DeliveryError):
    """The time ran out before there was an answer, so the outcome is unknown."""

    retryable = True


class IdReused(DeliveryError):
    """The command id was given before, to a command of another type or content."""


class CodecError(LeftfoldError):
    """A message cannot be written, or stored bytes cannot be read as their class."""


class ProcessingError(LeftfoldError):
    """A read model does not move, or did not reach a position in time."""


class NotCurrent(ProcessingError):
    """The rows have not reached the position asked for within the time given."""

    retryable = True


class InvalidToken(LeftfoldError):
    """The text is no position token, or it is one of another store."""


class StorageError(LeftfoldError):
    """The engine failed; nothing of the call is known to be stored.

    The same commit may be appended again, since the store knows what it has by its ids; a
    command may be sent again with the same `id`.
    """

    retryable = True


class CommitRefused(StorageError):
    """This commit cannot be stored as it is: a limit, or an id that is in use."""

    retryable = False


class StoreChanged(StorageError):
    """Another record stands where ours stood, so an older copy of the store came back."""

    retryable = False


class StoreUnusable(StorageError):
    """The store cannot be opened or used as it is; the message says what to do."""

    retryable = False


class StoreMissing(StoreUnusable):
    """There is no store at the place given, and who only reads makes none."""

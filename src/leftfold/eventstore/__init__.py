"""Where facts are kept, in the order they happened. Read by: who looks for a name of it."""

from leftfold.eventstore.group import GroupCommit
from leftfold.eventstore.limits import check_limits
from leftfold.eventstore.memory import MemoryEventStore, open_memory
from leftfold.eventstore.port import (
    Appended,
    Commit,
    Condition,
    Conflict,
    Criteria,
    Criterion,
    Duplicate,
    EventStore,
    Expectation,
    Mark,
    NewRecord,
    Page,
    Receipt,
    Record,
    Result,
)
from leftfold.eventstore.tokens import check_token, decode_token, encode_token

__all__ = [
    "Appended",
    "Commit",
    "Condition",
    "Conflict",
    "Criteria",
    "Criterion",
    "Duplicate",
    "EventStore",
    "Expectation",
    "GroupCommit",
    "Mark",
    "MemoryEventStore",
    "NewRecord",
    "Page",
    "Receipt",
    "Record",
    "Result",
    "check_limits",
    "check_token",
    "decode_token",
    "encode_token",
    "open_memory",
]

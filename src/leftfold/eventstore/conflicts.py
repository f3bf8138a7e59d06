"""The words for a place that is not what it was. Read by: authors of stores."""

from uuid import UUID

from leftfold.errors import CommitRefused, StoreChanged
from leftfold.eventstore.port import Conflict, Expectation, Mark

__all__ = ["condition_moved", "condition_not_met", "id_in_use", "store_changed", "stream_moved"]


def stream_moved(expects: Expectation, found: Mark | None) -> Conflict:
    """Say that a stream does not have the head it was decided on."""
    return Conflict(
        f"stream {expects.stream!r} at {_version(expects.head)}",
        f"stream {expects.stream!r} at {_version(found)}",
    )


def condition_not_met(after: Mark | None, found: int) -> Conflict:
    """Say that a record at position `found` came after the query of a boundary."""
    return Conflict(
        f"no record that meets the condition after {_position(after)}",
        f"one at position {found}",
    )


def condition_moved(after: Mark, found: Mark | None) -> Conflict:
    """Say that another record, or none, stands where the boundary's query ended."""
    return Conflict(
        f"the log at {_position(after)}",
        f"the log at {_position(found)}" if found else f"no record at position {after.number}",
    )


def id_in_use(record: UUID, position: int) -> CommitRefused:
    """Say that an event bears the id of another one that is stored."""
    return CommitRefused(
        f"Appending a commit: the id {record} is in use by another record, at position "
        f"{position}. Give each event its own id; a process that forks needs chance of its own."
    )


def store_changed(where: str, wanted: Mark, found: Mark | None) -> StoreChanged:
    """Say that a reader's place is not in this copy of the store, and how to go on."""
    there = f"holds {found.record} there" if found else "ends before it"
    return StoreChanged(
        f"Reading {where} after number {wanted.number}, record {wanted.record}: it {there}. An "
        f"older copy of the store came back, or another file took its place. Restore the newest "
        f"copy, or rebuild what was read from the other one."
    )


def _version(mark: Mark | None) -> str:
    return f"version {mark.number} ({mark.record})" if mark else "no version"


def _position(mark: Mark | None) -> str:
    return f"position {mark.number} ({mark.record})" if mark else "the beginning"

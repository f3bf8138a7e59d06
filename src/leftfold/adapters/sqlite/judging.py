"""Which commits of a group are stored, and as which rows. Read by: who asks why a conflict.

What the group needs is read in a few set-based statements, each commit is then judged in
memory, seeing those accepted before it, and all rows are written at once. The file is under
the write lock from the first read to the last row.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec

from leftfold.adapters.sqlite.connection import Connection, values
from leftfold.adapters.sqlite.reading import first_match, mark_at
from leftfold.adapters.sqlite.rows import EventRow, ReceiptRow, receipt, tags
from leftfold.errors import CommitRefused
from leftfold.eventstore.conflicts import condition_moved, condition_not_met, stream_moved
from leftfold.eventstore.port import (
    Appended,
    Commit,
    Condition,
    Conflict,
    Duplicate,
    Mark,
    NewRecord,
    Receipt,
    Result,
)

__all__ = ["Judge"]

# The newest record, and when it was recorded.
_LAST = "SELECT position, id, recorded FROM events ORDER BY position DESC LIMIT 1"

# The heads of some streams of one tenant.
_HEADS = """SELECT wanted.value, head.version, head.id FROM carray(:streams) AS wanted
CROSS JOIN events AS head ON head.position = (
  SELECT position FROM events WHERE tenant = :tenant AND stream = wanted.value
  ORDER BY version DESC LIMIT 1)"""

# Which of some ids are in use, and where.
_IDS = """SELECT id, tenant, position FROM carray(?) AS wanted
CROSS JOIN events ON events.id = wanted.value"""

# Which commands of one tenant have run.
_RECEIPTS = """SELECT receipts.* FROM carray(:commands) AS wanted
CROSS JOIN receipts ON receipts.tenant = :tenant AND receipts.command = wanted.value"""

_ADD_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_TAG = "INSERT INTO tags VALUES (?, ?, ?, ?)"
_ADD_RECEIPT = "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?)"


class Judge:
    """Judges one group of commits, inside the transaction that stores it."""

    def __init__(self, connection: Connection, commits: Sequence[Commit], now: int) -> None:
        """Read what the group needs; `now` is in microseconds since 1970."""
        self._connection = connection
        self.head, self._recorded = self._last(now)
        self._heads = self._load_heads(commits)
        self._places = self._load_places(commits)
        self._receipts = self._load_receipts(commits)
        self._added: list[tuple[str, NewRecord, int]] = []
        self._events: list[EventRow] = []
        self._tags: list[tuple[str, str, int, str]] = []
        self._new_receipts: list[ReceiptRow] = []

    def judge(self, commit: Commit) -> Result:
        """Accept the commit, or say why not."""
        asked = commit.receipt
        if asked is not None:
            known = self._receipts.get((commit.tenant, asked.command))
            if known is not None:
                return Duplicate(known)
        if commit.records and self._places:
            stored = self._stored(commit)
            if stored is not None:
                return stored
        conflict = self._conflict(commit)
        if conflict is not None:
            return conflict
        result = self._accept(commit)
        if asked is not None:
            self._keep(commit.tenant, asked, result)
        return result

    def write(self) -> None:
        """Insert what was accepted."""
        execute = self._connection.executemany
        if self._events:
            execute(_ADD_EVENT, self._events)
        if self._tags:
            execute(_ADD_TAG, self._tags)
        if self._new_receipts:
            execute(_ADD_RECEIPT, self._new_receipts)

    @property
    def accepted(self) -> bool:
        """Tell whether there is anything to write."""
        return bool(self._events or self._new_receipts)

    def _stored(self, commit: Commit) -> Appended | None:
        """Return the first answer to records that are stored already, all of them in order."""
        found = [self._places.get(record.id) for record in commit.records]
        known = [place for place in found if place is not None]
        if not known:
            return None
        start = known[0][1]
        if found != [(commit.tenant, start + i) for i in range(len(found))]:
            taken = next(
                record.id
                for record, place in zip(commit.records, found, strict=True)
                if place is not None
            )
            raise CommitRefused(
                f"Appending a commit: the id {taken} is in use by the record at position "
                f"{start}. Give each event its own id."
            )
        return Appended(start, Mark(known[-1][1], commit.records[-1].id))

    def _conflict(self, commit: Commit) -> Conflict | None:
        for expects in commit.expects:
            found = self._heads.get((commit.tenant, expects.stream))
            if found != expects.head:
                return stream_moved(expects, found)
        condition = commit.condition
        return None if condition is None else self._violated(commit.tenant, condition)

    def _violated(self, tenant: str, condition: Condition) -> Conflict | None:
        after = condition.after
        if after is not None:
            there = self._mark_at(after.number)
            if there != after:
                return condition_moved(after, there)
        number = after.number if after else 0
        found = first_match(self._connection, condition.criteria, tenant, number)
        if found is None:
            found = self._first_added(condition, tenant, number)
        return None if found is None else condition_not_met(after, found)

    def _first_added(self, condition: Condition, tenant: str, after: int) -> int | None:
        """Return the first position after a number that this group gave to a match."""
        for whose, record, position in self._added:
            if whose == tenant and position > after:
                wanted = condition.criteria
                if not wanted or any(criterion.meets(record) for criterion in wanted):
                    return position
        return None

    def _mark_at(self, position: int) -> Mark | None:
        for _, record, added in self._added:
            if added == position:
                return Mark(position, record.id)
        return mark_at(self._connection, position)

    def _accept(self, commit: Commit) -> Appended:
        tenant = commit.tenant
        if not commit.records:
            return Appended(0, self.head)
        position = self.head.number if self.head else 0
        first = position + 1
        for record in commit.records:
            position += 1
            stream = tenant, record.stream
            before = self._heads.get(stream)
            version = before.number + 1 if before else 1
            self._heads[stream] = Mark(version, record.id)
            self._places[record.id] = tenant, position
            self._added.append((tenant, record, position))
            self._events.append(self._row(tenant, record, position, version))
            for tag in record.tags:
                self._tags.append((tenant, tag, position, record.type))
        self.head = Mark(position, commit.records[-1].id)
        return Appended(first, self.head)

    def _row(self, tenant: str, record: NewRecord, position: int, version: int) -> EventRow:
        return (
            position,
            record.id.bytes,
            tenant,
            record.stream,
            version,
            record.type,
            record.revision,
            tags(record.tags),
            self._recorded,
            record.data,
            record.metadata,
        )

    def _keep(self, tenant: str, asked: Receipt, result: Appended) -> None:
        first, last = result.first, result.last
        kept = msgspec.structs.replace(asked, first=first, last=last)
        self._receipts[tenant, asked.command] = kept
        number, record = (last.number, last.record.bytes) if last else (0, None)
        self._new_receipts.append(
            (tenant, asked.command, asked.fingerprint, asked.outcome, first, number, record)
        )

    def _last(self, now: int) -> tuple[Mark | None, int]:
        """Return the head, and a time that is not before its own."""
        row = self._connection.execute(_LAST).fetchone()
        if row is None:
            return None, now
        position, record, recorded = row
        return Mark(position, UUID(bytes=record)), max(now, recorded)

    def _load_heads(self, commits: Iterable[Commit]) -> dict[tuple[str, str], Mark]:
        wanted = {(c.tenant, e.stream) for c in commits for e in c.expects}
        wanted.update((c.tenant, record.stream) for c in commits for record in c.records)
        heads: dict[tuple[str, str], Mark] = {}
        for tenant, streams in _by_tenant(wanted):
            rows = self._connection.execute(_HEADS, {"tenant": tenant, "streams": streams})
            for stream, version, record in rows:
                heads[tenant, stream] = Mark(version, UUID(bytes=record))
        return heads

    def _load_places(self, commits: Iterable[Commit]) -> dict[UUID, tuple[str, int]]:
        ids = tuple([record.id.bytes for c in commits for record in c.records])
        if not ids:
            return {}
        rows = self._connection.execute(_IDS, (values(ids),))
        return {UUID(bytes=record): (tenant, position) for record, tenant, position in rows}

    def _load_receipts(self, commits: Iterable[Commit]) -> dict[tuple[str, str], Receipt]:
        wanted = {(c.tenant, c.receipt.command) for c in commits if c.receipt is not None}
        found: dict[tuple[str, str], Receipt] = {}
        for tenant, commands in _by_tenant(wanted):
            bindings = {"tenant": tenant, "commands": commands}
            rows = self._connection.execute(_RECEIPTS, bindings)
            for row in rows:
                found[tenant, row[1]] = receipt(row)
        return found


def _by_tenant(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, Any]]:
    """Group the second halves by tenant, sorted, which also walks the indexes in order."""
    for tenant, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
        yield tenant, values([name for _, name in group])

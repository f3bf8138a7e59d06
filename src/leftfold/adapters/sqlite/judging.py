"""Which commits of a group are stored, and as which rows. Read by: who asks why a conflict.

What the group needs is read in a few set-based statements, each commit is then judged in
memory, seeing those accepted before it, and all rows are written at once. The file is under
the write lock from the first read to the last row.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias
from uuid import UUID

from leftfold.adapters.sqlite.connection import Connection, values
from leftfold.adapters.sqlite.reading import first_match, mark_at
from leftfold.adapters.sqlite.rows import EventRow, ReceiptRow, receipt, tags
from leftfold.eventstore.conflicts import (
    condition_moved,
    condition_not_met,
    id_in_use,
    stream_moved,
)
from leftfold.eventstore.port import (
    Appended,
    Commit,
    Condition,
    Conflict,
    Criterion,
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
_HEADS = """SELECT wanted.value, head.version, head.id FROM carray(?2) AS wanted
CROSS JOIN events AS head ON head.position = (
  SELECT position FROM events WHERE tenant = ?1 AND stream = wanted.value
  ORDER BY version DESC LIMIT 1)"""

# Which of some ids are in use, and where.
_IDS = """SELECT id, position, tenant, stream, type, data FROM carray(?) AS wanted
CROSS JOIN events ON events.id = wanted.value"""

# Which commands of one tenant have run.
_RECEIPTS = """SELECT receipts.* FROM carray(?2) AS wanted
CROSS JOIN receipts ON receipts.tenant = ?1 AND receipts.command = wanted.value"""

_ADD_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_TAG = "INSERT INTO tags VALUES (?, ?, ?, ?)"
_ADD_RECEIPT = "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?)"


_Places: TypeAlias = dict[bytes, tuple[int, str, str, str, bytes]]
"""Position, tenant, stream, type and data of the records that bear some ids."""

_Head: TypeAlias = tuple[int, bytes]
"""A version and the id that stands there. As in a row, since most are only compared."""


class Judge:
    """Judges one group of commits, inside the transaction that stores it."""

    def __init__(self, connection: Connection, commits: Sequence[Commit], now: int) -> None:
        """Read what the group needs; `now` is in microseconds since 1970."""
        self._connection = connection
        self.head, self._recorded = self._last(now)
        self._heads = self._load_heads(commits)
        self._receipts = self._load_receipts(commits)
        # Where ids are in use; None as long as all of the group are known to be new.
        self._places = self._load_places(commits)
        self._accepted: list[tuple[int, Commit]] = []
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
        if self._places is not None and commit.records:
            stored = self._stored(commit, self._places)
            if stored is not None:
                return stored
        conflict = self._conflict(commit)
        if conflict is not None:
            return conflict
        result = self._accept(commit) if commit.records else Appended(0, self.head)
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

    def _stored(self, commit: Commit, places: _Places) -> Appended | None:
        """Return the first answer to records that are stored already, all of them in order."""
        records = commit.records
        found = [(record, places.get(record.id.bytes)) for record in records]
        known = [(record, place) for record, place in found if place is not None]
        if not known:
            return None
        taken, (first, *_) = known[0]
        if [place for _, place in found] != [
            (position, commit.tenant, record.stream, record.type, record.data)
            for position, record in enumerate(records, first)
        ]:
            raise id_in_use(taken.id, first)
        return Appended(first, Mark(first + len(records) - 1, records[-1].id))

    def _conflict(self, commit: Commit) -> Conflict | None:
        for expects in commit.expects:
            found = self._heads.get((commit.tenant, expects.stream))
            wanted = expects.head
            if found != (None if wanted is None else (wanted.number, wanted.record.bytes)):
                return stream_moved(expects, None if found is None else _mark(*found))
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
        wanted = condition.criteria or (Criterion(),)
        for whose, record, position in self._added():
            if whose == tenant and position > after and any(c.meets(record) for c in wanted):
                return position
        return None

    def _mark_at(self, position: int) -> Mark | None:
        for _, record, added in self._added():
            if added == position:
                return Mark(position, record.id)
        return mark_at(self._connection, position)

    def _added(self) -> Iterator[tuple[str, NewRecord, int]]:
        for first, commit in self._accepted:
            for position, record in enumerate(commit.records, first):
                yield commit.tenant, record, position

    def _accept(self, commit: Commit) -> Appended:
        tenant, heads, places = commit.tenant, self._heads, self._places
        position = self.head.number if self.head else 0
        first = position + 1
        for record in commit.records:
            position += 1
            stream = tenant, record.stream
            before = heads.get(stream)
            version = before[0] + 1 if before else 1
            record_id = record.id.bytes
            heads[stream] = version, record_id
            if places is not None:
                places[record_id] = position, tenant, record.stream, record.type, record.data
            self._events.append(_row(record, tenant, (position, version, self._recorded)))
            for tag in record.tags:
                self._tags.append((tenant, tag, position, record.type))
        self._accepted.append((first, commit))
        self.head = Mark(position, commit.records[-1].id)
        return Appended(first, self.head)

    def _keep(self, tenant: str, asked: Receipt, result: Appended) -> None:
        first, last = result.first, result.last
        self._receipts[tenant, asked.command] = Receipt(
            command=asked.command,
            fingerprint=asked.fingerprint,
            outcome=asked.outcome,
            first=first,
            last=last,
        )
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
        return _mark(position, record), max(now, recorded)

    def _load_heads(self, commits: Iterable[Commit]) -> dict[tuple[str, str], _Head]:
        wanted = {(c.tenant, e.stream) for c in commits for e in c.expects}
        wanted.update((c.tenant, record.stream) for c in commits for record in c.records)
        heads: dict[tuple[str, str], _Head] = {}
        for tenant, streams in _by_tenant(wanted):
            rows = self._connection.execute(_HEADS, (tenant, streams))
            for stream, version, record in rows:
                heads[tenant, stream] = version, record
        return heads

    def _load_places(self, commits: Iterable[Commit]) -> _Places | None:
        ids = [record.id.bytes for c in commits for record in c.records]
        if not ids:
            return None
        rows = self._connection.execute(_IDS, (values(ids),)).fetchall()
        if not rows and len(set(ids)) == len(ids):
            return None
        return {row[0]: row[1:] for row in rows}

    def _load_receipts(self, commits: Iterable[Commit]) -> dict[tuple[str, str], Receipt]:
        wanted = {(c.tenant, c.receipt.command) for c in commits if c.receipt is not None}
        found: dict[tuple[str, str], Receipt] = {}
        for tenant, commands in _by_tenant(wanted):
            for row in self._connection.execute(_RECEIPTS, (tenant, commands)):
                found[tenant, row[1]] = receipt(row)
        return found


def _row(record: NewRecord, tenant: str, place: tuple[int, int, int]) -> EventRow:
    position, version, recorded = place
    return (
        position,
        record.id.bytes,
        tenant,
        record.stream,
        version,
        record.type,
        record.revision,
        tags(record.tags) if record.tags else "",
        recorded,
        record.data,
        record.metadata,
    )


def _mark(number: int, record: bytes) -> Mark:
    return Mark(number, UUID(bytes=record))


def _by_tenant(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """Group the second halves by tenant, sorted, which also walks the indexes in order."""
    for tenant, group in groupby(sorted(pairs), key=itemgetter(0)):
        yield tenant, values([name for _, name in group])

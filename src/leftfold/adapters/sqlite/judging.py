"""Which commits of a group are stored, and as which rows. Read by: who asks why a conflict.

What the group needs is read in a few set-based statements, each commit is then judged in
memory, seeing those accepted before it, and all rows are written at once. The file is under
the write lock from the first read to the last row.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias
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
        self._commits = commits
        self._ids = [[record.id.bytes for record in commit.records] for commit in commits]
        self.head, self._recorded = self._last(now)
        # By tenant, and in there by stream or command.
        self._heads = self._load_heads()
        self._receipts = self._load_receipts()
        # Where ids are in use; None where all of the group are known to be new.
        self._places = self._load_places()
        self._accepted: list[tuple[int, Commit]] = []
        self._events: list[EventRow] = []
        self._tags: list[tuple[str, str, int, str]] = []
        self._new_receipts: list[ReceiptRow] = []

    def judge(self) -> list[Result]:
        """Accept each commit in its turn, or say why not."""
        return [self._judge(*one) for one in zip(self._commits, self._ids, strict=True)]

    def _judge(self, commit: Commit, ids: list[bytes]) -> Result:
        asked = commit.receipt
        if asked is not None:
            known = self._receipts[commit.tenant].get(asked.command)
            if known is not None:
                return Duplicate(known)
        if self._places is not None:
            stored = self._stored(commit, ids, self._places)
            if stored is not None:
                return stored
        conflict = self._conflict(commit)
        if conflict is not None:
            return conflict
        result = self._accept(commit, ids) if ids else Appended(0, self.head)
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

    def _stored(self, commit: Commit, ids: list[bytes], places: _Places) -> Appended | None:
        """Return the first answer to records that are stored already, all of them in order."""
        found = [places.get(one) for one in ids]
        known = next(((at, place) for at, place in enumerate(found) if place), None)
        if known is None:
            return None
        at, (first, *_) = known
        records = commit.records
        if found != [
            (position, commit.tenant, record.stream, record.type, record.data)
            for position, record in enumerate(records, first)
        ]:
            raise id_in_use(records[at].id, first)
        return Appended(first, Mark(first + len(records) - 1, records[-1].id))

    def _conflict(self, commit: Commit) -> Conflict | None:
        for expects in commit.expects:
            found = self._heads[commit.tenant].get(expects.stream)
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

    def _accept(self, commit: Commit, ids: list[bytes]) -> Appended:
        tenant, recorded, places = commit.tenant, self._recorded, self._places
        heads = self._heads[tenant]
        position = self.head.number if self.head else 0
        first = position + 1
        for record, one in zip(commit.records, ids, strict=True):
            position += 1
            stream, kind, data = record.stream, record.type, record.data
            before = heads.get(stream)
            version = before[0] + 1 if before else 1
            heads[stream] = version, one
            if places is not None:
                places[one] = position, tenant, stream, kind, data
            tagged = ""
            if record.tags:
                tagged = tags(record.tags)
                self._tags += [(tenant, tag, position, kind) for tag in record.tags]
            row = (position, one, tenant, stream, version, kind, record.revision, tagged, recorded)
            self._events.append((*row, data, record.metadata))
        self._accepted.append((first, commit))
        self.head = Mark(position, commit.records[-1].id)
        return Appended(first, self.head)

    def _keep(self, tenant: str, asked: Receipt, result: Appended) -> None:
        first, last = result.first, result.last
        self._receipts[tenant][asked.command] = Receipt(
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

    def _load_heads(self) -> dict[str, dict[str, _Head]]:
        wanted: dict[str, set[str]] = {}
        for commit in self._commits:
            streams = wanted.setdefault(commit.tenant, set())
            streams.update([expects.stream for expects in commit.expects])
            streams.update([record.stream for record in commit.records])
        heads: dict[str, dict[str, _Head]] = {}
        for tenant, streams in wanted.items():
            rows = self._connection.execute(_HEADS, (tenant, values(streams))) if streams else ()
            heads[tenant] = {stream: (version, record) for stream, version, record in rows}
        return heads

    def _load_receipts(self) -> dict[str, dict[str, Receipt]]:
        wanted: dict[str, set[str]] = {}
        for commit in self._commits:
            if commit.receipt is not None:
                wanted.setdefault(commit.tenant, set()).add(commit.receipt.command)
        found: dict[str, dict[str, Receipt]] = {}
        for tenant, commands in wanted.items():
            rows = self._connection.execute(_RECEIPTS, (tenant, values(commands)))
            found[tenant] = {row[1]: receipt(row) for row in rows}
        return found

    def _load_places(self) -> _Places | None:
        ids = [one for ids in self._ids for one in ids]
        if not ids:
            return None
        rows = self._connection.execute(_IDS, (values(ids),)).fetchall()
        if not rows and len(set(ids)) == len(ids):
            return None
        return {row[0]: row[1:] for row in rows}


def _mark(number: int, record: bytes) -> Mark:
    return Mark(number, UUID(bytes=record))

"""Which commits of a group are stored, and as which rows. Read by: who asks why a conflict.

The heads that the group needs are read in one statement, each commit is then judged in memory,
seeing those accepted before it, and all rows are written at once. The file is under the write
lock from the first read to the last row.

Nearly always ids and receipts are new, and writing them tells if one is not. So they are looked
up only for a commit that would be a conflict, and for all of a group when writing it failed.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias
from uuid import UUID

from leftfold.adapters.sqlite.connection import Connection, values
from leftfold.adapters.sqlite.reading import first_match, mark_at, read_receipt
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

# Which of some ids are in use, and by what.
_IDS = """SELECT id, position, tenant, stream, type, data FROM carray(?) AS wanted
CROSS JOIN events ON events.id = wanted.value"""

_ADD_EVENT = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_TAG = "INSERT INTO tags VALUES (?, ?, ?, ?)"
_ADD_RECEIPT = "INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?, ?)"


_Head: TypeAlias = tuple[int, bytes]
"""A version and the id that stands there. As in a row, since most are only compared."""


class Judge:
    """Judges one group of commits, inside the transaction that stores it."""

    def __init__(
        self, connection: Connection, commits: Sequence[Commit], now: int, *, wary: bool = False
    ) -> None:
        """Read what the group needs.

        Args:
            connection: One in a transaction that holds the write lock.
            commits: The group.
            now: Microseconds since 1970.
            wary: Look up every id and receipt; else `write` fails where one is stored.
        """
        self._connection = connection
        self._commits = commits
        self._wary = wary
        self.head, self._recorded = self._last(now)
        self._heads = self._load_heads()  # by tenant, and in there by stream
        self._accepted: list[tuple[int, Commit]] = []
        self._events: list[EventRow] = []
        self._tags: list[tuple[str, str, int, str]] = []
        self._receipts: list[ReceiptRow] = []

    def judge(self) -> list[Result]:
        """Accept each commit in its turn, or say why not."""
        return [self._judge(commit) for commit in self._commits]

    def _judge(self, commit: Commit) -> Result:
        if self._wary and (known := self._known(commit)):
            return known
        conflict = self._conflict(commit)
        if conflict is not None:
            return (None if self._wary else self._known(commit)) or conflict
        result = self._accept(commit) if commit.records else Appended(0, self.head)
        if commit.receipt is not None:
            self._keep(commit.tenant, commit.receipt, result)
        return result

    def write(self) -> None:
        """Insert what was accepted."""
        execute = self._connection.executemany
        if self._events:
            execute(_ADD_EVENT, self._events)
        if self._tags:
            execute(_ADD_TAG, self._tags)
        if self._receipts:
            execute(_ADD_RECEIPT, self._receipts)

    def _known(self, commit: Commit) -> Result | None:
        """Return the first answer to a command that has run, or to records that are stored."""
        asked = commit.receipt
        if asked is not None:
            for row in self._receipts:  # of this group
                if row[:2] == (commit.tenant, asked.command):
                    return Duplicate(receipt(row))
            kept = read_receipt(self._connection, commit.tenant, asked.command)
            if kept is not None:
                return Duplicate(kept)
        return self._stored(commit) if commit.records else None

    def _stored(self, commit: Commit) -> Appended | None:
        """Return the place of records that are stored already, all of them in order."""
        records = commit.records
        places = self._places([record.id.bytes for record in records])
        found = [places.get(record.id.bytes) for record in records]
        known = next(((at, place) for at, place in enumerate(found) if place), None)
        if known is None:
            return None
        at, (first, *_) = known
        if found != [
            (position, commit.tenant, record.stream, record.type, record.data)
            for position, record in enumerate(records, first)
        ]:
            raise id_in_use(records[at].id, first)
        return Appended(first, Mark(first + len(records) - 1, records[-1].id))

    def _places(self, ids: list[bytes]) -> dict[bytes, tuple[int, str, str, str, bytes]]:
        """Return position, tenant, stream, type and data of the records that bear some ids."""
        rows = self._connection.execute(_IDS, (values(ids),))
        places = {row[0]: row[1:] for row in rows}
        for tenant, record, position in self._added():
            places[record.id.bytes] = position, tenant, record.stream, record.type, record.data
        return places

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

    def _accept(self, commit: Commit) -> Appended:
        tenant, recorded, add = commit.tenant, self._recorded, self._events.append
        heads = self._heads[tenant]
        position = self.head.number if self.head else 0
        first = position + 1
        for record in commit.records:
            position += 1
            stream, kind, its_id, tagged = record.stream, record.type, record.id.bytes, ""
            before = heads.get(stream)
            version = before[0] + 1 if before else 1
            heads[stream] = version, its_id
            if record.tags:
                tagged = tags(record.tags)
                self._tags += [(tenant, tag, position, kind) for tag in record.tags]
            add(
                (
                    position,
                    its_id,
                    tenant,
                    stream,
                    version,
                    kind,
                    record.revision,
                    tagged,
                    recorded,
                    record.data,
                    record.metadata,
                )
            )
        self._accepted.append((first, commit))
        self.head = Mark(position, commit.records[-1].id)
        return Appended(first, self.head)

    def _keep(self, tenant: str, asked: Receipt, result: Appended) -> None:
        last = result.last
        number, record = (last.number, last.record.bytes) if last else (0, None)
        command, fingerprint, outcome = asked.command, asked.fingerprint, asked.outcome
        row = (tenant, command, fingerprint, outcome, result.first, number, record)
        self._receipts.append(row)

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
            for expects in commit.expects:
                streams.add(expects.stream)
            for record in commit.records:
                streams.add(record.stream)
        heads: dict[str, dict[str, _Head]] = {}
        for tenant, streams in wanted.items():
            rows = self._connection.execute(_HEADS, (tenant, values(streams))) if streams else ()
            heads[tenant] = {stream: (version, record) for stream, version, record in rows}
        return heads


def _mark(number: int, record: bytes) -> Mark:
    return Mark(number, UUID(bytes=record))

"""The tables of an event store's file and their versions. Read by: who changes what is stored.

A migration is never edited once it is released; a change adds one.
"""

from uuid import UUID

from leftfold.adapters.sqlite.connection import Connection
from leftfold.errors import StoreUnusable

__all__ = [
    "APPLICATION_ID",
    "MIGRATIONS",
    "check_schema",
    "prepare",
    "read_identity",
    "read_version",
]

# What `file` and SQLite call the owner of a database file: "LFES", Leftfold's event store.
APPLICATION_ID = 0x4C464553

_SCHEMA_1 = """
CREATE TABLE store (
    only INTEGER PRIMARY KEY CHECK (only = 1), identity BLOB NOT NULL
) STRICT;

-- The log. A head is max(version) through the unique index.
CREATE TABLE events (
    position INTEGER PRIMARY KEY, id BLOB NOT NULL, tenant TEXT NOT NULL, stream TEXT NOT NULL,
    version INTEGER NOT NULL, type TEXT NOT NULL, revision INTEGER NOT NULL,
    tags TEXT NOT NULL,          -- '' or a JSON array
    recorded INTEGER NOT NULL,   -- microseconds since 1970, UTC
    data BLOB NOT NULL, metadata BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_id ON events (id);
CREATE UNIQUE INDEX events_stream ON events (tenant, stream, version);

-- Without them versions and positions would be given a second time.
CREATE TRIGGER events_heads_stay BEFORE DELETE ON events
WHEN NOT EXISTS (SELECT 1 FROM events WHERE position > OLD.position)
  OR NOT EXISTS (
    SELECT 1 FROM events
    WHERE tenant = OLD.tenant AND stream = OLD.stream AND version > OLD.version)
BEGIN
    SELECT RAISE(ABORT, 'the last record of a stream and of the log is never removed');
END;

-- An index, not a fact: the events' own tags say the same.
CREATE TABLE tags (
    tenant TEXT NOT NULL, tag TEXT NOT NULL, position INTEGER NOT NULL, type TEXT NOT NULL,
    PRIMARY KEY (tenant, tag, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    tenant TEXT NOT NULL, command TEXT NOT NULL, fingerprint BLOB NOT NULL,
    outcome BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, last_id BLOB,
    PRIMARY KEY (tenant, command)
) STRICT, WITHOUT ROWID;

-- The log for people: SELECT * FROM readable.
CREATE VIEW readable AS
SELECT position, strftime('%Y-%m-%dT%H:%M:%fZ', recorded / 1e6, 'unixepoch') AS recorded,
       tenant, stream, version, type, revision, tags, CAST(data AS TEXT) AS data,
       CAST(metadata AS TEXT) AS metadata, lower(hex(id)) AS id
FROM events ORDER BY position;
"""

MIGRATIONS: tuple[str, ...] = (_SCHEMA_1,)
"""The scripts that lead from an empty file to today's schema, one a version."""


def prepare(connection: Connection, path: str, new_identity: UUID) -> None:
    """Bring a file to today's schema, in one transaction; make an empty one a store.

    Raises:
        StoreUnusable: The file is newer than this release, or holds something else.
    """
    if read_version(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        _migrate(connection, path, new_identity)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: Connection, path: str, new_identity: UUID) -> None:
    # Another process may have done it while this one waited for the lock.
    version = read_version(connection, path)
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute(script)
        connection.pragma("user_version", number)
    if version == 0:
        connection.pragma("application_id", APPLICATION_ID)
        connection.execute("INSERT INTO store VALUES (1, ?)", (new_identity.bytes,))


def check_schema(connection: Connection, path: str) -> None:
    """Refuse a file that is not at today's schema, for who may not change it.

    Raises:
        StoreUnusable: It is empty, older or newer than this release, or holds something else.
    """
    version = read_version(connection, path)
    if version == 0:
        raise StoreUnusable(
            f"Reading {path}: it is empty, so there is no event store in it yet. Start the app "
            f"on it once, or give the path of another file."
        )
    if version < len(MIGRATIONS):
        raise StoreUnusable(
            f"Reading {path}: its schema is version {version}, and this release of Leftfold reads "
            f"{len(MIGRATIONS)}. Start the app on it once, which brings it up to date."
        )


def read_identity(connection: Connection) -> UUID:
    """Return what tells this log from every other."""
    (identity,) = connection.execute("SELECT identity FROM store").fetchone()
    return UUID(bytes=identity)


def read_version(connection: Connection, path: str) -> int:
    """Return the schema's version, 0 for an empty file, or refuse the file."""
    owner = connection.pragma("application_id")
    version = connection.pragma("user_version")
    if owner != APPLICATION_ID:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if owner == 0 and version == 0 and tables == 0:
            return 0
        raise StoreUnusable(
            f"Opening {path} as an event store: it is an SQLite database of something else "
            f"({tables} tables and indexes, application id {owner}). Give the path of a store, "
            f"or of a file that does not exist yet."
        )
    if version > len(MIGRATIONS):
        raise StoreUnusable(
            f"Opening {path}: its schema is version {version}, and this release of Leftfold "
            f"knows up to {len(MIGRATIONS)}. Install the release that wrote it, or a newer one."
        )
    return int(version)

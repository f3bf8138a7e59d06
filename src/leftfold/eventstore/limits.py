"""What a commit may weigh, checked before it is queued. Read by: who meets `CommitRefused`.

The limits are documented promises: every engine takes what is within them. A key is the part
of a stream's name behind the first `/`, or the id of a command, or a tag.
"""

from leftfold.errors import CommitRefused
from leftfold.eventstore.port import Commit, NewRecord

__all__ = [
    "MAX_COMMIT_BYTES",
    "MAX_EVENT_BYTES",
    "MAX_KEY_BYTES",
    "MAX_NAME_BYTES",
    "MAX_RECORDS",
    "check_limits",
]

MAX_KEY_BYTES = 512
MAX_NAME_BYTES = 128
MAX_EVENT_BYTES = 1 << 20
MAX_RECORDS = 1_000
MAX_COMMIT_BYTES = 16 << 20

# What a record's headers weigh at least: two ids, numbers and a time.
_HEADER_BYTES = 64


def check_limits(commit: Commit) -> int:
    """Return what a commit weighs in bytes.

    Raises:
        CommitRefused: It is beyond a limit, bears an id twice, or holds text that no engine
            takes; the message says which.
    """
    records = commit.records
    if len(records) > MAX_RECORDS:
        _refuse("a commit", f"{len(records):,} records", f"{MAX_RECORDS:,} records")
    weight = _HEADER_BYTES
    if commit.tenant:
        _key("the tenant", commit.tenant)
    stream: str | None = None
    kind: str | None = None
    for record in records:
        if record.stream is not stream or record.type is not kind:
            stream, kind = record.stream, record.type
            _names(stream, kind)
        weight += _record(record)
    # By their ints, since a UUID's own hash is ten times as slow.
    if len(records) > 1 and len({record.id.int for record in records}) < len(records):
        raise CommitRefused("A commit holds two records with one id. Give each event its own id.")
    receipt = commit.receipt
    if receipt is not None:
        _key("the command id", receipt.command)
        weight += len(receipt.outcome)
        if len(receipt.outcome) > MAX_EVENT_BYTES:
            _refuse("the result of a command", f"{len(receipt.outcome):,} bytes", "1 MiB")
    if weight > MAX_COMMIT_BYTES:
        _refuse("a commit", f"{weight:,} bytes", "16 MiB")
    return weight


def _record(record: NewRecord) -> int:
    """Return what a record weighs, or refuse it."""
    for tag in record.tags:
        # A tag is the name of its field, a colon and a key.
        _text("a tag", tag, MAX_NAME_BYTES + 1 + MAX_KEY_BYTES)
    data, metadata = len(record.data), len(record.metadata)
    if data > MAX_EVENT_BYTES or metadata > MAX_EVENT_BYTES:
        _refuse(
            f"an event of type {record.type!r} to stream {record.stream!r}",
            f"{max(data, metadata):,} bytes",
            "1 MiB; keep large contents elsewhere and store a reference",
        )
    return data + metadata + _HEADER_BYTES


def _plain(stream: str, kind: str) -> bool:
    """Tell whether both are short ASCII, as most are, so that one look is enough."""
    both = stream + kind
    return (
        len(both) <= MAX_NAME_BYTES
        and both.isascii()
        and "\x00" not in both
        and bool(kind)
        and stream[:1] not in {"", "/"}
    )


def _names(stream: str, kind: str) -> None:
    if _plain(stream, kind):
        return
    name, slash, key = stream.partition("/")
    _name("the name of a stream", name)
    if slash:
        _key(f"the key of {name!r}", key)
    _name("the name of a type", kind)


def _name(what: str, text: str) -> None:
    if not text:
        raise CommitRefused(f"Appending a commit: {what} is empty. Give it a name.")
    _text(what, text, MAX_NAME_BYTES)


def _key(what: str, text: str) -> None:
    _text(what, text, MAX_KEY_BYTES)


def _text(what: str, text: str, limit: int) -> None:
    # Four bytes a character at most, so most texts are not encoded only to be counted.
    if text.isascii():
        size = len(text)
    else:
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            shown = ascii(text[:40])
            raise CommitRefused(
                f"Appending a commit: {what} {shown} is no valid Unicode text. Remove the lone "
                f"surrogates before it is sent."
            ) from None
    if size > limit:
        _refuse(f"{what} {text[:40]!r}...", f"{size:,} bytes", f"{limit} bytes")
    if "\x00" in text:
        raise CommitRefused(
            f"Appending a commit: {what} {text[:40]!r} holds U+0000, which no store keeps. "
            f"Remove it."
        )


def _refuse(what: str, found: str, limit: str) -> None:
    raise CommitRefused(f"Appending {what}: it has {found}, and the limit is {limit}.")

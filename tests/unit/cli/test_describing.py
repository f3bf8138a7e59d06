"""How an event reads, to people and to programs. Read by: who changes what is shown of one."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from leftfold.cli.describing import as_json, counted, data_line, data_lines, moment, story
from leftfold.codec.envelope import encode_envelope
from leftfold.eventstore import Record
from leftfold.messages import Metadata

TIME = datetime(2026, 11, 23, 18, 40, 12, 345_678, tzinfo=UTC)
COMMAND, ORIGIN = UUID(int=7), UUID(int=9)
METADATA = Metadata(id=COMMAND, time=TIME, actor="teller", correlation=COMMAND)


def stored(data: bytes = b'{"account":"ann"}', metadata: Metadata = METADATA) -> Record:
    return Record(
        id=UUID(int=1),
        stream="Account/ann",
        type="Opened",
        revision=1,
        tags=frozenset({"owner:ann", "branch:1"}),
        data=data,
        metadata=encode_envelope(metadata),
        tenant="",
        position=3,
        version=2,
        recorded=TIME,
    )


def test_a_program_gets_every_header_and_the_stored_values_as_they_are() -> None:
    found = json.loads(as_json(stored(data=b'{"amount":1.10,"note":"\xc3\xab"}')))

    assert found == {
        "position": 3,
        "id": str(UUID(int=1)),
        "recorded": "2026-11-23T18:40:12.345678Z",
        "stream": "Account/ann",
        "version": 2,
        "type": "Opened",
        "revision": 1,
        "tags": ["branch:1", "owner:ann"],
        "data": {"amount": 1.1, "note": "ë"},
        "metadata": {
            "time": "2026-11-23T18:40:12.345678Z",
            "actor": "teller",
            "correlation": str(COMMAND),
            "causation": str(COMMAND),
        },
    }
    assert '"amount":1.10,' in as_json(stored(data=b'{"amount":1.10,"note":1}'))


@pytest.mark.parametrize("data", [b'{"half":', b"\xff\xfe", b""])
def test_stored_bytes_that_are_no_json_are_shown_as_text(data: bytes) -> None:
    text = data.decode(errors="backslashreplace")

    assert json.loads(as_json(stored(data=data)))["data"] == text
    assert data_line(stored(data=data)) == text
    assert data_lines(stored(data=data)) == [text]


def test_short_data_stands_on_one_line_and_long_data_on_several() -> None:
    assert data_lines(stored()) == ['{"account": "ann"}']
    assert data_lines(stored(data=b'{"a":"' + b"x" * 50 + b'","b":[1,2]}')) == [
        "{",
        f'  "a": "{"x" * 50}",',
        '  "b": [',
        "    1,",
        "    2",
        "  ]",
        "}",
    ]


def test_no_terminal_obeys_what_is_stored() -> None:
    evil = stored(data='{"name":"\u009b2J"}'.encode())

    assert data_line(evil) == '{"name":"\\x9b2J"}'
    assert data_lines(evil) == ['{"name": "\\x9b2J"}']


def test_the_story_says_who_and_why() -> None:
    assert story(stored()) == [
        ("who", "teller"),
        ("why", f"command {COMMAND}"),
        ("tags", "branch:1  owner:ann"),
    ]


def test_the_story_says_more_only_where_there_is_more() -> None:
    metadata = Metadata(
        id=COMMAND, time=TIME - timedelta(hours=1), correlation=ORIGIN, trace="00-abc"
    )
    record = msgspec.structs.replace(stored(metadata=metadata), tags=frozenset(), revision=2)

    assert story(record) == [
        ("who", "not given"),
        ("decided", "2026-11-23 17:40:12"),
        ("why", f"command {COMMAND}"),
        ("part of", str(ORIGIN)),
        ("trace", "00-abc"),
        ("revision", "2"),
    ]


def test_metadata_of_something_else_is_said_to_be_unreadable() -> None:
    ((name, text),) = story(msgspec.structs.replace(stored(), metadata=b"{}"))

    assert name == "metadata"
    assert "cannot be read" in text


def test_times_are_in_utc_and_numbers_agree_with_their_words() -> None:
    assert moment(datetime.fromisoformat("2026-11-23T19:40:12+01:00")) == "2026-11-23 18:40:12"
    assert [counted(n, "event") for n in (0, 1, 2)] == ["0 events", "1 event", "2 events"]

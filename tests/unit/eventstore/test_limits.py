"""What a commit may weigh. Read by: who meets `CommitRefused`."""

from uuid import UUID

import pytest

from leftfold.errors import CommitRefused
from leftfold.eventstore import Commit, check_limits
from leftfold.eventstore.limits import (
    MAX_COMMIT_BYTES,
    MAX_EVENT_BYTES,
    MAX_KEY_BYTES,
    MAX_NAME_BYTES,
    MAX_RECORDS,
)
from leftfold.testing.contracts.records import receipt, record

NAME = "n" * MAX_NAME_BYTES
KEY = "k" * MAX_KEY_BYTES


@pytest.mark.parametrize(
    "commit",
    [
        Commit(),
        Commit(records=(record(),)),
        Commit(records=(record("Account"),)),
        Commit(records=(record("Account/"),)),
        Commit(records=(record("Account/a/b/c"),)),
        Commit(records=(record(f"{NAME}/{KEY}"),)),
        Commit(records=(record(f"Account/{'é' * (MAX_KEY_BYTES // 2)}"),)),
        Commit(records=(record(type=NAME),)),
        Commit(records=(record(tags=[f"{NAME}:{KEY}"]),)),
        Commit(records=(record(data=b"x" * MAX_EVENT_BYTES),)),
        Commit(records=tuple(record() for _ in range(MAX_RECORDS))),
        Commit(tenant=KEY),
        Commit(receipt=receipt(KEY, outcome=b"x" * MAX_EVENT_BYTES)),
    ],
)
def test_what_is_within_the_limits_passes(commit: Commit) -> None:
    assert 0 < check_limits(commit) <= MAX_COMMIT_BYTES


@pytest.mark.parametrize(
    ("commit", "said"),
    [
        (
            Commit(records=(record(f"Account/{'k' * 10_240}"),)),
            "key of 'Account'.*10,240 bytes.*512",
        ),
        (Commit(records=(record(f"Account/{KEY}é"),)), "key of 'Account'.* 514 bytes.*512 bytes"),
        (Commit(records=(record(f"{NAME}n/1"),)), "name of a stream.*129 bytes.*128 bytes"),
        (Commit(records=(record("/1"),)), "name of a stream is empty"),
        (Commit(records=(record(""),)), "name of a stream is empty"),
        (Commit(records=(record(type=NAME + "n"),)), "name of a type.*129 bytes.*128 bytes"),
        (Commit(records=(record(type=""),)), "name of a type is empty"),
        (Commit(records=(record("", type=""),)), "is empty"),
        (Commit(records=(record(tags=[f"{NAME}:{KEY}k"]),)), "a tag.*642 bytes.*641 bytes"),
        (Commit(records=(record(data=b"x" * 20_000_000),)), "20,000,000 bytes.*limit is 1 MiB"),
        (Commit(records=(record(data=b"x" * (MAX_EVENT_BYTES + 1)),)), "limit is 1 MiB"),
        (
            Commit(records=tuple(record() for _ in range(MAX_RECORDS + 1))),
            "1,001 records.*1,000 records",
        ),
        (
            Commit(records=tuple(record(data=b"x" * MAX_EVENT_BYTES) for _ in range(17))),
            "a commit.*limit is 16 MiB",
        ),
        (Commit(tenant=KEY + "k"), "the tenant.*513 bytes.*512 bytes"),
        (Commit(receipt=receipt(KEY + "k")), "the command id.*513 bytes.*512 bytes"),
        (Commit(receipt=receipt("c", outcome=b"x" * (MAX_EVENT_BYTES + 1))), "result.*1 MiB"),
        (Commit(records=(record("Account/a\x00b"),)), "holds U.0000"),
        (Commit(records=(record("Acc\x00unt/1"),)), "holds U.0000"),
        (Commit(records=(record(type="Depo\x00sited"),)), "holds U.0000"),
        (Commit(records=(record(tags=["a:\x00"]),)), "holds U.0000"),
        (Commit(records=(record("Account/\ud800"),)), "lone surrogates"),
        (Commit(receipt=receipt("\ud800")), "lone surrogates"),
    ],
)
def test_what_is_beyond_a_limit_is_refused_by_name(commit: Commit, said: str) -> None:
    with pytest.raises(CommitRefused, match=said) as caught:
        check_limits(commit)

    assert len(str(caught.value)) < 300
    assert not caught.value.retryable


def test_two_records_of_a_commit_with_one_id_are_refused() -> None:
    twins = tuple(record(f"Account/{n}", id=UUID(int=7)) for n in range(2))

    with pytest.raises(CommitRefused, match="two records with one id"):
        check_limits(Commit(records=twins))

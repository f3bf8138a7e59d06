"""Position tokens. Read by: who gives or takes one."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.errors import InvalidToken
from leftfold.eventstore import Mark, check_token, decode_token, encode_token

LOG = UUID("91e0d021-6745-41f5-9d82-601b7de40136")
EVENT = UUID("0191f3c2-7c1e-7d6f-8a55-0123456789ab")


def test_a_token_is_as_documented() -> None:
    token = encode_token(LOG, Mark(7, EVENT))

    assert token == "lf1.keDQIWdFQfWdgmAbfeQBNgAAAAAAAAAHAZHzwnwefW-KVQEjRWeJqw"  # noqa: S105  no secret


@given(log=st.uuids(), number=st.integers(1, 2**63 - 1), record=st.uuids())
def test_a_token_says_where_it_is(log: UUID, number: int, record: UUID) -> None:
    assert decode_token(encode_token(log, Mark(number, record))) == (log, Mark(number, record))


def test_the_empty_log_has_a_token_too() -> None:
    assert decode_token(encode_token(LOG, None)) == (LOG, None)
    assert check_token(encode_token(LOG, None), LOG) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "lf1.",
        "lf1.keDQ",
        "lf1." + "*" * 54,
        "lf1." + "é" * 54,
        "lf2.keDQIWdFQfWdgmAbfeQBNgAAAAAAAAAHAZHzwnwefW-KVQEjRWeJqw",
        "lf1.keDQIWdFQfWdgmAbfeQBNgAAAAAAAAAHAZHzwnwefW-KVQEjRWeJqwAA",
        "lf1.keDQIWdFQfWdgmAbfeQBNgAAAAAAAAAAAZHzwnwefW-KVQEjRWeJqw",
        "x" * 10_000,
    ],
)
def test_what_is_no_token_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidToken, match="is no position token") as caught:
        decode_token(text)

    assert caught.value.code == "invalid-token"
    assert len(str(caught.value)) < 300


def test_a_token_of_another_store_is_refused_by_name() -> None:
    token = encode_token(UUID(int=1), Mark(7, EVENT))

    with pytest.raises(InvalidToken, match="is of another store"):
        check_token(token, LOG)


def test_tokens_of_one_place_are_equal() -> None:
    assert encode_token(LOG, Mark(7, EVENT)) == encode_token(LOG, Mark(7, EVENT))
    assert encode_token(LOG, Mark(7, EVENT)) != encode_token(LOG, Mark(7, LOG))

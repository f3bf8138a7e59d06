"""The tree of errors: one root, stable codes, honest `retryable`. Read by: who adds an error."""

import inspect

import pytest

import leftfold
from leftfold import LeftfoldError, Rejected, errors


class NotPaid(Rejected):
    """As a user writes one."""


class HTTPGone(Rejected):
    """An abbreviation in front."""


class Renamed(Rejected):
    """One that keeps the code of its former name."""

    code = "not-settled"


ALL = [getattr(errors, name) for name in errors.__all__]


def test_an_error_of_a_user_gets_its_code_from_its_name() -> None:
    assert NotPaid.code == "not-paid"
    assert HTTPGone.code == "http-gone"


def test_a_class_may_give_its_code_itself() -> None:
    assert Renamed.code == "not-settled"


def test_codes_are_one_to_one() -> None:
    assert len({error.code for error in ALL}) == len(ALL)


def test_codes_are_stable() -> None:
    # They are stored in receipts and sent to other programs: add to this list, never change it.
    assert {error.code for error in ALL} >= {
        "already-exists",
        "codec-error",
        "commit-refused",
        "configuration-error",
        "conflict-error",
        "delivery-error",
        "id-reused",
        "invalid-token",
        "leftfold-error",
        "no-answer",
        "no-handler",
        "not-current",
        "not-found",
        "not-running",
        "processing-error",
        "rejected",
        "storage-error",
        "store-changed",
        "store-unusable",
    }


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_every_error_is_caught_as_leftfold_error(error: type[LeftfoldError]) -> None:
    with pytest.raises(LeftfoldError, match="it happened"):
        raise error("it happened")


def test_only_what_may_succeed_later_unchanged_is_retryable() -> None:
    retryable = {error.__name__ for error in ALL if error.retryable}

    assert retryable == {"ConflictError", "NoAnswer", "NotCurrent", "StorageError"}


def test_the_tree_drawn_in_the_docstring_is_the_tree() -> None:
    drawn = inspect.getdoc(errors) or ""

    for error in ALL[1:]:
        assert error.__name__ in drawn
    lines = [line for line in drawn.splitlines() if "── " in line]
    assert len(lines) == len(ALL) - 1


def test_the_root_exports_every_error() -> None:
    assert set(errors.__all__) <= set(leftfold.__all__)

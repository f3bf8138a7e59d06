"""When a fold counts as changed. Read by: who was warned, and wonders why."""

from collections.abc import Callable
from typing import Any

from leftfold.processing.fingerprint import fingerprint_of


def first() -> Callable[..., Any]:
    def fold(self: Any, amount: int) -> None:
        self.total += amount

    return fold


def said_otherwise() -> Callable[..., Any]:
    def fold(
        self: Any,
        amount: int,
    ) -> None:
        """Add."""
        # The same, with words.
        self.total += amount

    return fold


def changed() -> Callable[..., Any]:
    def fold(self: Any, amount: int) -> None:
        self.total -= amount

    return fold


def typed_in(source: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102  what is typed in at a prompt has no source
    found: Callable[..., Any] = names["fold"]
    return found


def test_words_and_layout_do_not_count() -> None:
    assert fingerprint_of([first()]) == fingerprint_of([said_otherwise()])


def test_what_is_done_counts() -> None:
    assert fingerprint_of([first()]) != fingerprint_of([changed()])
    assert fingerprint_of([first()]) != fingerprint_of([first(), first()])


def test_folds_without_source_are_told_apart() -> None:
    one = typed_in("def fold(self, amount):\n    self.total += amount\n")
    same = typed_in("def fold(self, amount):\n\n    self.total += amount\n")
    other = typed_in("def fold(self, amount):\n    self.total += 2 * amount\n")

    assert fingerprint_of([one]) == fingerprint_of([same])
    assert fingerprint_of([one]) != fingerprint_of([other])

"""Boundaries that are refused when they are made, each with advice. Read by: their authors."""

from collections.abc import Callable
from typing import Any

import pytest
from unit.modeling.deciding import Deposited, compiled

from leftfold.errors import ConfigurationError
from leftfold.messages import Command, Event
from leftfold.modeling.boundary import Boundary
from leftfold.modeling.roles import evolves, handles


class Numbered(Event):
    number: int


class Move(Command[None]):
    account: str
    to: str | None = None


def refused(words: str, make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError, match=words):
        make()


def boundary(keywords: dict[str, Any], **body: Any) -> Any:
    annotations = body.pop("annotations", {})
    namespace = {"__module__": __name__, "__annotations__": annotations, **body}
    made = type(Boundary)("Rule", (Boundary,), namespace, **keywords)
    return compiled(made)


def deposited(**options: Any) -> Any:
    def fold(self: Any, event: Deposited) -> None: ...

    return evolves(**options)(fold)


def numbered() -> Any:
    def fold(self: Any, event: Numbered) -> None: ...

    return evolves(fold)


def moving(**options: Any) -> Any:
    def move(self: Any, command: Move) -> None: ...

    return handles(**options)(move)


def test_a_fold_that_would_never_find_its_event_is_refused() -> None:
    refused(
        "Rule folds Numbered by tag 'account', but Numbered declares no tags, so it would never "
        r'be found. Write class Numbered\(Event, tags=\("account",\)\). Events already stored need',
        lambda: boundary({"tags": ("account",)}, fold=numbered()),
    )
    refused(
        "by tag 'user', but Deposited declares only account",
        lambda: boundary({"tags": ("account", "user")}, fold=deposited(tags=("user",))),
    )
    assert boundary({"tags": ("account", "user")}, fold=deposited())


def test_tags_that_do_not_fit_are_refused() -> None:
    refused(
        "Rule.fold: 'user' is no tag of Rule .it has: account.",
        lambda: boundary({"tags": ("account",)}, fold=deposited(tags=("user",))),
    )
    refused(
        r'Rule.fold: write @evolves\(tags=\("account",\)\), a tuple',
        lambda: boundary({"tags": ("account",)}, fold=deposited(tags="account")),
    )
    refused(
        r"Rule.move: @handles\(tags=…\) names user, but Rule has the tags account. Use its names",
        lambda: boundary({"tags": ("account",)}, move=moving(tags={"user": "account"})),
    )
    refused(
        "Rule.move: Move has no field 'user' for its tag 'user'",
        lambda: boundary({"tags": ("user",)}, move=moving()),
    )
    refused(
        r'tags=\'account\' must be a tuple or a dict. Write tags=\("account",\)',
        lambda: boundary({"tags": "account"}),
    )
    refused(
        "Deposited is folded by Rule.fold and Rule.more for the same tags",
        lambda: boundary({"tags": ("account",)}, fold=deposited(), more=deposited()),
    )


@pytest.mark.parametrize("option", ["new", "missing_ok"])
def test_existence_is_a_fold_of_its_own(option: str) -> None:
    refused(
        rf"Rule.move: @handles\({option}=…\) means nothing in a Boundary. Existence is a fold",
        lambda: boundary({"tags": ("account",)}, move=moving(**{option: True})),
    )


def test_a_field_without_default_must_be_one_of_the_commands() -> None:
    refused(
        r"Rule.owner has no default, so it comes from the command, but Move \(Rule.move\) has no "
        r"field 'owner' \(it has: account, to\). Give a default, or rename the field",
        lambda: boundary({"tags": ("account",)}, move=moving(), annotations={"owner": str}),
    )


def test_another_models_keyword_is_refused() -> None:
    refused("unknown keyword 'key'. Known: tags, name", lambda: boundary({"key": "account"}))

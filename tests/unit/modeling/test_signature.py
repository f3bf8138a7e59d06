"""What annotations say, and what is said about those that cannot be read. Read by: its authors."""

import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, Protocol, TypeAlias, TypedDict, TypeVar

import pytest
from msgspec import Struct

from leftfold.errors import ConfigurationError
from leftfold.messages import Command, Event, Metadata, Query
from leftfold.modeling.handling import check_result
from leftfold.modeling.signature import Signature, result_of, signature_of

if typing.TYPE_CHECKING:
    from leftfold.messages import Message as OnlyForCheckers

T = TypeVar("T")


class Opened(Event):
    pass


class Closed(Event):
    pass


class Moved(Event, Generic[T]):
    to: T


class Withdraw(Command[Decimal]):
    pass


Either: TypeAlias = Opened | Closed


def messages(function: Callable[..., Any], **options: Any) -> tuple[type[Any], ...]:
    return signature_of(function, label="it", bound=False, **options).messages


def test_a_union_names_several_messages() -> None:
    def plain(event: Opened) -> None: ...
    def union(event: Opened | Closed) -> None: ...
    def old(event: typing.Union[Opened, Closed]) -> None: ...  # noqa: UP007  users write it
    def alias(event: Either) -> None: ...
    def annotated(event: Annotated[Opened, "note"] | Annotated[Closed, 1]) -> None: ...
    def text(event: "Opened | Closed") -> None: ...
    def generic(event: Moved[int] | Moved[str] | Closed) -> None: ...

    assert messages(plain) == (Opened,)
    for function in (union, old, alias, annotated, text):
        assert messages(function) == (Opened, Closed)
    assert messages(generic) == (Moved, Closed)


def test_a_class_in_a_function_is_found_where_annotations_are_no_texts() -> None:
    class Local(Event):
        pass

    def fold(event: Local) -> None: ...

    assert messages(fold) == (Local,)


def test_the_rest_is_what_is_injected() -> None:
    async def handle(event: Opened, metadata: Metadata, *, names: "list[str]") -> "int": ...  # type: ignore[empty-body]

    signature = signature_of(handle, label="it", bound=False)
    assert [(p.name, p.annotation) for p in signature.parameters] == [
        ("metadata", Metadata),
        ("names", list[str]),
    ]
    assert (signature.returns, signature.is_async) == (int, True)


def withdraw_all(command) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
def nothing() -> None: ...
def only_for_checkers(event: "OnlyForCheckers") -> None: ...
def nowhere(event: "Page[Nowhere]") -> None: ...  # type: ignore[name-defined]  # noqa: F821
def attribute(event: "typing.Nowhere") -> None: ...  # type: ignore[name-defined]
def broken(event: "Opened |") -> None: ...  # type: ignore[syntax]  # noqa: F722
def a_text(event: str) -> None: ...
def maybe(event: Opened | None) -> None: ...
def untyped(event: Opened, mailer) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
def several(event: Opened, *mailers: str) -> None: ...
def positional(event: Opened, mailer: str, /) -> None: ...


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (withdraw_all, "it: parameter 'command' has no type, .* Write command: WithdrawAll."),
        (nothing, "takes no message. Give it one parameter with its type"),
        (only_for_checkers, "annotation 'OnlyForCheckers' cannot be resolved. It is imported und"),
        (nowhere, "the annotation 'Page' cannot be resolved"),
        (attribute, "the annotation 'Nowhere' cannot be resolved"),
        (broken, r"the annotation 'Opened \|' cannot be resolved"),
        (a_text, "parameter 'event' is annotated str, which is no message"),
        (maybe, "parameter 'event' is annotated NoneType, which is no message"),
        (untyped, "parameter 'mailer' has no type, so Leftfold cannot tell what to inject"),
        (several, r"'\*mailers' cannot be injected"),
        (positional, "'mailer' is positional-only"),
    ],
)
def test_what_cannot_be_read_is_said_with_advice(function: Callable[..., Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        signature_of(function, label="it", bound=False)


class Promises(Command[T], Generic[T]):
    pass


class Kept(Promises[list[int]]):
    pass


class Text(Command["Later"]):
    pass


class Later(Struct):
    pass


class Lost(Command["Nowhere"]):  # type: ignore[name-defined]
    pass


class Bare(Command):  # type: ignore[type-arg]
    pass


def test_a_command_says_what_it_answers_at_any_depth() -> None:
    assert result_of(Withdraw) is Decimal
    assert result_of(Kept) == list[int]
    assert result_of(Promises) is Any
    assert result_of(Bare) is Any
    assert result_of(Text) is Later
    assert result_of(type("Sub", (Kept,), {"__module__": __name__})) == list[int]
    with pytest.raises(ConfigurationError, match="Lost: the annotation 'Nowhere'"):
        result_of(Lost)


class Named(Protocol):
    name: str


class Typed(TypedDict):
    name: str


class Animal(Struct):
    pass


class Cat(Animal):
    pass


def fits(returned: Any, promised: Any) -> bool:
    command = types.new_class("Ask", (Query[promised],))
    signature = Signature(messages=(command,), parameters=(), returns=returned, is_async=False)
    try:
        check_result("it", command, signature)
    except ConfigurationError:
        return False
    return True


@pytest.mark.parametrize(
    ("returned", "promised"),
    [
        (None, None),
        (int, int),
        (bool, int),
        (int, float),
        (Cat, Animal),
        (list[Cat], Sequence[Animal]),
        (list[int], list[float]),
        (dict[str, int], Mapping[str, int]),
        (tuple[int, ...], Iterable[int]),
        (Cat | None, Animal | None),
        (None, int | None),
        (Annotated[int, "note"], int),
        (Any, int),
        (int, Any),
        (int, object),
        (typing.Self, Animal),
        (Literal["a"], str),
        (dict[str, str], Typed),
        (Cat, Named),
        (list, list[int]),
    ],
    ids=str,
)
def test_an_answer_fits_where_a_type_checker_says_so(returned: Any, promised: Any) -> None:
    assert fits(returned, promised)


@pytest.mark.parametrize(
    ("returned", "promised"),
    [
        (str, Decimal),
        (None, int),
        (int, None),
        (float, int),
        (Animal, Cat),
        (Cat | None, Cat),
        (int | str, int),
        (list[str], list[int]),
        (int, str | None),
    ],
    ids=str,
)
def test_an_answer_that_is_not_what_was_promised_is_refused(returned: Any, promised: Any) -> None:
    assert not fits(returned, promised)


def test_the_words_name_both() -> None:
    signature = Signature(messages=(Withdraw,), parameters=(), returns=str, is_async=False)
    words = r"Account.withdraw returns str, but Withdraw is a Command\[Decimal\]. Change one of"
    with pytest.raises(ConfigurationError, match=words):
        check_result("Account.withdraw", Withdraw, signature)

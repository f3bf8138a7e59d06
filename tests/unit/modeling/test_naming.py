"""Which events a handler's code names, however it is written. Read by: authors of models."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from unit.modeling import events
from unit.modeling.events import Elsewhere

import leftfold.messages
from leftfold.messages import Event
from leftfold.modeling.naming import events_named_in


class A(Event):
    pass


class B(Event):
    pass


class C(Event):
    n: int = 0


KINDS = {"a": A, "b": B}


def call() -> A:
    return made_of(1)


def made_of(n: int) -> A:
    return A() if n else called_again()


def called_again() -> A:
    return made_of(0)


def in_a_branch(x: Any) -> Any:
    return A() if x else B()


def in_a_comprehension(x: Any) -> Any:
    return [A() for _ in x], {B(): 1 for _ in x}, (C() for _ in x)


def in_a_lambda(x: Any) -> Any:
    return x or (lambda n: [n, lambda m: A() if m else None])


def in_an_inner_function(x: Any) -> Any:
    def inner() -> Any:
        def innermost() -> Event:
            return B()

        return innermost

    return inner if x else A


def in_a_match(x: Any) -> Any:
    match x:
        case A():
            return B()
        case C(n=5):
            return None
    return None


def through_a_module(x: Any) -> Any:
    return events.Elsewhere() if x else None


def through_a_package(x: Any) -> Any:
    return leftfold.messages.Event if x else None


def in_a_default(x: Any, kind: type[Event] = A) -> Any:
    return kind() if x else None


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


@decorated
def in_a_decorator(x: Any) -> Any:
    return A() if x else None


def not_at_all(x: Any) -> Any:
    return KINDS[x]()


def by_import(x: Any) -> Any:
    return Elsewhere() if x else None


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (call, {A}),
        (in_a_branch, {A, B}),
        (in_a_comprehension, {A, B, C}),
        (in_a_lambda, {A}),
        (in_an_inner_function, {A, B}),
        (in_a_match, {A, B, C}),
        (through_a_module, {Elsewhere}),
        (through_a_package, set[type[Event]]()),
        (in_a_default, {A}),
        (in_a_decorator, {A}),
        (not_at_all, set[type[Event]]()),
        (by_import, {Elsewhere}),
        (len, set[type[Event]]()),
    ],
    ids=lambda case: getattr(case, "__name__", "…"),
)
def test_events_are_found_where_they_are_named(
    function: Callable[..., Any], found: set[type[Event]]
) -> None:
    assert events_named_in(function) == found


def test_events_are_found_in_enclosing_functions_and_methods() -> None:
    class Local(Event):
        pass

    class Model:
        KIND = A

        def handle(self) -> None:
            self.record(Local())
            self._more()

        def _more(self) -> None:
            self._all(self.KIND)

        @classmethod
        def _all(cls, kind: type[Event]) -> None:
            cls.helped(kind, B)

        @staticmethod
        def helped(*kinds: type[Event]) -> None:
            """Do nothing."""

        def record(self, event: Event) -> None:
            """Do nothing."""

    assert events_named_in(Model.handle, Model) == {Local, A, B}
    assert events_named_in(Model.handle) == {Local}

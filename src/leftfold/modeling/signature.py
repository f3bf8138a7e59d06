"""What a marked function takes and gives, read from its annotations. Read by: compilers of parts.

The first parameter after `self` or `cls` is the message; its annotation, a class or a union of
classes, says which. The rest is injected by type. Annotations are resolved one by one, so that
an error can name the one that failed.
"""

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import place_of
from leftfold.messages.message import Message, options_of

__all__ = ["Parameter", "Signature", "result_of", "signature_of"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter and its resolved annotation."""

    name: str
    annotation: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A marked function's message types, its other parameters, and what it returns."""

    messages: tuple[type[Message], ...]
    parameters: tuple[Parameter, ...]
    returns: Any
    is_async: bool


def signature_of(
    function: Callable[..., Any],
    *,
    label: str,
    bound: bool,
    owner: type | None = None,
) -> Signature:
    """Resolve a function's annotations.

    Args:
        function: The function itself, not bound.
        label: What errors call it, as `Account.withdraw`.
        bound: Whether its first parameter is `self` or `cls`.
        owner: The class it stands in, which its annotations may name.

    Raises:
        ConfigurationError: The message has no type, a type cannot be resolved, or it is no
            message.
    """
    parameters = list(inspect.signature(function).parameters.values())[1 if bound else 0 :]
    if not parameters:
        message = (
            f"{label} ({place_of(function)}) takes no message. Give it one parameter with its type."
        )
        raise ConfigurationError(message)
    first = parameters[0]
    if first.annotation is inspect.Parameter.empty:
        message = (
            f"{label}: parameter '{first.name}' has no type, so Leftfold cannot tell what it "
            f"handles. Write {first.name}: {_likely(first.name)}."
        )
        raise ConfigurationError(message)
    resolve = _Resolver(function, label, owner)
    return Signature(
        messages=_messages(label, first.name, resolve(first.name, first.annotation)),
        parameters=tuple(_parameter(label, p, resolve) for p in parameters[1:]),
        returns=resolve("return", inspect.signature(function).return_annotation),
        is_async=inspect.iscoroutinefunction(function),
    )


def _likely(parameter: str) -> str:
    return {"command": "Withdraw", "query": "OrdersOf"}.get(parameter, "OrderPlaced")


def _parameter(label: str, parameter: inspect.Parameter, resolve: "_Resolver") -> Parameter:
    if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
        message = (
            f"{label}: '*{parameter.name}' cannot be injected. Name each parameter with its type."
        )
        raise ConfigurationError(message)
    if parameter.annotation is inspect.Parameter.empty:
        message = (
            f"{label}: parameter '{parameter.name}' has no type, so Leftfold cannot tell what to "
            "inject. Give it the type of a provided service, Metadata, App or Rows[…]."
        )
        raise ConfigurationError(message)
    return Parameter(parameter.name, resolve(parameter.name, parameter.annotation))


class _Resolver:
    def __init__(self, function: Callable[..., Any], label: str, owner: type | None) -> None:
        self._globals: dict[str, Any] = getattr(inspect.unwrap(function), "__globals__", {})
        self._locals = {owner.__name__: owner} if owner is not None else {}
        self._label = label

    def __call__(self, name: str, annotation: Any) -> Any:
        if annotation is inspect.Signature.empty:
            return Any
        subject = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            hints = typing.get_type_hints(subject, self._globals, self._locals, include_extras=True)
        except NameError as error:
            text = annotation if isinstance(annotation, str) else error.name or str(annotation)
            message = (
                f"{self._label}: the annotation '{text}' cannot be resolved. It is imported under "
                "TYPE_CHECKING or defined inside a function; import it at module level."
            )
            raise ConfigurationError(message) from error
        return hints[name]


def _messages(label: str, parameter: str, annotation: Any) -> tuple[type[Message], ...]:
    members = get_args(annotation) if _is_union(annotation) else (annotation,)
    for member in members:
        plain = get_origin(member) or member
        if not (isinstance(plain, type) and issubclass(plain, Message)):
            name = getattr(member, "__name__", str(member))
            message = (
                f"{label}: parameter '{parameter}' is annotated {name}, which is no message. "
                "The first parameter takes an Event, a Command or a Query."
            )
            raise ConfigurationError(message)
    return tuple(members)


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in {Union, types.UnionType}


def result_of(message: type[Message]) -> Any:
    """Return the `R` of a Command[R] or Query[R], or Any where none is given."""
    root = options_of(message).kind
    for base in message.__mro__:
        for generic in getattr(base, "__orig_bases__", ()):
            origin = get_origin(generic)
            if getattr(origin, "__name__", None) == root and get_args(generic):
                (result,) = get_args(generic)
                return type(None) if result is None else result
    return Any

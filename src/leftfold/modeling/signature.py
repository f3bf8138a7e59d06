"""What a marked function takes and gives, read from its annotations. Read by: compilers of parts.

The first parameter after `self` or `cls` is the message; its annotation, a class or a union of
classes, says which. The rest is injected by type. Annotations are resolved one by one, so that
an error can name the one that failed.
"""

import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import place_of
from leftfold.messages.message import Message, options_of

__all__ = ["Parameter", "Signature", "result_of", "signature_of"]

_UNRESOLVED = (NameError, AttributeError, TypeError, SyntaxError)


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
    injected: bool = True,
) -> Signature:
    """Resolve a function's annotations.

    Args:
        function: The function itself, not bound.
        label: What errors call it, as `Account.withdraw`.
        bound: Whether its first parameter is `self` or `cls`.
        owner: The class it stands in, which its annotations may name.
        injected: Whether its parameters after the message are injected, and so need types.

    Raises:
        ConfigurationError: The message has no type, a type cannot be resolved, or it is no
            message.
    """
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[1 if bound else 0 :]
    if not parameters:
        message = (
            f"{label} ({place_of(function)}) takes no message. Give it one parameter with its type."
        )
        raise ConfigurationError(message)
    first = parameters[0]
    if first.annotation is inspect.Parameter.empty:
        message = (
            f"{label}: parameter '{first.name}' has no type, so Leftfold cannot tell what it "
            f"handles. Write {first.name}: {_likely(function)}."
        )
        raise ConfigurationError(message)
    namespace: dict[str, Any] = getattr(inspect.unwrap(function), "__globals__", {})
    resolve = _Resolver(namespace, {owner.__name__: owner} if owner is not None else {}, label)
    return Signature(
        messages=_messages(label, first.name, resolve(first.annotation)),
        parameters=tuple(_parameter(label, p, resolve) for p in parameters[1:] if injected),
        returns=resolve(signature.return_annotation),
        is_async=inspect.iscoroutinefunction(function),
    )


def _likely(function: Callable[..., Any]) -> str:
    """Return the class that a handler is likely about: `withdraw` takes a Withdraw."""
    name = getattr(function, "__name__", "")
    words = [word.capitalize() for word in name.split("_") if word.isalpha()]
    return "".join(words) or "OrderPlaced"


def _parameter(label: str, parameter: inspect.Parameter, resolve: "_Resolver") -> Parameter:
    if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
        message = (
            f"{label}: '*{parameter.name}' cannot be injected. Name each parameter with its type."
        )
        raise ConfigurationError(message)
    if parameter.kind is parameter.POSITIONAL_ONLY:
        message = (
            f"{label}: '{parameter.name}' is positional-only, but what is injected is given by "
            "name. Move the slash in front of it."
        )
        raise ConfigurationError(message)
    if parameter.annotation is inspect.Parameter.empty:
        message = (
            f"{label}: parameter '{parameter.name}' has no type, so Leftfold cannot tell what to "
            "inject. Give it the type of a provided service, Metadata, App or Rows[…]."
        )
        raise ConfigurationError(message)
    return Parameter(parameter.name, resolve(parameter.annotation))


class _Resolver:
    """Turns annotations that are texts into what they name."""

    def __init__(self, namespace: dict[str, Any], owner: dict[str, Any], label: str) -> None:
        self._globals = namespace
        self._locals = owner
        self._label = label

    def __call__(self, annotation: Any) -> Any:
        if annotation is inspect.Signature.empty:
            return Any
        subject = types.SimpleNamespace(__annotations__={"it": annotation})
        try:
            hints = typing.get_type_hints(subject, self._globals, self._locals, include_extras=True)
        except _UNRESOLVED as error:
            known = getattr(annotation, "__forward_arg__", annotation)
            text = getattr(error, "name", None) or known
            message = (
                f"{self._label}: the annotation '{text}' cannot be resolved. It is imported under "
                "TYPE_CHECKING or defined inside a function; import it at module level."
            )
            raise ConfigurationError(message) from error
        return hints["it"]


def _messages(label: str, parameter: str, annotation: Any) -> tuple[type[Message], ...]:
    found: list[type[Message]] = []
    for member in _members(annotation):
        plain = get_origin(member) or member
        if not (isinstance(plain, type) and issubclass(plain, Message)):
            name = getattr(member, "__name__", str(member))
            message = (
                f"{label}: parameter '{parameter}' is annotated {name}, which is no message. "
                "The first parameter takes an Event, a Command or a Query."
            )
            raise ConfigurationError(message)
        found.append(plain)
    return tuple(dict.fromkeys(found))


def _members(annotation: Any) -> Iterator[Any]:
    """Yield the classes of a union, of unions inside it, and behind names for one."""
    if get_origin(annotation) is Annotated:
        yield from _members(get_args(annotation)[0])
    elif type(annotation).__name__ == "TypeAliasType":  # `type X = A | B`, from Python 3.12
        yield from _members(annotation.__value__)
    elif get_origin(annotation) in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _members(member)
    else:
        yield annotation


def result_of(message: type[Message]) -> Any:
    """Return the `R` of a Command[R] or Query[R], or Any where none is given.

    Raises:
        ConfigurationError: It is a text that names nothing.
    """
    compiled = options_of(message).compiled
    if "result" not in compiled:
        found = _argument(message, options_of(message).kind, {})
        namespace = vars(sys.modules.get(message.__module__, types.ModuleType("")))
        resolve = _Resolver(namespace, {message.__name__: message}, message.__name__)
        compiled["result"] = Any if isinstance(found, TypeVar) else resolve(found)
    return compiled["result"]


def _argument(cls: type, root: str, given: dict[Any, Any]) -> Any:
    """Return what the class named `root` is given where `cls` derives from it."""
    for base in vars(cls).get("__orig_bases__", cls.__bases__):
        origin, arguments = get_origin(base) or base, get_args(base)
        if not (isinstance(origin, type) and issubclass(origin, Message)):
            continue
        known = [given.get(argument, argument) for argument in arguments]
        if origin.__name__ == root and origin.__module__ == Message.__module__:
            return known[0] if known else Any
        found = _argument(origin, root, dict(zip(_parameters(origin), known, strict=False)))
        if found is not Any:
            return found
    return Any


def _parameters(cls: type) -> tuple[Any, ...]:
    return getattr(cls, "__parameters__", ())

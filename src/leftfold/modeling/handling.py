"""Compiles `@handles` methods of models that decide. Read by: authors of kinds of models."""

from __future__ import annotations

import inspect
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import place_of
from leftfold.messages.message import Command, Message, options_of
from leftfold.modeling.signature import Signature, result_of, signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leftfold.modeling.model import Marked
    from leftfold.modeling.roles import Role
    from leftfold.modeling.signature import Parameter

__all__ = ["CommandHandler", "check_result", "handlers_of", "refuse_yielding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandHandler:
    """A method that decides one command type."""

    label: str
    command: type[Command[Any]]
    function: Callable[..., Any]
    role: Role
    parameters: tuple[Parameter, ...]

    @property
    def place(self) -> str:
        """Return the handler and where it stands, for errors."""
        return f"{self.label} ({place_of(self.function)})"


def handlers_of(cls: Any) -> list[CommandHandler]:
    """Return a model's command handlers, one for each command type.

    Raises:
        ConfigurationError: A method is async, takes no command, returns another type than its
            command promises, or two methods handle the same command.
    """
    found: dict[type[Message], CommandHandler] = {}
    for marked in cls.__leftfold__.marked:
        if marked.role.kind != "handles":
            continue
        for handler in _of(cls, marked):
            other = found.setdefault(handler.command, handler)
            if other is not handler:
                message = (
                    f"{handler.command.__name__} is handled by {other.place} and {handler.place}. "
                    "A command has one handler; remove one, or use two commands."
                )
                raise ConfigurationError(message)
    return list(found.values())


def _of(cls: Any, marked: Marked) -> Iterator[CommandHandler]:
    label = f"{cls.__name__}.{marked.name}"
    kind = cls.__leftfold__.kind
    signature = signature_of(marked.function, label=label, bound=True, owner=cls)
    if signature.is_async:
        message = (
            f"{label} is async. {_plural(kind)} decide without I/O, because a decision may run "
            "again. Fetch in a free @handles function, then send a command."
        )
        raise ConfigurationError(message)
    refuse_yielding(label, marked.function)
    if marked.is_classmethod:
        message = (
            f"{label} is a classmethod, but a command is decided on a state. Make it a method."
        )
        raise ConfigurationError(message)
    for command in signature.messages:
        if options_of(command).kind != "Command":
            message = (
                f"{label} handles {command.__name__}, which is no Command. In a model @handles "
                "answers commands; use @evolves to fold an event."
            )
            raise ConfigurationError(message)
        check_result(label, command, signature)
        yield CommandHandler(
            label=label,
            command=command,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  kind is Command
            function=marked.function,
            role=marked.role,
            parameters=signature.parameters,
        )


def refuse_yielding(label: str, function: Callable[..., Any]) -> None:
    """Refuse a generator, whose body nobody would run.

    Raises:
        ConfigurationError: It yields.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        message = (
            f"{label} ({place_of(function)}) yields, so its body would not run when it is called. "
            "In a model call self.record(event) for each event; return the answer."
        )
        raise ConfigurationError(message)


def _plural(kind: str) -> str:
    return "Boundaries" if kind == "Boundary" else f"{kind}s"


def check_result(label: str, message_type: type[Message], signature: Signature) -> None:
    """Compare what a handler returns with what its message promises.

    Raises:
        ConfigurationError: They cannot be the same.
    """
    promised, returned = result_of(message_type), signature.returns
    if _fits(returned, promised):
        return
    kind = options_of(message_type).kind
    text = (
        f"{label} returns {_name(returned)}, but {message_type.__name__} is a "
        f"{kind}[{_name(promised)}]. Change one of them."
    )
    raise ConfigurationError(text)


def _fits(returned: Any, promised: Any) -> bool:
    returned, promised = _plain(returned), _plain(promised)
    if returned is Any or promised is Any or returned == promised:
        return True
    if _is_union(promised) or _is_union(returned):
        members = get_args(returned) if _is_union(returned) else (returned,)
        choices = get_args(promised) if _is_union(promised) else (promised,)
        return all(any(_fits(member, choice) for choice in choices) for member in members)
    found, wanted = get_origin(returned) or returned, get_origin(promised) or promised
    if not (isinstance(found, type) and isinstance(wanted, type)):
        return True  # too clever for us; the type checkers see it
    if not _derives(found, wanted):
        return False
    arguments = zip(get_args(returned), get_args(promised), strict=False)
    return all(_fits(r, p) for r, p in arguments)


def _plain(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if annotation is None:
        return type(None)
    return Any if annotation is object else annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in {Union, types.UnionType}


def _derives(returned: type, promised: type) -> bool:
    if returned is int and promised is float:
        return True  # as the type checkers have it
    try:
        return issubclass(returned, promised)
    except TypeError:
        return True  # a TypedDict or a Protocol cannot be asked


def _name(annotation: Any) -> str:
    if annotation is type(None) or annotation is None:
        return "None"
    if get_args(annotation):
        return str(annotation).replace("typing.", "")
    return getattr(annotation, "__name__", str(annotation))

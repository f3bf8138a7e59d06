"""Compiles `@handles` methods of models that decide. Read by: authors of kinds of models."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import place_of
from leftfold.messages.message import Command, Event, Message, options_of
from leftfold.modeling.signature import Signature, result_of, signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leftfold.modeling.model import Marked
    from leftfold.modeling.roles import Role
    from leftfold.modeling.signature import Parameter

__all__ = ["CommandHandler", "check_result", "events_named_in", "handlers_of"]


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
    returned = type(None) if returned is None else returned
    if Any in {returned, promised} or returned == promised or promised is object:
        return True
    origin_returned, origin_promised = get_origin(returned), get_origin(promised)
    if origin_promised in {Union, types.UnionType}:
        members = get_args(returned) if origin_returned in {Union, types.UnionType} else (returned,)
        return all(any(_fits(m, p) for p in get_args(promised)) for m in members)
    plain_returned, plain_promised = origin_returned or returned, origin_promised or promised
    if not (isinstance(plain_returned, type) and isinstance(plain_promised, type)):
        return True  # too clever for us; the type checkers see it
    if not issubclass(plain_returned, plain_promised):
        return False
    arguments = list(zip(get_args(returned), get_args(promised), strict=False))
    return all(_fits(r, p) for r, p in arguments)


def _name(annotation: Any) -> str:
    if annotation is type(None) or annotation is None:
        return "None"
    if get_args(annotation):
        return str(annotation).replace("typing.", "")
    return getattr(annotation, "__name__", str(annotation))


def events_named_in(function: Callable[..., Any]) -> frozenset[type[Event]]:
    """Return the event classes that a function's code names.

    An event that a handler records must be readable later, also where nothing folds it.
    """
    scope: dict[str, Any] = getattr(function, "__globals__", {})
    found: set[type[Event]] = set()
    codes = [code] if (code := getattr(function, "__code__", None)) else []
    closure = (
        dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
        if codes
        else {}
    )
    while codes:
        current = codes.pop()
        codes += [c for c in current.co_consts if isinstance(c, types.CodeType)]
        values = [scope.get(name) for name in current.co_names]
        values += [_cell(closure.get(name)) for name in current.co_freevars]
        modules = [v for v in values if isinstance(v, types.ModuleType)]
        values += [getattr(m, name, None) for m in modules for name in current.co_names]
        found |= {
            v for v in values if isinstance(v, type) and issubclass(v, Event) and v is not Event
        }
    return frozenset(found)


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents if cell is not None else None
    except ValueError:
        return None

"""`@handles` answers a message, `@evolves` folds an event into state. Read by: everyone.

The decorators only leave a mark; what the mark means is found when the class, or the App, is
made. They work on both sides of `@classmethod`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias, TypeVar, overload

from leftfold.errors import ConfigurationError
from leftfold.messages.declaration import place_of
from leftfold.messages.keys import KeySource
from leftfold.messages.tags import Tags

__all__ = ["Each", "Role", "evolves", "handles", "role_of"]

F = TypeVar("F", bound=Callable[..., Any])
Each: TypeAlias = str | Callable[[Any], Iterable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What a function was marked to do."""

    kind: Literal["handles", "evolves"]
    key: KeySource | None = None
    new: bool = False
    missing_ok: bool = False
    tags: Tags | None = None
    name: str | None = None
    replayable: bool = False
    each: Each | None = None
    ends: bool = False
    existing: bool = False

    def given(self) -> frozenset[str]:
        """Return the names of the options that were given."""
        return frozenset(
            f.name for f in fields(self) if f.name != "kind" and getattr(self, f.name) != f.default
        )


@overload
def handles(f: F, /) -> F: ...
@overload
def handles(*, new: Literal[True], key: KeySource | None = None) -> Callable[[F], F]: ...
@overload
def handles(*, missing_ok: Literal[True], key: KeySource | None = None) -> Callable[[F], F]: ...
@overload
def handles(
    *,
    key: KeySource | None = None,
    tags: Tags | None = None,
    name: str | None = None,
    replayable: bool = False,
) -> Callable[[F], F]: ...
def handles(f: Any = None, /, **options: Any) -> Any:
    """Mark the function that answers a message; its first annotation says which.

    Args:
        f: The function, when the decorator stands without brackets.
        **options: `key` holds the key of the message, if the class's `key=` does not; `new`:
            the aggregate must not exist yet; `missing_ok`: it may exist or not; `tags`: a
            Boundary's tags for this command; `name`: the handler's own name, which keeps its
            position when the function is renamed; `replayable`: it may run again in a replay.
    """
    return _marker("handles", options, f)


@overload
def evolves(f: F, /) -> F: ...
@overload
def evolves(
    *,
    key: KeySource | None = None,
    each: Each | None = None,
    missing_ok: bool = False,
    tags: tuple[str, ...] | None = None,
    ends: bool = False,
    existing: bool = False,
) -> Callable[[F], F]: ...
def evolves(f: Any = None, /, **options: Any) -> Any:
    """Mark the method that folds an event into the state; its annotation says which.

    Args:
        f: The function, when the decorator stands without brackets.
        **options: `key` holds the key of the event, if the class's `key=` does not; `each`: a
            field or method of the event whose elements are folded one by one; `missing_ok`:
            no row is fine; `tags`: narrows a Boundary's fold to some of its tags; `ends`: the
            aggregate does not exist afterwards; `existing`: every row whose composite key
            begins with this key.
    """
    return _marker("evolves", options, f)


def _marker(kind: Literal["handles", "evolves"], options: dict[str, Any], target: Any) -> Any:
    known = {f.name for f in fields(Role)} - {"kind"}
    for name in options.keys() - known:
        message = f"@{kind}({name}=…): unknown option. Known: {', '.join(sorted(known))}."
        raise ConfigurationError(message)
    role = Role(kind=kind, **options)

    def mark(marked: Any) -> Any:
        function = getattr(marked, "__func__", marked)
        if not hasattr(function, "__code__"):
            message = f"@{kind} marks functions and methods, not {marked!r}."
            raise ConfigurationError(message)
        if hasattr(function, "__leftfold_role__"):
            message = (
                f"{function.__qualname__} ({place_of(function)}) is marked twice. "
                "A method either handles or evolves; split it in two."
            )
            raise ConfigurationError(message)
        function.__leftfold_role__ = role
        return marked

    return mark(target) if target is not None else mark


def role_of(subject: object) -> Role | None:
    """Return the role that a function, method or classmethod was marked with, if any."""
    function = getattr(subject, "__func__", subject)
    role = getattr(function, "__leftfold_role__", None)
    return role if isinstance(role, Role) else None

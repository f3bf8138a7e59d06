"""What an App was made with, and the contexts inside it. Read by: authors of wiring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leftfold.app.parts import Parts
    from leftfold.bus.interceptors import Interceptor

__all__ = ["Context", "Definition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """An App as it was declared; nothing here is open or running."""

    name: str
    parts: Parts
    database: str | None = None
    views: str | None = None
    provide: Mapping[type[Any], object] = field(default_factory=dict[type[Any], object])
    intercept: Sequence[Interceptor] = ()
    inner: tuple[Definition, ...] = ()

    def contexts(self) -> Iterator[Context]:
        """Yield this App and all inside it, with the interceptors around each."""
        yield from self._contexts(())

    def _contexts(self, around: tuple[Interceptor, ...]) -> Iterator[Context]:
        intercept = (*around, *self.intercept)
        yield Context(self.name, self.parts, intercept)
        for definition in self.inner:
            yield from definition._contexts(intercept)  # noqa: SLF001  its own kind

    def provided(self) -> dict[type[Any], object]:
        """Return all that is provided, of Apps inside too; the outermost counts."""
        services: dict[type[Any], object] = {}
        for definition in self.inner:
            services.update(definition.provided())
        return {**services, **self.provide}


@dataclass(frozen=True, slots=True)
class Context:
    """One bounded context: its parts, and the interceptors around them."""

    name: str
    parts: Parts
    intercept: tuple[Interceptor, ...]

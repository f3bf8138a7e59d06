"""Finds the adapter for a URL, through the entry points of installed packages. Read by: the App.

A third party's store plugs in the same way as ours: an entry point in `leftfold.eventstores`
or `leftfold.readsides`, named like the URL's scheme, whose value is
`open(url, *, clock, read_only=False)`; who opens to read only makes and changes nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from leftfold.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from leftfold.clock import Clock

__all__ = ["MEMORY", "open_by_url", "views_url"]

MEMORY = "memory://"


def views_url(database: str | None, views: str | None) -> str:
    """Return where the read models live: as given, else beside the events."""
    if views is not None:
        return views
    if database is None or database == MEMORY:
        return MEMORY
    scheme, _, place = database.partition("://")
    if scheme != "sqlite":
        return database
    path, _, query = place.partition("?")
    stem = path.removesuffix(".db")
    return f"sqlite://{stem}.views.db{'?' + query if query else ''}"


async def open_by_url(group: str, url: str, clock: Clock, *, read_only: bool = False) -> Any:
    """Open what the URL names.

    Args:
        group: `leftfold.eventstores` or `leftfold.readsides`.
        url: Its scheme says which adapter.
        clock: Where the adapter takes time from.
        read_only: Only look at what is there; nothing is made or changed.

    Raises:
        ConfigurationError: No adapter answers to the scheme.
        StorageError: The adapter could not open it.
    """
    # In a thread, since finding and importing an adapter reads files, for half a second at first.
    open_adapter = await asyncio.to_thread(_adapter, group, url)
    return await open_adapter(url, clock=clock, read_only=read_only)


def _adapter(group: str, url: str) -> Callable[..., Awaitable[Any]]:
    from importlib.metadata import entry_points

    scheme, separator, _ = url.partition("://")
    known = {point.name: point for point in entry_points(group=group)}
    if not separator or scheme not in known:
        message = (
            f"{url!r}: nothing installed answers to the URL scheme {scheme!r}. Known: "
            f"{', '.join(sorted(known)) or 'none'}. Install the package that brings it, or use a "
            "file here: sqlite:///shop.db."
        )
        raise ConfigurationError(message)
    adapter: Callable[..., Awaitable[Any]] = known[scheme].load()
    return adapter

"""The commands and their options. Read by: who adds one; `leftfold --help` says the same.

A command only says what it takes; what it does is imported when it runs.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from typing import TYPE_CHECKING, Annotated

from cyclopts import App as Program
from cyclopts import CycloptsError, Parameter, validators

from leftfold.cli.failing import CANNOT, FINE, INTERRUPTED, WRITTEN_WRONG, CannotDo, WrittenWrong
from leftfold.clock import SystemClock
from leftfold.errors import LeftfoldError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from leftfold.app import App

__all__ = ["check", "events", "program", "run", "show", "status"]

program = Program(
    name="leftfold",
    help="""Look at what an app has stored, and whether it is well. Nothing here changes anything.

An APP is written module:app, as bank:app for the app in bank.py; the current folder is
searched first.""",
    help_epilogue=(
        "Exit codes: 0 fine, 1 it could not be done, 2 the command line is wrong, 3 something is "
        "wrong with the app. --debug, anywhere, shows the traceback of an error."
    ),
    result_action="return_value",
    exit_on_error=False,
    print_error=False,
)
Database = Annotated[str | None, Parameter(name=["--database", "-d"], metavar="URL")]
Views = Annotated[str | None, Parameter(metavar="URL")]
Names = Annotated[list[str] | None, Parameter(metavar="NAME", negative="")]
Name = Annotated[str | None, Parameter(metavar="NAME")]
Time = Annotated[str | None, Parameter(metavar="TIME")]
Position = Annotated[int | None, Parameter(metavar="N", validator=validators.Number(gte=0))]
Limit = Annotated[
    int, Parameter(name=["--limit", "-n"], metavar="N", validator=validators.Number(gte=1))
]
Switch = Annotated[bool, Parameter(negative="", show_default=False)]
Follow = Annotated[bool, Parameter(name=["--follow", "-f"], negative="", show_default=False)]


@program.command
def events(
    app: str | None = None,
    /,
    *,
    database: Database = None,
    type: Names = None,
    stream: Name = None,
    tag: Names = None,
    since: Time = None,
    until: Time = None,
    after: Position = None,
    limit: Limit = 20,
    all: Switch = False,  # noqa: A002  what people type
    follow: Follow = False,
    json: Switch = False,
) -> int:
    """List events: the newest 20 if nothing else is said, the oldest of them first.

    Args:
        app: Whose events, as module:app. Not needed with --database.
        database: Where the events are, as sqlite:///bank.db; else where the APP has them.
        type: Only events of this type; may be given several times.
        stream: Only events of this stream, as Account/ann.
        tag: Only events with this tag, as customer:ann; given several times: with all of them.
        since: Only events recorded at or after this time: 2026-11-23, 2026-11-23T18:00 (UTC), or
            how long ago: 15m, 2h, 3d.
        until: Only events recorded up to this time.
        after: Begin after this position, 0 for the first event, rather than with the newest.
        limit: How many at most.
        all: As many as there are.
        follow: Go on, and print new events as they come, until interrupted.
        json: Print JSON lines: one object for each event.
    """
    from leftfold.cli.reading import Listing, list_events

    listing = Listing(
        types=type or (),
        stream=stream,
        tags=tag or (),
        since=since,
        until=until,
        after=after,
        limit=limit,
        everything=all,
        follow=follow,
        as_json=json,
    )
    return _done(list_events(_app(app), database, listing, SystemClock()))


@program.command
def show(
    stream: str,
    app: str | None = None,
    /,
    *,
    database: Database = None,
    json: Switch = False,
) -> int:
    """Show what happened in one stream: each event with who, when and why.

    Args:
        stream: The stream, named by its model and key, as Account/ann.
        app: Whose events, as module:app. Not needed with --database.
        database: Where the events are, as sqlite:///bank.db; else where the APP has them.
        json: Print JSON lines: one object for each event.
    """
    from leftfold.cli.reading import show_stream

    return _done(show_stream(_app(app), database, stream, SystemClock(), as_lines=json))


@program.command
def status(
    app: str | None = None,
    /,
    *,
    database: Database = None,
    views: Views = None,
    json: Switch = False,
) -> int:
    """Show how far each read model has come, and why it does not move.

    It may be asked while the app runs, from another process. With an APP it also says which
    read models are new and which nobody uses. Exits with 3 if one has failed.

    Args:
        app: Whose read models, as module:app. Not needed with --database.
        database: Where the events are, as sqlite:///bank.db; else where the APP has them.
        views: Where the read models are, if not beside the events.
        json: Print one JSON document.
    """
    from leftfold.cli.status import print_status

    work = print_status(_app(app), database, views, SystemClock(), as_document=json)
    return _done(work)


@program.command
def check(
    app: str,
    /,
    *,
    database: Database = None,
    views: Views = None,
    strict: Switch = False,
    json: Switch = False,
) -> int:
    """Check that an app fits together, and fits what is stored.

    Run it before a release. It finds wrong wiring, gaps in chains of upcasters, stored names
    that no class answers to, stored events that cannot be read, renamed aggregates and read
    models, and changed folds and tables. Exits with 3 if it finds an error.

    Args:
        app: What to check, as module:app.
        database: Where the events are, as sqlite:///bank.db; else where the APP has them.
        views: Where the read models are, if not beside the events.
        strict: Count warnings as errors.
        json: Print one JSON document.
    """
    from leftfold.cli.check import joined, print_check

    work = print_check(
        app, joined(app), (database, views), SystemClock(), strict=strict, as_document=json
    )
    return _done(work)


def _app(where: str | None) -> App | None:
    from leftfold.cli.loading import load_app

    return load_app(where) if where is not None else None


def _done(work: Coroutine[Any, Any, int]) -> int:
    return asyncio.run(work)


def run(words: Sequence[str]) -> int:
    """Run a command line; what goes wrong is said in one line.

    Returns:
        The exit code.
    """
    debug = "--debug" in words
    try:
        code = program([word for word in words if word != "--debug"])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has enough, as `head` does; nothing is left to say, nor at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CANNOT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  whatever it is, it is said in one line
        if debug:
            traceback.print_exception(error)
        return _complained(error)
    return code if isinstance(code, int) else FINE


def _complained(error: Exception) -> int:
    """Say in one line what went wrong, and return the exit code."""
    from leftfold.cli.printing import complain

    text, code = str(error), CANNOT
    if isinstance(error, CycloptsError):
        text, code = f"{text} See leftfold --help.", WRITTEN_WRONG
    elif isinstance(error, WrittenWrong):
        code = WRITTEN_WRONG
    elif not isinstance(error, LeftfoldError | CannotDo):
        first = text.partition("\n")[0].removesuffix(".")
        text = f"{type(error).__name__}: {first}. Add --debug to see the traceback."
    complain(" ".join(text.split()))
    return code

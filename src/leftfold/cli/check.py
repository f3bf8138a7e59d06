"""`leftfold check`: is it safe to start this App on this store? Read by: who changes its output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from leftfold.app.inspecting import databases_of, event_store, keeps_events, saved_in, wiring_of
from leftfold.cli.checking import Finding, check_parts, check_processors, check_store
from leftfold.cli.describing import counted
from leftfold.cli.failing import FINE, FOUND_WRONG
from leftfold.cli.loading import load_app
from leftfold.cli.printing import Printer
from leftfold.errors import ConfigurationError, StoreMissing

if TYPE_CHECKING:
    from leftfold.app import App
    from leftfold.app.wiring import Wiring
    from leftfold.clock import Clock

__all__ = ["Checked", "joined", "print_check"]

_STYLES = {"error": "bad", "warning": "warn"}


@dataclass(frozen=True, slots=True)
class Checked:
    """An App that was made and joined."""

    app: App
    wiring: Wiring


def joined(where: str) -> Checked | Finding:
    """Import an App and join its parts, or return why it does not fit together.

    Raises:
        CannotDo: There is no such App.
    """
    try:
        app = load_app(where)
        return Checked(app, wiring_of(app))
    except ConfigurationError as error:
        return Finding("error", "wiring", str(error))


async def print_check(
    where: str,
    subject: Checked | Finding,
    databases: tuple[str | None, str | None],
    clock: Clock,
    *,
    strict: bool,
    as_document: bool,
) -> int:
    """Print what is wrong; the code says whether anything is.

    Args:
        where: The App, as it was named.
        subject: What `joined` returned for it.
        databases: The URLs of events and views, as far as they were given.
        clock: Where time comes from.
        strict: Whether warnings count.
        as_document: Whether to print JSON.
    """
    findings, looked_at = [subject] if isinstance(subject, Finding) else [], None
    if isinstance(subject, Checked):
        stored, looked_at = await _stored(subject, databases, clock)
        findings = [*check_parts(subject.wiring, store_is_known=looked_at is not None), *stored]
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    fine = not errors and not (strict and warnings)
    printer = Printer()
    if as_document:
        document = {
            "app": where,
            "ok": fine,
            "errors": errors,
            "warnings": warnings,
            "database": looked_at,
            "findings": findings,
        }
        printer.raw(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        for finding in findings:
            _print(printer, finding)
        if findings:
            printer.line("")
        _conclude(printer, where, looked_at, errors=errors, warnings=warnings)
    return FINE if fine else FOUND_WRONG


async def _stored(
    subject: Checked, given: tuple[str | None, str | None], clock: Clock
) -> tuple[list[Finding], str | None]:
    """Return the findings about what is stored, and where that is, None if nothing is."""
    if given == (None, None) and not keeps_events(subject.app):
        return [], None
    databases = databases_of(subject.app, *given)
    wiring = subject.wiring
    try:
        async with event_store(databases, clock) as store:
            findings = [finding async for finding in check_store(wiring, store)]
            saved = await saved_in(databases, clock, wiring)
            head = await store.head()
            findings += [f async for f in check_processors(wiring, store, saved, head)]
    except StoreMissing:
        if given != (None, None):
            raise
        return [], None  # the App has not run yet
    return findings, databases.events


def _print(printer: Printer, finding: Finding) -> None:
    label = (finding.severity, _STYLES[finding.severity])
    printer.words(f"{finding.message} [{finding.about}]", label=label, indent=9)


def _conclude(
    printer: Printer, where: str, looked_at: str | None, *, errors: int, warnings: int
) -> None:
    said = "nothing is wrong"
    if errors or warnings:
        said = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    against = f"checked with {looked_at}" if looked_at else "by itself: nothing is stored yet"
    style = "bad" if errors else "warn" if warnings else "good"
    printer.line(f"{where}: ", (said, style), f" ({against})")

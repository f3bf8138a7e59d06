"""How the command line looks: columns, colours, what is cut and where. Read by: the commands.

In a terminal lines are cut or wrapped to its width; in a file or a pipe neither, since whoever
searches there wants whole lines.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console
from rich.text import Text
from rich.theme import Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Cell", "Columns", "Printer", "complain", "told"]

Cell: TypeAlias = str | tuple[str, str]
"""A text, or a text and its style."""

_THEME = Theme(
    {
        "head": "bold",
        "note": "dim",
        "name": "cyan",
        "good": "green",
        "warn": "yellow",
        "bad": "bold red",
    }
)
_GAP = 2
_NARROWEST = 8
_NARROW_TERMINAL = 40


class Printer:
    """Prints to standard output."""

    def __init__(self) -> None:
        """Look where the output goes."""
        self._console = Console(theme=_THEME, highlight=False, markup=False, emoji=False)
        is_terminal = sys.stdout.isatty()
        self.width = max(self._console.width, _NARROW_TERMINAL) if is_terminal else None

    def line(self, *cells: Cell) -> None:
        """Print a line."""
        self.text(Text.assemble(*cells))

    def text(self, text: Text) -> None:
        """Print a line that is laid out, cut to the terminal."""
        text.rstrip()
        if self.width is None:
            sys.stdout.write(f"{text.plain}\n")
            return
        text.truncate(self.width, overflow="ellipsis")
        self._console.print(text, soft_wrap=True)

    def words(self, text: str, *, label: Cell = "", indent: int = 0) -> None:
        """Print words behind a label, wrapped beside it in a terminal."""
        head = Text.assemble(label)
        head.align("left", indent)
        for line in self._wrapped(Text(text), indent):
            self.text(Text.assemble(head, line))
            head = Text(" " * indent)

    def _wrapped(self, text: Text, indent: int) -> list[Text]:
        if self.width is None:
            return list(text.split("\n"))
        return list(text.wrap(self._console, self.width - indent))

    def raw(self, text: str) -> None:
        """Print a line for programs, at once."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


@dataclass(slots=True)
class Columns:
    """Lays out rows that come bit by bit; columns only ever grow."""

    heads: Sequence[str]
    width: int | None
    """Of a line; None: as long as it gets."""
    firm: frozenset[int] = frozenset()
    """The columns that are never cut."""
    right: frozenset[int] = frozenset()
    """The columns whose values stand at their right."""
    _natural: list[int] = field(default_factory=list[int])

    def header(self) -> Text:
        """Return the line of the heads; the rows below must have been laid out before."""
        return self._line([(head, "head") for head in self.heads])

    def lay(self, rows: Sequence[Sequence[Cell]]) -> list[Text]:
        """Return the lines of some rows."""
        if not self._natural:
            self._natural = [len(head) for head in self.heads]
        for row in rows:
            for i, cell in enumerate(row):
                text = cell if isinstance(cell, str) else cell[0]
                if len(text) > self._natural[i] or not text.isascii():
                    self._natural[i] = max(self._natural[i], Text(text).cell_len)
        return [self._line(row) for row in rows]

    def _line(self, row: Sequence[Cell]) -> Text:
        line = Text()
        widths = self._fitting()
        for i, cell in enumerate(row):
            text = Text.assemble(cell)
            is_last = i == len(row) - 1
            if i in self.right:
                text.align("right", widths[i])
            elif not is_last or self.width is not None:
                text.truncate(widths[i], overflow="ellipsis", pad=not is_last)
            line.append_text(text)
            if not is_last:
                line.append(" " * _GAP)
        return line

    def _fitting(self) -> list[int]:
        """Return widths that fit the line, cut where columns are widest."""
        loose = [n for i, n in enumerate(self._natural) if i not in self.firm]
        if self.width is None or not loose:
            return self._natural
        room = self.width - _GAP * (len(self._natural) - 1) - sum(self._natural) + sum(loose)
        widest = max(_NARROWEST, *loose)
        while widest > _NARROWEST and sum(min(n, widest) for n in loose) > room:
            widest = max(_NARROWEST, min(widest - 1, room))
        return [n if i in self.firm else min(n, widest) for i, n in enumerate(self._natural)]


def told(text: str) -> None:
    """Say something beside the answer, on standard error."""
    _say(Text(text, style="note"))


def complain(text: str) -> None:
    """Say on standard error why a command could not do what it was asked."""
    _say(Text.assemble(("leftfold: ", "bad"), text))


def _say(text: Text) -> None:
    console = Console(stderr=True, theme=_THEME, highlight=False)
    console.print(text, soft_wrap=not console.is_terminal)

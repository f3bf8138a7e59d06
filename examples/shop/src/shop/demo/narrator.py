"""Prints the steps of the story: what is sent, what comes back. Read by: the demo."""

from datetime import datetime
from typing import Any, cast

from msgspec import Struct
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from leftfold import Command, Event, Query, Rejected
from shop.orders.messages import Line, RefusedLine

__all__ = ["Narrator"]

WORD = 9
"""How wide the words in front are: `send`, `answer`, `stored`."""
LONG = 24


class Narrator:
    """Tells a story on a console, its steps numbered."""

    def __init__(self, console: Console) -> None:
        """Begin before the first step."""
        self.console = console
        self._step = 0

    def title(self, title: str, text: str) -> None:
        """Print what the story is about."""
        self.console.print()
        self.console.print(Panel(Text(text), title=title, title_align="left", padding=(1, 2)))

    def step(self, title: str, text: str) -> None:
        """Begin a step: what it shows, and why that matters."""
        self._step += 1
        self.console.print()
        self.console.rule(f"[head]{self._step}  {title}[/]", align="left", style="note")
        self.console.print(Padding(Text(text, style="note"), (0, 2, 1, 2), expand=False))

    def sends(self, message: Command[Any] | Query[Any], **options: str) -> None:
        """Print a command or a question, with the options it is sent with."""
        word = "ask" if isinstance(message, Query) else "send"
        shown = Text.assemble((type(message).__name__, "send"), " ", _fields(message))
        for name, value in options.items():
            shown.append(f" {name}={_short(value)}", style="note")
        self._line(word, shown)

    def answers(self, text: str) -> None:
        """Print what a command or a question came back with."""
        self._line("answer", Text(text, style="ok"))

    def stored(self, *events: Event) -> None:
        """Print the events that a command left."""
        for event in events:
            self._line(
                "stored", Text.assemble((type(event).__name__, "figure"), " ", _fields(event))
            )

    def refuses(self, refusal: Rejected) -> None:
        """Print a refusal: its code, for programs, and its reason, for people."""
        self._line("refused", Text.assemble((refusal.code, "no"), f": {refusal}"))

    def shows(self, answer: RenderableType) -> None:
        """Print a table, with air around it."""
        self.console.print(Padding(answer, (1, 0, 0, WORD), expand=False))

    def code(self, source: str) -> None:
        """Print a piece of Python."""
        shown = Syntax(source.strip(), "python", theme="ansi_dark")
        self.console.print(Padding(shown, (0, 0, 1, 2)))

    def _line(self, word: str, text: Text) -> None:
        line = Table.grid(padding=(0, 2, 0, 0))
        line.add_column(width=WORD, justify="right", style="note")
        line.add_column()
        line.add_row(word, text)
        self.console.print(line)


def _fields(message: Struct) -> Text:
    named = ((name, getattr(message, name)) for name in message.__struct_fields__)
    return Text(" ".join(f"{name}={_short(value)}" for name, value in named if value is not None))


def _short(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%H:%M}"
    if isinstance(value, tuple):
        lines = cast("tuple[Line | RefusedLine, ...]", value)
        return "(" + ", ".join(f"{line.quantity} {line.product}" for line in lines) + ")"
    text = str(value)
    return text if len(text) <= LONG else f"{text[: LONG - 8]}…{text[-6:]}"

"""What a command can end with: exit codes, and an error in one line. Read by: the commands."""

__all__ = [
    "CANNOT",
    "FINE",
    "FOUND_WRONG",
    "INTERRUPTED",
    "WRITTEN_WRONG",
    "CannotDo",
    "WrittenWrong",
]

FINE = 0
CANNOT = 1
"""What was asked could not be done: no such App, database or stream, an extra is missing."""
WRITTEN_WRONG = 2
"""The command line itself is wrong."""
FOUND_WRONG = 3
"""It was done, and something is wrong: a failed processor, a mistake that `check` found."""
INTERRUPTED = 130


class CannotDo(Exception):
    """Why a command cannot do what it was asked; the words say what to do."""


class WrittenWrong(CannotDo):
    """What of the command line is wrong."""

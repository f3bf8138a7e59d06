"""The command line, `leftfold`. Read by: who adds a command.

Its libraries come with the extra `cli` and are imported when it runs.
"""

import sys

__all__ = ["main"]

_LIBRARIES = {"cyclopts", "rich"}


def main() -> int:
    """Run the program and return its exit code."""
    try:
        from leftfold.cli.program import run
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _LIBRARIES:
            raise
        sys.stderr.write(
            f"leftfold: the command line needs {error.name}, which is not installed. Run "
            'pip install "leftfold[cli]".\n'
        )
        return 1
    return run(sys.argv[1:])

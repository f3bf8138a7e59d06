"""Keeps which files were imported. Read by: the import.

The fact that ends an import is newer than everything the import stored, so its position token
is what the read models must reach before the import may say that it is done.
"""

from typing import Self

from leftfold import Aggregate, Command, Event, evolves, handles

__all__ = ["CloseImport", "FileImported", "ImportedFile"]


class CloseImport(Command[None]):
    """Say that every document of a file was sent, and answered."""

    digest: str
    documents: int


class FileImported(Event):
    """Every document of a file is in."""

    digest: str
    documents: int


class ImportedFile(Aggregate, key="digest"):
    """A file by the SHA-256 of its bytes, so that its name does not matter."""

    documents: int

    @handles(new=True)
    def close(self, command: CloseImport) -> None:
        """Note that the file is in."""
        self.record(FileImported(digest=command.digest, documents=command.documents))

    @evolves
    @classmethod
    def imported(cls, event: FileImported) -> Self:
        """Remember how many documents there were."""
        return cls(documents=event.documents)

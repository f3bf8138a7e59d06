"""SQLite, the embedded default: the event store's file. Read by: the entry point `sqlite`."""

from leftfold.adapters.sqlite.eventstore import open_eventstore

__all__ = ["open_eventstore"]

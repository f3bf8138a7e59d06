"""The file of read models, beside that of the events. Read by: who asks how it is opened."""

import apsw
from typing_extensions import override

from leftfold.adapters.sqlite.connection import Connection
from leftfold.adapters.sqlite.storefile import StoreFile
from leftfold.errors import StoreUnusable

__all__ = ["VIEWS_ID", "ViewsFile"]

# What `file` and SQLite call the owner of a database file: "LFRM", Leftfold's read models.
VIEWS_ID = 0x4C46524D


class ViewsFile(StoreFile):
    """Opens connections as durable as the event store's, for the tables of views."""

    @override
    def _opened(self, busy_timeout_ms: int) -> Connection:
        connection: Connection = apsw.Connection(self.path)
        try:
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
            connection.set_busy_timeout(busy_timeout_ms)
            self._refuse_others(connection)
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse_others(self, connection: Connection) -> None:
        """Refuse the file of somebody else before anything is changed in it."""
        owner = connection.pragma("application_id")
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if owner == VIEWS_ID or (owner == 0 and tables == 0):
            return
        raise StoreUnusable(
            f"Opening {self.path} for read models: it is an SQLite database of something else "
            f"({tables} tables and indexes, application id {owner}). Events and read models have "
            f"a file each; give views= the path of one that does not exist yet."
        )

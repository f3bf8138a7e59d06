"""The read side, written once with SQLAlchemy. Read by: authors of Projections, for column_type."""

from leftfold.adapters.sqlalchemy.readside import SqlReadSide, open_readside
from leftfold.adapters.sqlalchemy.types import column_type

__all__ = ["SqlReadSide", "column_type", "open_readside"]

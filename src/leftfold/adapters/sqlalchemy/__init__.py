"""The read side, written once with SQLAlchemy. Read by: authors of Projections and of adapters."""

from leftfold.adapters.sqlalchemy.driver import Driver
from leftfold.adapters.sqlalchemy.engine import Database
from leftfold.adapters.sqlalchemy.readside import SqlReadSide
from leftfold.adapters.sqlalchemy.types import column_type

__all__ = ["Database", "Driver", "SqlReadSide", "column_type"]

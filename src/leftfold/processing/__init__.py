"""Read models: Views, Projections, their rows, and what keeps them current. Read by: everyone."""

from leftfold.processing.columns import Scale
from leftfold.processing.projection import Projection
from leftfold.processing.readmodels import ProcessorStatus, ReadModels
from leftfold.processing.rows import BlockingRows, BlockingSelection, Page, Rows, Selection
from leftfold.processing.view import View

__all__ = [
    "BlockingRows",
    "BlockingSelection",
    "Page",
    "ProcessorStatus",
    "Projection",
    "ReadModels",
    "Rows",
    "Scale",
    "Selection",
    "View",
]

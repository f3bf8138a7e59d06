"""Models that decide: Aggregate, Boundary, Decider, and their kernel. Read by: everyone."""

from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.boundary import Boundary
from leftfold.modeling.decider import Decider
from leftfold.modeling.roles import evolves, handles

__all__ = ["Aggregate", "Boundary", "Decider", "evolves", "handles"]

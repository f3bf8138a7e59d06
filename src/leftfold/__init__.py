"""Leftfold: current state is a left fold of what happened. Read by: everyone who imports it."""

from leftfold.errors import (
    AlreadyExists,
    CodecError,
    ConfigurationError,
    ConflictError,
    DeliveryError,
    LeftfoldError,
    NotCurrent,
    NotFound,
    ProcessingError,
    Rejected,
    StorageError,
    StoreChanged,
    StoreUnusable,
)

__all__ = [
    "AlreadyExists",
    "CodecError",
    "ConfigurationError",
    "ConflictError",
    "DeliveryError",
    "LeftfoldError",
    "NotCurrent",
    "NotFound",
    "ProcessingError",
    "Rejected",
    "StorageError",
    "StoreChanged",
    "StoreUnusable",
]

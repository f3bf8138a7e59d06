"""Leftfold: current state is a left fold of what happened. Read by: everyone who imports it."""

from msgspec import Struct, field

from leftfold.app import App, BlockingApp, Receipt
from leftfold.bus import Interceptor
from leftfold.codec import Upcaster
from leftfold.errors import (
    AlreadyExists,
    CodecError,
    CommitRefused,
    ConfigurationError,
    ConflictError,
    DeliveryError,
    IdReused,
    InvalidToken,
    LeftfoldError,
    NoAnswer,
    NoHandler,
    NotCurrent,
    NotFound,
    NotRunning,
    ProcessingError,
    Rejected,
    StorageError,
    StoreChanged,
    StoreMissing,
    StoreUnusable,
)
from leftfold.messages import Command, Event, Message, Metadata, Query, together
from leftfold.modeling import Aggregate, Boundary, Decider, evolves, handles
from leftfold.processing import BlockingRows, Page, Projection, Rows, Scale, View
from leftfold.testing import TestApp, given

__all__ = [
    "Aggregate",
    "AlreadyExists",
    "App",
    "BlockingApp",
    "BlockingRows",
    "Boundary",
    "CodecError",
    "Command",
    "CommitRefused",
    "ConfigurationError",
    "ConflictError",
    "Decider",
    "DeliveryError",
    "Event",
    "IdReused",
    "Interceptor",
    "InvalidToken",
    "LeftfoldError",
    "Message",
    "Metadata",
    "NoAnswer",
    "NoHandler",
    "NotCurrent",
    "NotFound",
    "NotRunning",
    "Page",
    "ProcessingError",
    "Projection",
    "Query",
    "Receipt",
    "Rejected",
    "Rows",
    "Scale",
    "StorageError",
    "StoreChanged",
    "StoreMissing",
    "StoreUnusable",
    "Struct",
    "TestApp",
    "Upcaster",
    "View",
    "evolves",
    "field",
    "given",
    "handles",
    "together",
]

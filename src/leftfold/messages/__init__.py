"""What is said: events, commands, queries, and what travels with them. Read by: everyone."""

from leftfold.messages.keys import KeyField, KeySource
from leftfold.messages.message import Command, Event, Message, MessageType, Query
from leftfold.messages.metadata import Metadata
from leftfold.messages.tags import Tags, TagSource, together

__all__ = [
    "Command",
    "Event",
    "KeyField",
    "KeySource",
    "Message",
    "MessageType",
    "Metadata",
    "Query",
    "TagSource",
    "Tags",
    "together",
]

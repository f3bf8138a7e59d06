"""What is said in customers: commands and facts, none of them public. Read by: everyone."""

from leftfold import Command, Event

__all__ = ["Subscribe", "Subscribed", "Unsubscribe", "Unsubscribed"]


class Subscribe(Command[None]):
    """Ask for the newsletter."""

    customer: str


class Unsubscribe(Command[None]):
    """Ask for no more newsletters."""

    customer: str


class Subscribed(Event):
    """A customer wants the newsletter."""

    customer: str


class Unsubscribed(Event):
    """A customer wants no more newsletters."""

    customer: str

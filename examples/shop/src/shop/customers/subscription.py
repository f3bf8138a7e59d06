"""Says who gets the newsletter. Read by: authors of rules."""

from leftfold import Aggregate, Rejected, evolves, handles
from shop.customers.messages import Subscribe, Subscribed, Unsubscribe, Unsubscribed

__all__ = ["AlreadySubscribed", "NotSubscribed", "Subscription"]


class AlreadySubscribed(Rejected):
    """The customer gets the newsletter."""


class NotSubscribed(Rejected):
    """The customer does not get the newsletter."""


class Subscription(Aggregate, key="customer"):
    """One customer's wish to be written to, which may change again and again."""

    is_active: bool = False

    @handles(missing_ok=True)
    def subscribe(self, command: Subscribe) -> None:
        """Begin to write to a customer, for the first time or again."""
        if self.is_active:
            raise AlreadySubscribed(f"customer {command.customer} gets the newsletter already")
        self.record(Subscribed(customer=command.customer))

    @handles(missing_ok=True)
    def unsubscribe(self, command: Unsubscribe) -> None:
        """Write no more."""
        if not self.is_active:
            raise NotSubscribed(f"customer {command.customer} does not get the newsletter")
        self.record(Unsubscribed(customer=command.customer))

    @evolves
    def subscribed(self, _event: Subscribed) -> None:
        """Remember the wish."""
        self.is_active = True

    @evolves
    def unsubscribed(self, _event: Unsubscribed) -> None:
        """Remember that it ended."""
        self.is_active = False

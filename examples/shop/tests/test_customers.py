"""The rules of customers: who is written to, and what is known. Read by: authors of rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from leftfold import given
from shop.customers.messages import Subscribe, Subscribed, Unsubscribe, Unsubscribed
from shop.customers.subscription import AlreadySubscribed, NotSubscribed, Subscription
from shop.customers.views import Profile
from shop.orders.messages import OrderPlaced

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)
WANTED = Subscribed(customer="ann")
UNWANTED = Unsubscribed(customer="ann")


def ordered(customer: str | None, at: datetime, country: str = "EIRE") -> OrderPlaced:
    return OrderPlaced(
        order="o-1",
        customer=customer,
        country=country,
        ordered_at=at,
        lines=(),
        total=Decimal("25.50"),
    )


def test_a_customer_subscribes_once_and_again_after_the_end() -> None:
    given(Subscription).when(Subscribe(customer="ann")).then(WANTED)
    given(Subscription, WANTED).when(Subscribe(customer="ann")).rejected(AlreadySubscribed)
    given(Subscription, WANTED, UNWANTED).when(Subscribe(customer="ann")).then(WANTED)


def test_only_a_subscription_can_end() -> None:
    given(Subscription, WANTED).when(Unsubscribe(customer="ann")).then(UNWANTED)
    given(Subscription).when(Unsubscribe(customer="ann")).rejected(NotSubscribed)
    given(Subscription, WANTED, UNWANTED).when(Unsubscribe(customer="ann")).rejected(NotSubscribed)


def test_a_profile_knows_how_much_how_recently_and_whether_to_write() -> None:
    given(
        Profile,
        ordered("ann", NOON),
        ordered("ann", NOON - timedelta(days=1), country="France"),  # came in late
        ordered(None, NOON),
        WANTED,
    ).then(
        Profile(
            customer="ann",
            country="EIRE",
            orders=2,
            sales=Decimal("51.00"),
            last_ordered_at=NOON,
            wants_newsletter=True,
        )
    )


def test_a_profile_may_begin_with_the_newsletter() -> None:
    given(Profile, WANTED, UNWANTED).then(Profile(customer="ann"))

"""What can be asked of customers. Read by: the terminal, and later the web."""

from msgspec import Struct

from leftfold import Query, Rows, handles
from shop.customers.views import Profile

__all__ = ["Best", "BestCustomers", "ProfileOf"]


class ProfileOf(Query[Profile]):
    """Ask what marketing knows about a customer; `NotFound` when that is nothing."""

    customer: str


class Best(Struct, frozen=True, kw_only=True):
    """How many customers have ordered, and those who ordered most."""

    customers: int
    best: list[Profile]


class BestCustomers(Query[Best]):
    """Ask for the customers who ordered most, by value."""

    best: int = 10


@handles
async def profile_of(query: ProfileOf, profiles: Rows[Profile]) -> Profile:
    """Find a profile."""
    return await profiles.get_one(query.customer)


@handles
async def best_customers(query: BestCustomers, profiles: Rows[Profile]) -> Best:
    """Count who has ordered, and pick the best."""
    ordered = profiles.find(profiles.table.c.orders > 0)
    return Best(
        customers=await ordered.count(),
        best=await ordered.order_by("-sales").limit(query.best),
    )

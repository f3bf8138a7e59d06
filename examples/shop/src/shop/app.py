"""Puts the contexts together into one App. Read by: whoever starts the shop.

`app` is what `leftfold status shop.app:app` takes, on the database that SHOP_DATABASE names.
Catalog, stock and shipping find their place here when they come, a folder each.
"""

from os import environ
from types import ModuleType

from leftfold import App, View
from shop.customers import customers
from shop.orders import orders
from shop.payments import payments
from shop.trade import book

__all__ = ["app", "shop"]


def shop(database: str | None = None, *more: type[View] | ModuleType) -> App:
    """Return the shop on a database, in memory if none is given, with further parts if wanted."""
    return App("shop", orders, payments, customers, book, *more, database=database)


app = shop(environ.get("SHOP_DATABASE"))

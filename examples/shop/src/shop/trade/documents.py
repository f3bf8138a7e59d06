"""Reads the file of a year of trade as documents: invoices, credit notes. Read by: the import.

The rows of a document are not always together, so the whole file is grouped before the first
document is given; the lines of a document keep the order of the file.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any

import arro3.io
from arro3.core import ChunkedArray, DataType, Table
from msgspec import Struct

__all__ = ["Document", "Trade", "UnreadableFile", "read_trade"]

MAGIC = b"PAR1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = DataType.timestamp("us")


class UnreadableFile(Exception):
    """The file is not there, or is no file of trade."""


class Document(Struct, frozen=True, kw_only=True):
    """One invoice, credit note or adjustment; a line is product, quantity and price."""

    number: str
    customer: str | None
    country: str
    dated: datetime
    lines: Sequence[tuple[str, int, Decimal]]


class Trade:
    """The documents of a file, each made when its turn comes."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Group the rows by their document.

        Args:
            columns: As in the file, `InvoiceDate` in microseconds since 1970.
        """
        self._columns = columns
        self._rows: dict[str, list[int]] = {}
        numbers: Sequence[str] = columns["InvoiceNo"]
        for number, rows in groupby(range(len(numbers)), key=numbers.__getitem__):
            self._rows.setdefault(number, []).extend(rows)

    def __len__(self) -> int:
        """Count the documents."""
        return len(self._rows)

    def __iter__(self) -> Iterator[Document]:
        """Give each document, in the order of the file."""
        columns = self._columns
        products, quantities = columns["StockCode"], columns["Quantity"]
        customers, prices = columns["CustomerID"], columns["UnitPrice"]
        # Few prices differ among very many lines, and a Decimal is dear to make from text.
        exact = {price: Decimal(repr(price)) for price in set(prices)}
        for number, rows in self._rows.items():
            first = rows[0]
            yield Document(
                number=number,
                customer=None if customers[first] is None else f"{customers[first]:.0f}",
                country=columns["Country"][first],
                dated=EPOCH + timedelta(microseconds=columns["InvoiceDate"][first]),
                lines=[(products[row], quantities[row], exact[prices[row]]) for row in rows],
            )


def read_trade(path: Path) -> Trade:
    """Read a parquet file with the columns of the year.

    Raises:
        UnreadableFile: It is missing, no parquet, or has other columns or values.
    """
    table = _table(path)
    missing = [name for name in _FITS if name not in table.column_names]
    if missing:
        message = (
            f"{path} has no column {', '.join(missing)} (it has: {', '.join(table.column_names)}). "
            "Give a file with the columns of the Online Retail data set."
        )
        raise UnreadableFile(message)
    columns = {name: _values(path, name, table.column(name)) for name in _FITS}
    # Some tools write a customer who is missing as NaN, which is not equal to itself.
    columns["CustomerID"] = [c if c == c else None for c in columns["CustomerID"]]  # noqa: PLR0124
    _check_prices(path, columns["UnitPrice"])
    return Trade(columns)


def _table(path: Path) -> Table:
    if not path.is_file():
        message = f"{path} is not there. Give the path of a parquet file."
        raise UnreadableFile(message)
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
        file.seek(-min(len(MAGIC), path.stat().st_size), 2)
        tail = file.read()
    if head != MAGIC or tail != MAGIC:  # asked before, since the reader would print a panic
        message = f"{path} is no parquet file, or only the beginning of one. Fetch it again."
        raise UnreadableFile(message)
    try:
        return arro3.io.read_parquet(path, batch_size=65_536).read_all()
    except BaseException as error:  # the reader's panic is no Exception
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        message = f"{path} cannot be read: {error}. Fetch it again."
        raise UnreadableFile(message) from error


def _is_text(kind: DataType) -> bool:
    return DataType.is_string(kind) or DataType.is_large_string(kind)


_FITS: dict[str, tuple[Callable[[DataType], bool], str]] = {
    "InvoiceNo": (_is_text, "text"),
    "StockCode": (_is_text, "text"),
    "Quantity": (DataType.is_integer, "whole numbers"),
    "InvoiceDate": (DataType.is_timestamp, "dates with a time"),
    "UnitPrice": (DataType.is_floating, "floating-point numbers"),
    "CustomerID": (DataType.is_floating, "floating-point numbers"),
    "Country": (_is_text, "text"),
}


def _values(path: Path, name: str, column: ChunkedArray) -> list[Any]:
    fits, wanted = _FITS[name]
    if not fits(column.type):
        message = f"{path}: {name} must hold {wanted}, and is {column.type}. Convert the column."
        raise UnreadableFile(message)
    if column.null_count and name != "CustomerID":
        message = f"{path}: {name} is empty in {column.null_count:,} rows. Leave these rows out."
        raise UnreadableFile(message)
    if name == "InvoiceDate":  # one date of a document counts, so most are never made
        column = column.cast(MOMENT).cast(DataType.int64())
    return list[Any](column.to_pylist())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  numpy's, which is not here


def _check_prices(path: Path, prices: list[float]) -> None:
    """Refuse what is no amount of money; the read models keep six decimal places."""
    wrong = {price for price in set(prices) if not isfinite(price) or round(price, 6) != price}
    if wrong:
        row, price = next((i, price) for i, price in enumerate(prices, start=1) if price in wrong)
        message = (
            f"{path}, row {row}: UnitPrice is {price!r}, which is no amount of money. "
            "Round it to six decimal places or fewer, or leave the row out."
        )
        raise UnreadableFile(message)

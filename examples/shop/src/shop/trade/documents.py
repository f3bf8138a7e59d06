"""Reads the file of a year of trade as documents: invoices, credit notes. Read by: the import.

The rows of a document are not always together, so the whole file is grouped before anything is
sent; the lines of a document keep the order of the file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any

import arro3.io
from arro3.core import Array, DataType, RecordBatchReader
from msgspec import Struct

__all__ = ["Document", "UnreadableFile", "documents_of", "read_documents"]

MAGIC = b"PAR1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = DataType.timestamp("us")


class UnreadableFile(Exception):
    """The file is not there, or is no file of trade."""


class _Unfit(Exception):
    """A column is not what it should be; who knows the file adds its name."""


class Document(Struct, frozen=True, kw_only=True):
    """One invoice, credit note or adjustment; a line is product, quantity and price."""

    number: str
    customer: str | None
    country: str
    dated: datetime
    lines: list[tuple[str, int, Decimal]]


def read_documents(path: Path) -> list[Document]:
    """Read a parquet file with the columns of the year.

    Raises:
        UnreadableFile: It is missing, no parquet, or has other columns or values.
    """
    reader = _reader(path)
    found = reader.schema.names
    missing = [name for name in _FITS if name not in found]
    if missing:
        message = (
            f"{path} has no column {', '.join(missing)} (it has: {', '.join(found)}). "
            "Give a file with the columns of the Online Retail data set."
        )
        raise UnreadableFile(message)
    try:
        return documents_of(
            {name: _values(name, batch.column(name)) for name in _FITS} for batch in reader
        )
    except _Unfit as error:
        message = f"{path}: {error}"
        raise UnreadableFile(message) from error


def documents_of(batches: Iterable[Mapping[str, Sequence[Any]]]) -> list[Document]:
    """Group rows by their document, in the order in which documents begin.

    Args:
        batches: Columns of the file, each as long as the others; `InvoiceDate` in microseconds
            since 1970.
    """
    documents: dict[str, Document] = {}
    # Few products and prices differ among very many lines: each is made and kept once.
    products: dict[str, str] = {}
    amounts: dict[float, Decimal] = {}
    for columns in batches:
        numbers, prices = columns["InvoiceNo"], columns["UnitPrice"]
        for price in set(prices).difference(amounts):
            amounts[price] = _amount(price)
        codes = [products.setdefault(code, code) for code in columns["StockCode"]]
        lines = list(zip(codes, columns["Quantity"], map(amounts.__getitem__, prices), strict=True))
        for number, rows in groupby(range(len(numbers)), key=numbers.__getitem__):
            places = list(rows)
            if number not in documents:
                documents[number] = _begun(number, columns, places[0])
            documents[number].lines.extend(lines[places[0] : places[-1] + 1])
    return list(documents.values())


def _begun(number: str, columns: Mapping[str, Sequence[Any]], row: int) -> Document:
    customer: float | None = columns["CustomerID"][row]
    is_known = customer is not None and isfinite(customer)  # some tools write none as NaN
    return Document(
        number=number,
        customer=f"{customer:.0f}" if is_known else None,
        country=columns["Country"][row],
        dated=EPOCH + timedelta(microseconds=columns["InvoiceDate"][row]),
        lines=[],
    )


def _amount(price: float) -> Decimal:
    """Return the price with the digits that it is written with; the views keep six decimals."""
    if not isfinite(price) or round(price, 6) != price:
        message = (
            f"UnitPrice is {price!r} in a row, which is no amount of money. Round it to six "
            "decimal places or fewer, or leave the row out."
        )
        raise _Unfit(message)
    return Decimal(repr(price))


def _reader(path: Path) -> RecordBatchReader:
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
        return arro3.io.read_parquet(path, batch_size=65_536)
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


def _values(name: str, column: Array) -> list[Any]:
    fits, wanted = _FITS[name]
    if not fits(column.type):
        message = f"{name} must hold {wanted}, and is {column.type}. Convert the column."
        raise _Unfit(message)
    if column.null_count and name != "CustomerID":
        message = f"{name} is empty in {column.null_count:,} rows. Leave these rows out."
        raise _Unfit(message)
    if name == "InvoiceDate":  # one date of a document counts, so most are never made
        column = column.cast(MOMENT).cast(DataType.int64())
    return list[Any](column.to_pylist())  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  numpy's, which is not here

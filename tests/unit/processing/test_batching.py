"""How a log is cut into batches changes no row. Read by: who changes the batch or its cache."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from leftfold.messages.message import Event
from leftfold.messages.metadata import Metadata
from leftfold.modeling.roles import evolves
from leftfold.processing.batch import Changes, FoldFailed, fold_batch
from leftfold.processing.cache import CachedRows
from leftfold.processing.view import View
from leftfold.processing.viewmodel import ViewModel, view_model


class Part(Struct, frozen=True):
    name: str
    count: int


class Built(Event):
    house: str
    parts: tuple[Part, ...] = ()


class Painted(Event):
    house: str


class Burnt(Event):
    house: str


class Razed(Event):
    house: str


class House(View, key="house"):
    house: str
    color: int = 0
    log: list[str] = []

    @evolves
    @classmethod
    def built(cls, event: Built, metadata: Metadata) -> Self:
        return cls(house=event.house, log=[f"{len(event.parts)} in {metadata.time:%Y}"])

    @evolves(missing_ok=True)
    def painted(self, event: Painted) -> None:
        self.color += 1
        self.log.append("painted")

    @evolves(missing_ok=True)
    def burnt(self, event: Burnt | Razed) -> None:
        self.delete()


class HousePart(View, key=("house", "name")):
    house: str
    name: str
    count: int = 0
    fires: int = 0

    @evolves(each="parts")
    def built(self, event: Built, part: Part) -> None:
        self.count += part.count
        if self.count > 6:
            self.delete()

    @evolves(key="house", existing=True)
    def burnt(self, event: Burnt) -> None:
        self.fires += 1

    @evolves(key="house", existing=True)
    def razed(self, event: Razed) -> None:
        self.delete()


class Table:
    """A table in a dict that checks what it is told of its rows."""

    def __init__(self) -> None:
        self.rows: dict[Any, list[Any]] = {}

    def load(self, model: ViewModel, _tenant: str, keys: Collection[Any]) -> dict[Any, Any]:
        return {key: model.decode(self.rows[key]) for key in keys if key in self.rows}

    def load_beginning(
        self, model: ViewModel, _tenant: str, prefixes: Collection[tuple[Any, ...]]
    ) -> dict[Any, Any]:
        wanted = {prefix[0] for prefix in prefixes}
        return {k: model.decode(row) for k, row in self.rows.items() if k[0] in wanted}

    def write(self, model: ViewModel, _tenant: str, changes: Changes) -> None:
        assert changes.changed.keys() <= self.rows.keys()
        assert not changes.placed.keys() & changes.changed.keys()
        for key, row in (*changes.changed.items(), *changes.placed.items()):
            self.rows[key] = model.encode(row, key)
        for key in changes.gone:
            self.rows.pop(key, None)


class Happened:
    tenant = ""
    metadata = Metadata(id=UUID(int=1), time=datetime(2030, 1, 1, tzinfo=UTC))

    def __init__(self, event: Event) -> None:
        self.event = event


HOUSES = st.sampled_from("abc")
PARTS = st.lists(st.builds(Part, st.sampled_from("xy"), st.integers(1, 4)), max_size=3).map(tuple)
EVENTS = st.lists(
    st.one_of(
        st.builds(Built, house=HOUSES, parts=PARTS),
        *(st.builds(kind, house=HOUSES) for kind in (Painted, Burnt, Razed)),
    ),
    max_size=30,
)


def folded(view: Any, batches: Sequence[Sequence[Event]], *, cached: bool) -> dict[Any, Any]:
    model, table, cache = view_model(view), Table(), CachedRows()
    for batch in batches:
        wanted = [Happened(event) for event in batch if type(event) in model.events]
        fold_batch(model, wanted, cache.before(table) if cached else table)
    return {key: model.decode(row) for key, row in table.rows.items()}


@given(EVENTS, st.lists(st.integers(1, 12), max_size=20))
@pytest.mark.parametrize("view", [House, HousePart])
def test_rows_are_the_same_however_the_log_is_cut(
    view: Any, events: list[Event], sizes: list[int]
) -> None:
    one_by_one = [[event] for event in events]
    cut: list[list[Event]] = []
    left = events
    for size in [*sizes, len(events) + 1]:
        cut.append(left[:size])
        left = left[size:]

    expected = folded(view, one_by_one, cached=False)

    assert folded(view, cut, cached=False) == expected
    assert folded(view, cut, cached=True) == expected
    assert folded(view, one_by_one, cached=True) == expected


def test_what_is_known_is_not_read_again() -> None:
    model, table, cache = view_model(House), Table(), CachedRows()
    fold_batch(model, [Happened(Built(house="a"))], cache.before(table))
    table.rows.clear()

    fold_batch(model, [Happened(Painted(house="a"))], cache.before(_Writable(table)))

    assert model.decode(table.rows["a"]).color == 1


def test_what_was_undone_is_not_known() -> None:
    model, table, cache = view_model(House), Table(), CachedRows()
    fold_batch(model, [Happened(Built(house="a"))], cache.before(table))
    table.rows.clear()
    cache.forget()

    fold_batch(model, [Happened(Painted(house="a"))], cache.before(table))

    assert table.rows == {}


class _Writable(Table):
    """A table that takes changes of rows that it has not."""

    def __init__(self, table: Table) -> None:
        self.rows = table.rows

    def write(self, model: ViewModel, _tenant: str, changes: Changes) -> None:
        self.rows.update({key: model.encode(row, key) for key, row in changes.changed.items()})


def test_large_rows_are_not_hoarded() -> None:
    class Book(View, key="house"):
        house: str
        text: str = ""

        @evolves
        def built(self, event: Built) -> None:
            self.text = "x" * 100_000

    model, table, cache = view_model(Book), Table(), CachedRows()
    for number in range(200):
        fold_batch(model, [Happened(Built(house=f"h{number}"))], cache.before(table))

    known = cache._rows[""]  # noqa: SLF001  what it holds is what this is about
    assert sum(len(row.text) for row in known.values()) < 8_000_000


def test_delete_is_not_possible_after_a_fold_failed() -> None:
    class Failing(View, key="house"):
        house: str

        @evolves
        def built(self, event: Built) -> None:
            raise ZeroDivisionError

    row = House(house="a")
    with pytest.raises(FoldFailed):
        fold_batch(view_model(Failing), [Happened(Built(house="a"))], Table())

    with pytest.raises(Exception, match="outside @evolves"):
        row.delete()

"""What `leftfold check` finds in a store. Read by: who adds a check."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from msgspec import structs

from leftfold import Aggregate, App, Command, Event, Struct, Upcaster, View, evolves, handles
from leftfold.app.inspecting import Saved, wiring_of
from leftfold.cli.checking import Finding, check_parts, check_processors, check_store
from leftfold.clock import SystemClock
from leftfold.eventstore import MemoryEventStore
from leftfold.eventstore.port import Mark
from leftfold.processing.port import Place, Standing
from leftfold.testing.contracts.records import commit, record


class Line(Struct, frozen=True):
    product: str


class Placed(Event, name="order-placed", revision=2):
    order: str
    lines: tuple[Line, ...] = ()


class Place_(Command[None]):  # noqa: N801  Place is the processor's
    order: str


class Order(Aggregate, key="order"):
    placed: bool = False

    @handles(new=True)
    def place(self, command: Place_) -> None:
        self.record(Placed(order=command.order))

    @evolves
    def on_placed(self, event: Placed) -> None:
        self.placed = bool(event.order)


class Orders(View, key="order"):
    order: str
    count: int = 0

    @evolves
    def placed(self, _event: Placed) -> None:
        self.count += 1


def same(data: dict[str, Any]) -> dict[str, Any]:
    return data


FROM_1 = Upcaster("order-placed", revision=1, to=same)


async def stored(*events: tuple[str, int, bytes], stream: str = "Order/1") -> MemoryEventStore:
    store = MemoryEventStore(SystemClock())
    for kind, revision, data in events:
        new = record(stream, type=kind, data=data)
        await store.append([commit(structs.replace(new, revision=revision))])
    return store


async def found_in(store: MemoryEventStore, *parts: Any) -> list[Finding]:
    return [f async for f in check_store(wiring_of(App("shop", *parts)), store)]


def kinds(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(finding.severity, finding.about) for finding in findings]


async def test_a_store_that_fits_has_no_findings() -> None:
    store = await stored(
        ("order-placed", 1, b'{"order":"1"}'),
        ("order-placed", 2, b'{"order":"1","lines":[{"product":"pen"}]}'),
    )

    assert await found_in(store, Order, Orders, FROM_1) == []


async def test_a_name_that_no_class_answers_to_is_named_with_the_likely_one() -> None:
    (finding,) = await found_in(await stored(("order-place", 1, b"{}")), Order, FROM_1)

    assert kinds([finding]) == [("warning", "stored-name")]
    assert "'order-place'" in finding.message
    assert "If order-placed took its place" in finding.message
    assert "formerly=('order-place',)" in finding.message


async def test_a_revision_without_upcasters_is_an_error() -> None:
    (finding,) = await found_in(await stored(("order-placed", 1, b'{"order":"1"}')), Order)

    assert kinds([finding]) == [("error", "revision")]
    assert "Upcaster('order-placed', revision=1, to=...)" in finding.message


async def test_a_revision_of_a_newer_release_is_a_warning() -> None:
    (finding,) = await found_in(await stored(("order-placed", 3, b"{}")), Order, FROM_1)

    assert kinds([finding]) == [("warning", "newer-revision")]


async def test_stored_events_that_do_not_fit_their_class_are_an_error() -> None:
    store = await stored(
        ("order-placed", 2, b'{"order":"1"}'),
        ("order-placed", 2, b'{"order":7}'),
        ("order-placed", 2, b'{"order":"1","lines":[{}]}'),
    )

    (finding,) = await found_in(store, Order, FROM_1)

    assert kinds([finding]) == [("error", "unreadable")]
    assert "2 of 3 'order-placed'" in finding.message
    assert "position 2" in finding.message


async def test_the_oldest_of_each_revision_are_tried_however_many_come_after() -> None:
    rest = [("order-placed", 2, b'{"order":"1"}')] * 1_200
    store = await stored(("order-placed", 1, b'{"order":7}'), *rest)

    (finding,) = await found_in(store, Order, FROM_1)

    assert "1 of 1 'order-placed'" in finding.message


async def test_streams_of_a_renamed_aggregate_are_found() -> None:
    store = await stored(("order-placed", 2, b'{"order":"1"}'), stream="Purchase/1")

    (finding,) = await found_in(store, Order, FROM_1)

    assert kinds([finding]) == [("warning", "stream-name")]
    assert 'class Order(Aggregate, name="Purchase")' in finding.message


class Shrugged(Event):
    order: str


class Shrug(Command[None]):
    order: str


class Shrugs(Aggregate, key="order"):
    @handles(missing_ok=True)
    def shrug(self, command: Shrug) -> None:
        self.record(Shrugged(order=command.order))


def test_an_event_that_nobody_folds_is_a_warning() -> None:
    findings = list(check_parts(wiring_of(App("shop", Shrugs)), store_is_known=True))

    assert kinds(findings) == [("warning", "unused-event")]
    assert "Shrugged" in findings[0].message


def test_a_gap_before_the_first_upcaster_is_a_warning_until_a_store_is_seen() -> None:
    wiring = wiring_of(App("shop", Order))

    assert kinds(list(check_parts(wiring, store_is_known=False))) == [("warning", "revision")]
    assert list(check_parts(wiring, store_is_known=True)) == []


def standing(name: str, at: Mark | None, identity: UUID) -> Standing:
    return Standing(
        place=Place(name, 1),
        store=identity,
        fold="",
        position=at,
        epoch=1,
        owner="",
        beat=0,
        asked=0,
        failure=None,
    )


async def processors(names: Sequence[str], *parts: Any, **saved: Any) -> list[Finding]:
    store = await stored(("order-placed", 2, b'{"order":"1"}'))
    head, identity = await store.head(), await store.identity()
    standings = [standing(name, head, identity) for name in names]
    wiring = wiring_of(App("shop", *parts))
    return [f async for f in check_processors(wiring, store, Saved(standings, **saved), head)]


async def test_positions_that_are_used_are_no_finding() -> None:
    assert await processors(["Orders"], Order, Orders, FROM_1) == []


async def test_a_renamed_read_model_is_found_by_the_position_nobody_uses() -> None:
    (finding,) = await processors(["Purchases"], Order, Orders, FROM_1)

    assert kinds([finding]) == [("warning", "processor")]
    assert 'class Orders(..., name="Purchases")' in finding.message


async def test_a_position_whose_read_model_is_gone_is_named() -> None:
    (finding,) = await processors(["Purchases", "Orders"], Order, Orders, FROM_1)

    assert kinds([finding]) == [("warning", "processor")]
    assert "'Purchases'" in finding.message
    assert "is gone" in finding.message


async def test_an_older_version_beside_the_newer_is_no_finding() -> None:
    class Orders2(View, key="order", name="Orders", version=2):
        order: str
        count: int = 0

        @evolves
        def placed(self, _event: Placed) -> None:
            self.count += 1

    assert await processors(["Orders"], Order, Orders2, FROM_1) == []


async def test_a_changed_fold_and_a_changed_table_are_told_apart() -> None:
    findings = await processors(
        ["Orders"], Order, Orders, FROM_1, changed=[Place("Orders", 1)], misfits=["no room"]
    )

    assert kinds(findings) == [("error", "view-table"), ("warning", "changed-fold")]
    assert "version=2" in findings[1].message


async def test_rows_of_another_log_are_an_error() -> None:
    store = await stored(("order-placed", 2, b'{"order":"1"}'))
    head = await store.head()
    saved = Saved([standing("Orders", head, uuid4())])
    wiring = wiring_of(App("shop", Order, Orders, FROM_1))

    findings = [f async for f in check_processors(wiring, store, saved, head)]

    assert kinds(findings) == [("error", "position")]

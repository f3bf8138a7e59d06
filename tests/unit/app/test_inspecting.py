"""What is told of an App from outside. Read by: who changes what status and check look at."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from leftfold import App, ConfigurationError, Event, View, evolves, handles
from leftfold.app.inspecting import Databases, Saved, databases_of, processor_states, wiring_of
from leftfold.app.inspecting import keeps_events as keeps
from leftfold.app.inspecting import places_of as places
from leftfold.clock import SystemClock
from leftfold.eventstore import MemoryEventStore
from leftfold.eventstore.port import Mark
from leftfold.messages import Query
from leftfold.processing.port import Failure, Place, Standing
from leftfold.testing.contracts.records import commit, record

FAILURE = Failure(
    number=2,
    event=uuid4(),
    type="Deposited",
    reason="Balance.deposited: no",
    traceback="",
    since=datetime(2026, 11, 23, tzinfo=UTC),
)


class Deposited(Event):
    account: str


class Balance(View, key="account", version=2):
    account: str
    count: int = 0

    @evolves
    def deposited(self, _event: Deposited) -> None:
        self.count += 1


class Service:
    """What an App around this one would provide."""


class HowMuch(Query[int]):
    account: str


@handles
async def how_much(query: HowMuch, service: Service) -> int:
    return len(query.account + repr(service))


def app(**options: Any) -> App:
    return App("bank", Balance, **options)


def test_what_is_given_counts_more_than_what_the_app_says() -> None:
    bank = app(database="sqlite:///bank.db", views="sqlite:///rows.db")

    assert databases_of(bank, None, None) == Databases(
        "sqlite:///bank.db", "sqlite:///rows.db", views_named=True
    )
    assert databases_of(bank, "sqlite:///old.db", None) == Databases(
        "sqlite:///old.db", "sqlite:///old.views.db", views_named=False
    )
    assert databases_of(bank, None, "sqlite:///v.db").views == "sqlite:///v.db"
    assert databases_of(None, "sqlite:///a.db", "sqlite:///b.db").views == "sqlite:///b.db"


def test_an_app_in_memory_cannot_be_looked_at() -> None:
    assert not keeps(app())
    assert keeps(app(database="sqlite:///bank.db"))
    with pytest.raises(ConfigurationError, match=r"--database sqlite:///bank\.db"):
        databases_of(app(), None, None)


def test_an_app_that_needs_services_of_another_does_not_fit_together_by_itself() -> None:
    inner = App("inner", how_much)

    with pytest.raises(ConfigurationError, match="Service"):
        wiring_of(inner)


def test_the_processors_of_an_app_are_its_read_models() -> None:
    assert places(wiring_of(app())) == [Place("Balance", 2)]


async def log(count: int) -> MemoryEventStore:
    store = MemoryEventStore(SystemClock())
    for _ in range(count):
        await store.append([commit(record())])
    return store


def standing(store: UUID, at: Mark | None, *, owner: str = "", **more: Any) -> Standing:
    given = {"place": Place("Balance", 2), "fold": "", "failure": None, **more}
    return Standing(store=store, position=at, epoch=1, owner=owner, beat=0, asked=0, **given)


async def state_of(
    store: MemoryEventStore, found: Standing, *known: Place
) -> tuple[str, int, int, str]:
    head = await store.head()
    (state,) = await processor_states(Saved([found]), store, head, known or None)
    return state.state, state.position, state.lag, state.reason


async def test_a_processor_at_the_head_is_current_and_before_it_behind_or_stopped() -> None:
    store = await log(3)
    identity, head = await store.identity(), await store.head()
    first = (await store.records(1, head or Mark(0, identity)))[0].in_log

    assert await state_of(store, standing(identity, head)) == ("current", 3, 0, "")
    assert await state_of(store, standing(identity, first, owner="x")) == ("behind", 1, 2, "")
    state, position, lag, reason = await state_of(store, standing(identity, None))
    assert (state, position, lag) == ("stopped", 0, 3)
    assert reason == "no running app folds it"


async def test_a_failure_is_told_with_its_reason() -> None:
    store = await log(3)
    identity, head = await store.identity(), await store.head()
    first = (await store.records(1, head or Mark(0, identity)))[0].in_log

    state = await state_of(store, standing(identity, first, failure=FAILURE))

    assert state == ("failed", 1, 2, "Balance.deposited: no")


async def test_rows_of_another_log_or_of_a_lost_part_of_it_are_astray() -> None:
    store = await log(3)
    identity, head = await store.identity(), await store.head()

    other = await state_of(store, standing(uuid4(), head))
    beyond = await state_of(store, standing(identity, Mark(9, uuid4())))
    replaced = await state_of(store, standing(identity, Mark(2, uuid4())))

    assert [other[0], beyond[0], replaced[0]] == ["astray"] * 3
    assert "of another store" in other[3]


async def test_what_only_one_side_knows_is_new_or_unused() -> None:
    store = await log(3)
    identity, head = await store.identity(), await store.head()
    saved = Saved([standing(identity, head, place=Place("Old", 1), failure=FAILURE)])

    states = await processor_states(saved, store, head, [Place("Balance", 2)])

    assert [(s.place.processor, s.state, s.lag) for s in states] == [
        ("Balance", "new", 3),
        ("Old", "unused", 0),
    ]

"""What is kept of states, for how long, and whose turn it is. Read by: authors of the kernel."""

import asyncio
import dataclasses
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest
from msgspec import Struct
from unit.modeling.deciding import Account, Deposit, Note, Notes, Open, deciding

from leftfold.errors import ConfigurationError
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.cache import Folded, StateCache
from leftfold.modeling.locks import Locks
from leftfold.modeling.roles import handles
from leftfold.modeling.states import changed_fields, is_immutable, weigh


class Frozen(Struct, frozen=True):
    n: int
    next: "Frozen | None" = None


class FrozenList(Struct, frozen=True):
    n: list[int]


class Loose(Struct):
    n: int


@dataclasses.dataclass(frozen=True)
class FrozenData:
    n: int


@dataclasses.dataclass
class LooseData:
    n: int


class Pair(NamedTuple):
    a: int
    b: str


class Lists(NamedTuple):
    a: list[int]


Name = NewType("Name", str)


@pytest.mark.parametrize(
    "annotation",
    [
        int,
        None,
        str | None,
        Decimal,
        datetime,
        Literal["a"],
        Annotated[int, "note"],
        tuple[int, ...],
        frozenset[str],
        tuple[int, tuple[str, None]],
        Frozen,
        FrozenData,
        Pair,
        Name,
    ],
    ids=str,
)
def test_what_cannot_change_is_copied_by_reference(annotation: Any) -> None:
    assert is_immutable(annotation)


@pytest.mark.parametrize(
    "annotation",
    [
        list[int],
        set[str],
        dict[str, int],
        Any,
        object,
        tuple,
        tuple[list[int], int],
        Loose,
        LooseData,
        FrozenList,
        Lists,
        Loose | None,
    ],
    ids=str,
)
def test_what_can_change_is_not(annotation: Any) -> None:
    assert not is_immutable(annotation)


def test_changed_fields_are_named_with_both_values() -> None:
    assert changed_fields(Loose(1), Loose(2)) == [("n", 1, 2)]
    assert changed_fields(Loose(1), Loose(1)) == []
    assert changed_fields([1], [2]) == [("state", [1], [2])]


def test_the_least_used_states_make_room() -> None:
    cache = StateCache(10_000)
    for n in range(100):
        cache.put(("", f"s{n}"), Folded(["x" * 1_000], None))
        cache.put(("", "often"), cache.take(("", "often")) or Folded([], None))
    assert cache.bytes <= 10_000
    assert 3 < len(cache) < 10
    assert cache.take(("", "s99")) is not None
    assert cache.take(("", "s0")) is None
    assert cache.take(("", "often")) is not None


def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    cache = StateCache(10_000)
    cache.put(("", "a"), Folded("a", None))
    cache.put(("", "big"), Folded("x" * 20_000, None))
    assert len(cache) == 1
    StateCache(0).put(("", "a"), Folded("a", None))


def test_a_state_put_again_is_weighed_as_it_is_now() -> None:
    cache = StateCache(100_000)
    folded = Folded([], None)
    cache.put(("", "a"), folded)
    small = cache.bytes
    folded.state = ["x" * 10_000]
    cache.put(("", "a"), folded)
    assert cache.bytes > small + 10_000
    cache.take(("", "a"))
    assert cache.bytes == 0


def test_shared_values_weigh_once() -> None:
    text = "x" * 10_000
    assert weigh([text, text, {"a": text}]) < 12_000


async def test_locks_are_taken_in_turn_and_gone_when_they_are_free() -> None:
    locks = Locks()
    order: list[int] = []

    async def work(n: int) -> None:
        taken = await locks.acquire(["a", "b"] if n % 2 else ["b", "a"])
        order.append(n)
        await asyncio.sleep(0)
        locks.release(taken)

    async with asyncio.timeout(5):
        await asyncio.gather(*(work(n) for n in range(20)))
    assert order == list(range(20))
    assert vars(locks) == {"_held": {}}


async def test_who_waits_for_the_second_lock_gives_the_first_back() -> None:
    locks = Locks()
    held = await locks.acquire(["b"])
    waiting = asyncio.ensure_future(locks.acquire(["a", "b"]))
    await asyncio.sleep(0)
    waiting.cancel()
    async with asyncio.timeout(5):
        locks.release(await locks.acquire(["a"]))
    locks.release(held)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert vars(locks) == {"_held": {}}


# Changes without an event, which tests look for.


class Careless(Aggregate, key="account", name="Account"):
    balance: int = 10
    names: list[str] = []

    @handles(missing_ok=True)
    def deposit(self, command: Deposit) -> int:
        if command.amount == 1:
            self.balance = 5
        elif command.amount == 2:
            self.names.append("ann")
        return 0


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (
            1,
            (
                "Careless.deposit changed balance from 10 to 5 without an event; the change is "
                "lost at the next load. Record an event and change balance in @evolves."
            ),
        ),
        (2, r"changed names from \[\] to \['ann'\] without an event"),
    ],
    ids=["a field", "a list"],
)
async def test_a_change_without_an_event_is_found_where_it_is_watched(
    amount: int, words: str
) -> None:
    async with deciding(Careless, watch=True) as bank:
        assert await bank.send(Deposit(account="a", amount=3)) == 0
        with pytest.raises(ConfigurationError, match=words):
            await bank.send(Deposit(account="a", amount=amount))
        assert await bank.send(Deposit(account="a", amount=3)) == 0


async def test_who_changes_by_events_only_is_not_stopped() -> None:
    async with deciding(Account, Notes, watch=True) as bank:
        await bank.send(Open(account="a", owner="ann"))
        assert await bank.send(Deposit(account="a", amount=5)) == 5
        assert await bank.send(Deposit(account="a", amount=5)) == 10
        assert await bank.send(Note(list="l", word="a")) == 1
        assert await bank.send(Note(list="l", word="b")) == 2

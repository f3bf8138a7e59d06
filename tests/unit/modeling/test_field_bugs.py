"""What went wrong elsewhere, and goes wrong here with the fault put back. Read by: all authors.

Each scenario holds as it is and must fail under each of its faults, so that it is known to
look where the fault would be. The numbers are those of the list of defects that other systems
shipped: a duplicate that comes late (16), a caller lost between hops (19), a refusal on a stale
state (20), a class that is renamed or moved (23).
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from unit.modeling.deciding import (
    Account,
    Deposit,
    Note,
    Notes,
    Open,
    deciding,
)
from unit.modeling.test_cancellation import (
    test_who_waits_for_a_turn_can_go_without_stopping_others as who_waits_can_go,
)
from unit.modeling.test_kernel import (
    test_a_change_without_an_event_is_not_kept as unrecorded_changes_go,
)
from unit.modeling.test_kernel import (
    test_an_append_with_unknown_outcome_is_repeated_as_it_was as unknown_outcomes_are_repeated,
)
from unit.modeling.test_kernel import (
    test_an_end_stays_the_end_whatever_was_recorded_after_it as ends_stay,
)

from leftfold.bus.bus import Bus, Handling
from leftfold.bus.context import Envoy, handling
from leftfold.bus.functions import Runner, free_function
from leftfold.bus.injection import Injector
from leftfold.bus.providing import Services
from leftfold.clock import SystemClock
from leftfold.codec import Codec, decode_envelope
from leftfold.eventstore import Appended, MemoryEventStore
from leftfold.messages import Command, Event, Metadata, message
from leftfold.messages.metadata import current
from leftfold.modeling import kernel, loading, locks
from leftfold.modeling.decision import Decision
from leftfold.modeling.roles import handles
from leftfold.testing.virtual import VirtualClock

Scenario = Callable[[], Awaitable[None]]
Fault = Callable[[pytest.MonkeyPatch], None]


# 16. An inbox forgot after five minutes.


async def a_duplicate_after_a_week_runs_once() -> None:
    clock = VirtualClock()
    async with deciding(Account, clock=clock) as bank:
        await bank.send(Open(account="a", owner="ann"))
        first = await bank.answer(Deposit(account="a", amount=5), id="once")
        await clock.advance(timedelta(days=7))
        await bank.send(Deposit(account="a", amount=1))
        again = await bank.answer(Deposit(account="a", amount=5), id="once")
        assert (again.result, again.events, again.last) == (5, first.events, first.last)
        assert len(await bank.log()) == 3


def receipts_are_kept_five_minutes(patch: pytest.MonkeyPatch) -> None:
    append = MemoryEventStore._append  # noqa: SLF001  the fault is inside
    known: dict[Any, Any] = {}

    def forgetful(self: Any, commit: Any) -> Any:
        now = self._clock.now()
        for key in list(self._receipts):
            if now - known.setdefault(key, now) > timedelta(minutes=5):
                del self._receipts[key]
        result = append(self, commit)
        known.update({key: known.get(key, now) for key in self._receipts})
        return result

    patch.setattr(MemoryEventStore, "_append", forgetful)


# 19. The caller and the tenant were lost between hops.


class Move(Command[int]):
    target: str


class Tell(Command[None]):
    target: str


async def metadata_is_whole_at_every_hop() -> None:
    heard: list[Metadata] = []

    @handles
    async def move(command: Move, metadata: Metadata) -> int:
        heard.append(metadata)
        await bus.send(Tell(target=command.target))
        return int((await bus.send(Deposit(account=command.target, amount=1))).result)

    @handles
    def tell(command: Tell) -> None:
        assert threading.current_thread() is not threading.main_thread(), command
        here = current.get()
        assert here is not None
        heard.append(here)

    async def look(_message: object, metadata: Metadata, proceed: Any) -> Any:
        assert current.get() == metadata
        return await proceed()

    async with deciding(Account) as bank:
        injector = Injector(Services({}), ())
        free = {Move: Runner(free_function(move), injector)}
        free |= {Tell: Runner(free_function(tell), injector)}
        handlers = {**free, **bank.routes}
        bus = Bus(
            name="bank",
            parts="",
            handlers={m: Handling(by=by, interceptors=(look,)) for m, by in handlers.items()},
            kernel=bank.kernel,
            envoy=bank.envoy,
            store=bank.identity,
        )
        root = Metadata(
            id=uuid4(), time=SystemClock().now(), actor="ann", trace="t-1", tenant="north"
        )
        with handling(root, repeatable=False):
            await bus.send(Open(account="a", owner="ann"))
            await bus.send(Move(target="a"))

        moved, told = heard
        assert [m.actor for m in heard] == ["ann", "ann"]
        assert [m.trace for m in heard] == ["t-1", "t-1"]
        assert [m.tenant for m in heard] == ["north", "north"]
        assert (moved.causation, told.causation) == (root.id, moved.id)
        assert {moved.correlation, told.correlation} == {root.id}
        opened, deposited = await bank.log()
        stored = [decode_envelope(record.metadata) for record in (opened, deposited)]
        assert [(e.actor, e.trace, e.correlation) for e in stored] == [("ann", "t-1", root.id)] * 2
        assert [opened.tenant, deposited.tenant] == ["north", "north"]
        assert stored[1].causation not in {None, root.id, moved.id}


def _losing(*fields: str) -> Fault:
    def lose(patch: pytest.MonkeyPatch) -> None:
        whole = Envoy.metadata

        def partial(self: Envoy, **given: Any) -> Any:
            metadata, text = whole(self, **given)
            lost: dict[str, Any] = {name: "" if name == "tenant" else None for name in fields}
            known = {name: getattr(metadata, name) for name in metadata.__struct_fields__}
            return Metadata(**{**known, **lost}), text

        patch.setattr(Envoy, "metadata", partial)

    lose.__name__ = f"{' and '.join(fields)} lost"
    return lose


def threads_begin_with_an_empty_context(patch: pytest.MonkeyPatch) -> None:
    async def bare(work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(None, work)

    patch.setattr("leftfold.bus.functions.in_thread", bare)


def handlers_do_not_know_what_they_handle(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("leftfold.bus.bus.handling", lambda _metadata, **_options: nullcontext())


# 20. A rejection was decided on a stale cache.


async def a_refusal_on_a_stale_state_is_decided_again() -> None:
    store = MemoryEventStore(SystemClock())
    async with (
        deciding(Account, Notes, store=store) as one,
        deciding(Account, Notes, store=store) as two,
    ):
        await one.send(Note(list="l", word="eggs"))
        await two.send(Note(list="l", word="milk"))
        refused = await one.answer(Note(list="l", word="eggs"))
        assert str(refused.refusal) == "eggs is noted already, among 2"

        await one.send(Open(account="a", owner="ann"))
        await two.send(Deposit(account="a", amount=5))
        refused = await one.answer(Deposit(account="a", amount=0))
        assert str(refused.refusal) == "0 is not positive, and there are 5"


def refusals_are_given_at_once(patch: pytest.MonkeyPatch) -> None:
    append = kernel._Way._append  # noqa: SLF001  the fault is inside

    async def only_records(self: Any, commit: Any) -> Any:
        return await append(self, commit) if commit.records else Appended(0, None)

    patch.setattr("leftfold.modeling.kernel._Way._append", only_records)


# 23. Renaming or moving a class made stored events unreadable.


def _event(cls_name: str, module: str, **options: Any) -> Any:
    body = {"__module__": module, "__qualname__": cls_name, "__annotations__": {"order": str}}
    return message.MessageType(cls_name, (Event,), body, **options)


async def renamed_and_moved_classes_read_what_is_stored() -> None:
    old = _event("OrderPlaced", "shop.orders")
    stored = Codec([old]).encode(old(order="o-1"))
    for new in (
        _event("OrderPlaced", "shop.sales.orders"),
        _event("OrderReceived", "shop.orders", formerly=("OrderPlaced",)),
        _event("Received", "shop.orders", name="order", formerly=("x", "OrderPlaced")),
        _event("Received", "shop.orders", name="OrderPlaced"),
    ):
        codec = Codec([new])
        assert codec.decode(*stored) == new(order="o-1")
        assert stored[0] in codec.names_of([new])
        assert codec.knows(stored[0])


def wire_names_come_from_the_module(patch: pytest.MonkeyPatch) -> None:
    make = message.MessageType.__new__

    def named(*args: Any, **options: Any) -> Any:
        cls = make(*args, **options)
        cls.__leftfold__ = replace(cls.__leftfold__, name=f"{cls.__module__}.{cls.__qualname__}")
        return cls

    patch.setattr(message.MessageType, "__new__", named)


def former_names_are_ignored(patch: pytest.MonkeyPatch) -> None:
    learn = Codec._learn  # noqa: SLF001  the fault is inside

    def only_the_newest(self: Any, cls: type[Event]) -> None:
        learn(self, cls)
        self._by_name = {shape.name: shape for shape in self._by_name.values()}

    patch.setattr(Codec, "_learn", only_the_newest)


# What the kernel's own tests found.


async def a_waiting_command_can_be_cancelled() -> None:
    await who_waits_can_go(1)


def who_leaves_the_queue_looks_for_itself_there(patch: pytest.MonkeyPatch) -> None:
    async def take(self: Any, name: str) -> None:
        waiting = self._held.get(name)
        if waiting is None:
            self._held[name] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        await turn

    patch.setattr(locks.Locks, "_take", take)


def the_handlers_state_is_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Decision, "refold", lambda self, _state: self.state)


def the_last_event_says_whether_it_has_ended(patch: pytest.MonkeyPatch) -> None:
    fold = loading.fold_records

    def last_only(
        model: Any, subject: Any, folded: Any, records: Iterable[Any], codec: Any
    ) -> None:
        for record in records:
            folded.ended = False
            fold(model, subject, folded, [record], codec)

    patch.setattr(loading, "fold_records", last_only)


def a_failed_append_is_given_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(kernel, "APPENDS", 1)


CASES: list[tuple[Scenario, list[Fault]]] = [
    (a_duplicate_after_a_week_runs_once, [receipts_are_kept_five_minutes]),
    (
        metadata_is_whole_at_every_hop,
        [
            *map(_losing, ("actor", "tenant", "trace", "correlation", "causation")),
            threads_begin_with_an_empty_context,
            handlers_do_not_know_what_they_handle,
        ],
    ),
    (a_refusal_on_a_stale_state_is_decided_again, [refusals_are_given_at_once]),
    (
        renamed_and_moved_classes_read_what_is_stored,
        [wire_names_come_from_the_module, former_names_are_ignored],
    ),
    (a_waiting_command_can_be_cancelled, [who_leaves_the_queue_looks_for_itself_there]),
    (unrecorded_changes_go, [the_handlers_state_is_kept]),
    (ends_stay, [the_last_event_says_whether_it_has_ended]),
    (unknown_outcomes_are_repeated, [a_failed_append_is_given_up]),
]


@pytest.mark.parametrize("scenario", [case[0] for case in CASES], ids=lambda case: case.__name__)
async def test_it_holds(scenario: Scenario) -> None:
    await scenario()


@pytest.mark.parametrize(
    ("scenario", "fault"),
    [(scenario, fault) for scenario, faults in CASES for fault in faults],
    ids=lambda case: case.__name__,
)
async def test_it_fails_with_the_fault_put_back(
    scenario: Scenario, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(monkeypatch)
    with pytest.raises((Exception, pytest.fail.Exception)):
        async with asyncio.timeout(2):
            await scenario()

"""SQLite answers as memory does, whatever the order of calls. Read by: authors of stores.

Hypothesis writes a script of turns: commits that come while others are being stored, with
expectations, conditions, receipts and ids that are new, right, stale or taken, and callers that
are cancelled while they queue or while their commit is in flight. Both stores play it through
group commit, and every answer and all that is stored must be equal.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leftfold.adapters.sqlite import open_eventstore
from leftfold.clock import SystemClock
from leftfold.errors import LeftfoldError
from leftfold.eventstore import (
    Commit,
    Condition,
    Criterion,
    EventStore,
    Expectation,
    GroupCommit,
    Mark,
    NewRecord,
    Receipt,
    Result,
    open_memory,
)
from leftfold.testing.contracts.records import everything

STREAMS = ["A/1", "A/2", "B/1"]
TYPES = ["Opened", "Closed"]
TAGS = ["a:1", "a:2", "b:1"]
TENANTS = ["", "acme"]
COMMANDS = ["c-1", "c-2", "c-3"]


class Planned(msgspec.Struct, frozen=True):
    """A commit by what it means; marks are looked up in what the log then holds."""

    tenant: str
    records: tuple[tuple[str, str, frozenset[str]], ...]
    expects: tuple[tuple[str, str], ...]  # stream, and which head: right, none, older, other
    condition: tuple[tuple[Criterion, ...], str] | None  # criteria, and after which place
    command: str | None
    again: bool  # the ids of the commit before
    cancelled: bool


class Turn(msgspec.Struct, frozen=True):
    """Commits that go off together, and those that queue behind them meanwhile."""

    first: tuple[Planned, ...]
    behind: tuple[Planned, ...]


tags = st.frozensets(st.sampled_from(TAGS), max_size=2)
criteria = st.lists(
    st.builds(Criterion, types=st.frozensets(st.sampled_from(TYPES), max_size=1), tags=tags),
    max_size=2,
).map(tuple)
planned = st.builds(
    Planned,
    tenant=st.sampled_from(TENANTS),
    records=st.lists(
        st.tuples(st.sampled_from(STREAMS), st.sampled_from(TYPES), tags), max_size=3
    ).map(tuple),
    expects=st.lists(
        st.tuples(
            st.sampled_from(STREAMS), st.sampled_from(["right", "right", "none", "older", "other"])
        ),
        max_size=2,
    ).map(tuple),
    condition=st.none()
    | st.tuples(criteria, st.sampled_from(["head", "head", "start", "older", "other", "beyond"])),
    command=st.none() | st.sampled_from(COMMANDS),
    again=st.sampled_from([False, False, False, True]),
    cancelled=st.sampled_from([False, False, False, True]),
)
turns = st.lists(
    st.builds(
        Turn,
        first=st.lists(planned, min_size=1, max_size=3).map(tuple),
        behind=st.lists(planned, max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=6,
)


class Gate:
    """A store whose appends wait until the script lets them go."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.entered = asyncio.Event()
        self.opened = asyncio.Event()

    async def append(self, commits: Sequence[Commit]) -> list[Result]:
        self.entered.set()
        await self.opened.wait()
        return await self.store.append(commits)


class Player:
    """Plays a script on one store."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.gate = Gate(store)
        self.ids = 0
        self.last: tuple[NewRecord, ...] = ()
        self.answers: list[Any] = []

    async def play(self, script: Sequence[Turn]) -> None:
        # The gate is a store as far as group commit looks.
        async with GroupCommit(self.gate, SystemClock()) as group:  # type: ignore[arg-type]
            for turn in script:
                await self.take(turn, group)

    async def take(self, turn: Turn, group: GroupCommit) -> None:
        self.gate.entered.clear()
        self.gate.opened.clear()
        log = await everything(self.store)
        calls: list[asyncio.Task[Any]] = []

        async def start(plans: Sequence[Planned]) -> None:
            for plan in plans:
                call = group.append(self.commit(plan, log))
                calls.append(asyncio.create_task(answer(call)))
            await asyncio.sleep(0)

        await start(turn.first)
        await self.gate.entered.wait()
        await start(turn.behind)
        for plan, call in zip(turn.first + turn.behind, calls, strict=True):
            if plan.cancelled:
                call.cancel()
        await asyncio.sleep(0)
        self.gate.opened.set()
        said = await asyncio.gather(*calls, return_exceptions=True)
        self.answers.append([type(one) if isinstance(one, BaseException) else one for one in said])
        await group.append(Commit())  # until the last cancelled one is out of flight

    def commit(self, plan: Planned, log: Sequence[Any]) -> Commit:
        records = self.last if plan.again else tuple(self.new(*one) for one in plan.records)
        self.last = records
        expects = tuple(
            Expectation(stream=stream, head=head_of(plan.tenant, stream, which, log))
            for stream, which in plan.expects
        )
        condition = plan.condition and Condition(
            criteria=plan.condition[0], after=place(plan.condition[1], log)
        )
        return Commit(
            tenant=plan.tenant,
            records=records,
            expects=expects,
            condition=condition,
            receipt=plan.command
            and Receipt(command=plan.command, fingerprint=b"#", outcome=b"%d" % self.ids),
        )

    def new(self, stream: str, kind: str, tagged: frozenset[str]) -> NewRecord:
        self.ids += 1
        return NewRecord(
            id=UUID(int=self.ids),
            stream=stream,
            type=kind,
            revision=self.ids % 2 + 1,
            tags=tagged,
            data=b"%d" % self.ids,
            metadata=b"{}",
        )

    async def seen(self) -> list[Any]:
        """Return all that a reader may learn, without the time of recording."""
        store = self.store
        log = await everything(store, limit=3)
        pages = [
            [kept.position for kept in await found(store, wanted, tenant)]
            for wanted in (*((Criterion(tags=frozenset([tag])),) for tag in TAGS), LEFT, EITHER)
            for tenant in (*TENANTS, None)
        ]
        return [
            [msgspec.structs.replace(kept, recorded=None) for kept in log],
            [await store.receipt(tenant, name) for tenant in TENANTS for name in COMMANDS],
            [
                [kept.position for kept in await store.read(tenant, name, after=None, limit=99)]
                for tenant in TENANTS
                for name in STREAMS
            ],
            pages,
            await store.head(),
            dict(await store.types()),
        ]


LEFT = (Criterion(types=frozenset(["Opened"]), tags=frozenset(["a:1"])),)
EITHER = (Criterion(types=frozenset(["Opened"])), Criterion(tags=frozenset(["a:2", "b:1"])))


async def answer(call: Any) -> Any:
    try:
        return await call
    except LeftfoldError as error:
        return type(error), str(error)


def head_of(tenant: str, stream: str, which: str, log: Sequence[Any]) -> Mark | None:
    records = [kept for kept in log if (kept.tenant, kept.stream) == (tenant, stream)]
    if which == "none" or not records:
        return None
    if which == "other":
        return Mark(len(records), UUID(int=0))
    return records[0 if which == "older" else -1].in_stream


def place(which: str, log: Sequence[Any]) -> Mark | None:
    if which == "start" or not log:
        return None
    return {
        "head": log[-1].in_log,
        "older": log[0].in_log,
        "other": Mark(len(log), UUID(int=0)),
        "beyond": Mark(len(log) + 9, log[-1].id),
    }[which]


async def found(store: EventStore, wanted: Any, tenant: str | None) -> list[Any]:
    records: list[Any] = []
    after: Mark | None = None
    while True:
        page = await store.read_all(wanted, after=after, limit=2, tenant=tenant)
        records += page.records
        if page.upto == after:
            return records
        after = page.upto


async def played(script: Sequence[Turn], store: EventStore) -> tuple[list[Any], list[Any]]:
    player = Player(store)
    try:
        await player.play(script)
        return player.answers, await player.seen()
    finally:
        await store.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=turns)
async def test_sqlite_answers_as_memory_does(script: list[Turn], tmp_path_factory: Any) -> None:
    folder: Path = tmp_path_factory.mktemp("log")
    sqlite = await open_eventstore(f"sqlite:///{folder}/log.db", clock=SystemClock())
    memory = await open_memory("memory:", clock=SystemClock())

    answers, seen = await played(script, sqlite)

    assert (answers, seen) == await played(script, memory)

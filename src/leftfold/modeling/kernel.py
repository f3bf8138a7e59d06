"""The one way of every command: load, fold, decide, append under a condition. Read by: its authors.

Every command ends in one Commit whose expectation the store checks, also when there is nothing
to store: so an answer or a refusal is never given on a stale state. When the expectation fails
somebody else was first; what is new is read and the command is decided again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from leftfold.codec.envelope import encode_envelope
from leftfold.errors import ConflictError, IdReused, Rejected, StorageError
from leftfold.eventstore.port import (
    Appended,
    Commit,
    Condition,
    Conflict,
    Duplicate,
    Expectation,
    Mark,
    NewRecord,
)
from leftfold.modeling.answering import Answer, Answers, receipt_of
from leftfold.modeling.cache import Folded
from leftfold.modeling.decision import Decision, deciding

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from leftfold.clock import Clock
    from leftfold.codec.codec import Codec
    from leftfold.eventstore.port import EventStore, Result
    from leftfold.messages.ids import Ids
    from leftfold.messages.message import Command
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.cache import StateCache
    from leftfold.modeling.handling import CommandHandler
    from leftfold.modeling.loading import Loader
    from leftfold.modeling.locks import Locks
    from leftfold.modeling.plan import DecidingModel, StreamOwner, Subject

__all__ = ["Kernel", "KernelParts", "Route"]

TRIES = 20
CALM_TRIES = 3  # conflicts without a pause; afterwards a random one, growing, lets others through
PAUSE_S = 0.002

# An append that failed is repeated as it is, since only the same ids show whether it was stored.
APPENDS = 3
APPEND_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which handler of which model decides a command, and what is injected into it."""

    model: DecidingModel
    handler: CommandHandler
    inject: Callable[[Metadata], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelParts:
    """What the kernel works with."""

    store: EventStore
    append: Callable[[Commit], Awaitable[Result]]
    codec: Codec
    clock: Clock
    ids: Ids
    cache: StateCache
    locks: Locks
    loader: Loader
    aggregates: Sequence[StreamOwner]
    watch: Callable[[Any], Callable[[Decision], None]] | None = None
    """Looks at every decision, in tests: given the state before, returns a check for after."""


class Kernel:
    """Decides commands, one at a time for each stream, and stores what they lead to."""

    def __init__(self, parts: KernelParts) -> None:
        """Work with these parts, which the App owns."""
        self._parts = parts
        self.answers = Answers(parts.store, parts.append, parts.codec)

    async def decide(
        self, route: Route, command: Command[Any], metadata: Metadata, command_id: str | None
    ) -> Answer:
        """Decide a command and store what it leads to.

        Args:
            route: Who decides.
            command: What is asked.
            metadata: The command's own.
            command_id: The id that the caller gave, whose first answer is kept; None: none.

        Returns:
            The answer, which may be a refusal, as it was stored.

        Raises:
            ConflictError: Others were first in every try.
            IdReused: The id belongs to another command.
            StorageError: The engine failed; the outcome is unknown.
        """
        subject = route.model.subject(route.handler, command)
        locks = self._parts.locks
        taken = await locks.acquire([f"{metadata.tenant}\x1f{name}" for name in subject.locks])
        try:
            way = _Way(self._parts, route, command, metadata, subject)
            if command_id is None:
                return await way.until_stored(None, self.answers)
            try:
                return await way.until_stored(command_id, self.answers)
            except IdReused:
                raise
            except Exception:
                first = await self._decided_before(command, metadata.tenant, command_id)
                if first is None:
                    raise
                return first
        finally:
            locks.release(taken)

    async def _decided_before(
        self, command: Command[Any], tenant: str, command_id: str
    ) -> Answer | None:
        """Return the first answer to a command that fails now.

        It may have been decided long ago, on a state that has gone, or just now, by a store
        that could not say so.
        """
        try:
            return await self.answers.first(command, tenant, command_id)
        except StorageError:
            return None

    async def head(self) -> Mark | None:
        """Return the place of the newest record."""
        return await self._parts.store.head()


class _Decided(msgspec.Struct, frozen=True):
    """What one try led to, before it is stored."""

    result: Any
    refusal: Rejected | None
    decision: Decision


class _Way:
    """One command on its way, from the first load to the stored commit."""

    def __init__(
        self,
        parts: KernelParts,
        route: Route,
        command: Command[Any],
        metadata: Metadata,
        subject: Subject,
    ) -> None:
        self._parts = parts
        self._route = route
        self._command = command
        self._metadata = metadata
        self._subject = subject
        self._key = (metadata.tenant, subject.stream) if subject.criteria is None else None

    async def until_stored(self, command_id: str | None, answers: Answers) -> Answer:
        folded = self._cached_or_new()
        if folded is None:
            folded = await self._load(None)
        for count in itertools.count(1):
            decided = self._decide(folded)
            commit = self._commit(folded, decided, command_id)
            result = await self._append(commit)
            if isinstance(result, Appended):
                return self._stored(folded, decided, commit, result)
            if isinstance(result, Duplicate):
                return await answers.repeat(self._command, result.receipt)
            if count == TRIES:
                raise self._outrun(result)
            await self._give_way(count)
            folded = await self._load(folded if self._route.model.copy is not None else None)
        raise AssertionError

    def _cached_or_new(self) -> Folded | None:
        """Return what needs no reading: a kept state, or nothing where nothing should be.

        A stream that must not exist yet is taken to be missing; the commit checks it.
        """
        if self._key is None:
            return None
        folded = self._parts.cache.take(self._key)
        if folded is None and self._route.handler.role.new:
            return Folded(self._route.model.blank(self._command), None)
        return folded

    async def _load(self, known: Folded | None) -> Folded:
        return await self._parts.loader.load(
            self._route.model,
            self._subject,
            self._command,
            tenant=self._metadata.tenant,
            known=known,
        )

    def _decide(self, folded: Folded) -> _Decided:
        model, handler, parts = self._route.model, self._route.handler, self._parts
        decision = Decision(
            self._working_state(folded),
            folds=model.applier(self._subject),
            codec=parts.codec,
            ids=parts.ids,
            metadata=self._metadata,
            label=handler.label,
        )
        check = parts.watch(decision.state) if parts.watch is not None else None
        exists = folded.head is not None
        try:
            model.admit(handler, self._subject, exists=exists, ended=folded.ended)
            token = deciding.set(decision)
            try:
                extra = self._route.inject(self._metadata)
                result = model.decide(handler, decision, self._command, extra)
            finally:
                deciding.reset(token)
        except Rejected as refusal:
            decision.recorded.clear()
            return _Decided(None, refusal, decision)
        if check is not None:
            check(decision)
        return _Decided(result, None, decision)

    def _working_state(self, folded: Folded) -> Any:
        """Return a state that the handler may change: a copy if that is cheap."""
        if folded.head is None:
            return self._route.model.blank(self._command)
        copy = self._route.model.copy
        return folded.state if copy is None else copy(folded.state)

    def _commit(self, folded: Folded, decided: _Decided, command_id: str | None) -> Commit:
        subject, receipt = self._subject, None
        condition: Condition | None = None
        expects: tuple[Expectation, ...] = ()
        if subject.criteria is not None:
            condition = Condition(criteria=subject.criteria, after=folded.head)
        else:
            expects = (Expectation(stream=subject.stream, head=folded.head),)
        if command_id is not None:
            receipt = receipt_of(self._command, command_id, decided.result, decided.refusal)
        return Commit(
            tenant=self._metadata.tenant,
            records=self._records(decided.decision),
            expects=expects,
            condition=condition,
            receipt=receipt,
        )

    def _records(self, decision: Decision) -> tuple[NewRecord, ...]:
        if not decision.recorded:
            return ()
        metadata = encode_envelope(self._metadata)
        streams = self._route.model.streams(decision, self._subject, self._parts.aggregates)
        return tuple(
            NewRecord(
                id=id_,
                stream=stream,
                type=sealed.type,
                revision=sealed.revision,
                tags=sealed.tags,
                data=sealed.data,
                metadata=metadata,
            )
            for (sealed, id_, _), stream in zip(decision.recorded, streams, strict=True)
        )

    async def _append(self, commit: Commit) -> Result:
        """Append, again where the engine failed and may have stored it all the same."""
        for left in range(APPENDS - 1, 0, -1):
            try:
                return await self._parts.append(commit)
            except StorageError as error:
                if not error.retryable:
                    raise
            await self._parts.clock.sleep(APPEND_PAUSE_S / left)
        return await self._parts.append(commit)

    def _stored(
        self, folded: Folded, decided: _Decided, commit: Commit, result: Appended
    ) -> Answer:
        if self._key is not None:
            self._keep(self._key, folded, decided, commit)
        events = tuple(sealed.event for sealed, _, _ in decided.decision.recorded)
        return Answer(decided.result, decided.refusal, result.last, events)

    def _keep(
        self, key: tuple[str, str], folded: Folded, decided: _Decided, commit: Commit
    ) -> None:
        """Keep the state that is now committed; a refused one only if it was a copy.

        Where states are copied the events are folded into the one from before the decision, so
        that a change without an event is not kept even until the next load.
        """
        model, decision = self._route.model, decided.decision
        if commit.records:
            try:
                state = decision.state if model.copy is None else decision.refold(folded.state)
            except Exception:  # noqa: BLE001  it is stored, so it is answered; a load will say more
                return
            folded.state = state
            folded.head = Mark(folded.version + len(commit.records), commit.records[-1].id)
            for sealed, _, _ in decision.recorded:
                folded.ended = folded.ended or model.ends(type(sealed.event))
        elif model.copy is None:
            return
        if folded.head is not None:
            self._parts.cache.put(key, folded)

    async def _give_way(self, count: int) -> None:
        if count > CALM_TRIES:
            clock = self._parts.clock
            await clock.sleep(clock.random.uniform(0, PAUSE_S * (count - CALM_TRIES)))

    def _outrun(self, last: Conflict) -> ConflictError:
        return ConflictError(
            f"{type(self._command).__name__} was decided {TRIES} times on {self._subject.stream!r} "
            f"and others were first each time; the last try expected {last.expected} and found "
            f"{last.found}. Nothing was stored. Send it again, or make the contended part smaller."
        )

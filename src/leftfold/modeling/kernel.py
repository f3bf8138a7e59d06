"""The one way of every command: load, fold, decide, append under a condition. Read by: its authors.

Every command ends in one Commit whose expectation the store checks, also when there is nothing
to store: so an answer or a refusal is never given on a stale state. When the expectation fails
somebody else was first; what is new is read and the command is decided again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leftfold.codec.envelope import encode_envelope
from leftfold.errors import ConflictError, IdReused, Rejected
from leftfold.eventstore.port import (
    Appended,
    Commit,
    Condition,
    Conflict,
    Duplicate,
    Expectation,
    Mark,
    NewRecord,
    Receipt,
)
from leftfold.modeling.cache import Folded
from leftfold.modeling.decision import Decision
from leftfold.modeling.outcomes import encode_refusal, encode_result, fingerprint_of, outcome_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from leftfold.clock import Clock
    from leftfold.codec.codec import Codec
    from leftfold.eventstore.port import EventStore, Result
    from leftfold.messages.ids import Ids
    from leftfold.messages.message import Command, Event
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.aggregate_model import AggregateModel
    from leftfold.modeling.cache import StateCache
    from leftfold.modeling.handling import CommandHandler
    from leftfold.modeling.loading import Loader
    from leftfold.modeling.locks import Locks
    from leftfold.modeling.plan import DecidingModel, Subject

__all__ = ["Answer", "Decided", "Kernel", "KernelParts", "Route"]

TRIES = 20
CALM_TRIES = 3  # conflicts without a pause; afterwards a random one, growing, lets others through
PAUSE_S = 0.002


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a command, and the place in the log after it."""

    result: Any
    refusal: Rejected | None
    last: Mark | None
    events: tuple[Event, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What one try led to, before it is stored."""

    result: Any
    refusal: Rejected | None
    decision: Decision


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
    aggregates: Sequence[AggregateModel]
    watch: Callable[[DecidingModel, Subject, Any], Callable[[Decision], None]] | None = None
    """Looks at every decision, in tests."""


class Kernel:
    """Decides commands, one at a time for each stream, and stores what they lead to."""

    def __init__(self, parts: KernelParts) -> None:
        """Work with these parts, which the App owns."""
        self._parts = parts

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
            return await _Try(self._parts, route, command, metadata, subject).until_stored(
                command_id
            )
        finally:
            locks.release(taken)

    async def head(self) -> Mark | None:
        """Return the place of the newest record."""
        return await self._parts.store.head()

    async def first_answer(
        self, command: Command[Any], tenant: str, command_id: str
    ) -> Answer | None:
        """Return the kept answer to a command that has run, if it has.

        Raises:
            IdReused: The id belongs to another command.
        """
        receipt = await self._parts.store.receipt(tenant, command_id)
        return None if receipt is None else await self.repeat(command, receipt)

    async def keep(
        self, command: Command[Any], tenant: str, command_id: str, done: tuple[Any, Rejected | None]
    ) -> Answer:
        """Keep the answer to a command that stored nothing; the first one counts."""
        result, refusal = done
        receipt = Receipt(
            command=command_id,
            fingerprint=fingerprint_of(command),
            outcome=encode_refusal(refusal) if refusal else encode_result(command, result),
        )
        stored = await self._parts.append(Commit(tenant=tenant, receipt=receipt))
        if isinstance(stored, Duplicate):
            return await self.repeat(command, stored.receipt)
        last = stored.last if isinstance(stored, Appended) else None
        return Answer(result, refusal, last, ())

    async def repeat(self, command: Command[Any], receipt: Receipt) -> Answer:
        """Return the answer that a receipt keeps."""
        if receipt.fingerprint != fingerprint_of(command):
            message = (
                f"The id {receipt.command!r} was given before, to a command of another type or "
                f"content than this {type(command).__name__}. Nothing was done. Use a new id for "
                "a new command, and the same content for a retry."
            )
            raise IdReused(message)
        result, refusal = outcome_of(command, receipt.outcome)
        events: tuple[Event, ...] = ()
        if receipt.first and receipt.last is not None:
            records = await self._parts.store.records(receipt.first, receipt.last)
            decode = self._parts.codec.decode
            events = tuple(decode(r.type, r.revision, r.data) for r in records)
        return Answer(result, refusal, receipt.last, events, repeated=True)


class _Try:
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

    async def until_stored(self, command_id: str | None) -> Answer:
        parts, kernel = self._parts, Kernel(self._parts)
        folded = self._cached_or_new()
        if folded is None:
            folded = await self._load(None)
        for count in itertools.count():
            try:
                decided = self._decide(folded)
                commit = self._commit(folded, decided, command_id)
            except Exception:
                # The same command may have been decided long ago, on a state that has gone.
                first = command_id and await kernel.first_answer(
                    self._command, self._metadata.tenant, command_id
                )
                if first:
                    return first
                raise
            result = await parts.append(commit)
            if isinstance(result, Appended):
                return self._stored(folded, decided, commit, result)
            if isinstance(result, Duplicate):
                return await kernel.repeat(self._command, result.receipt)
            if count + 1 == TRIES:
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

    def _decide(self, folded: Folded) -> Decided:
        model, handler, parts = self._route.model, self._route.handler, self._parts
        decision = Decision(
            self._working_state(folded),
            folds=model.applier(self._subject),
            codec=parts.codec,
            ids=parts.ids,
            metadata=self._metadata,
            label=handler.label,
        )
        watch = parts.watch
        check = watch(model, self._subject, decision.state) if watch is not None else None
        exists = folded.head is not None
        try:
            model.admit(handler, self._subject, exists=exists, ended=folded.ended)
            with decision.running():
                extra = self._route.inject(self._metadata)
                result = model.decide(handler, decision, self._command, extra)
        except Rejected as refusal:
            decision.recorded.clear()
            return Decided(None, refusal, decision)
        if check is not None:
            check(decision)
        return Decided(result, None, decision)

    def _working_state(self, folded: Folded) -> Any:
        """Return a state that the handler may change: a copy if that is cheap."""
        if folded.head is None:
            return self._route.model.blank(self._command)
        copy = self._route.model.copy
        return folded.state if copy is None else copy(folded.state)

    def _commit(self, folded: Folded, decided: Decided, command_id: str | None) -> Commit:
        subject, tenant = self._subject, self._metadata.tenant
        condition: Condition | None = None
        expects: tuple[Expectation, ...] = ()
        if subject.criteria is not None:
            condition = Condition(criteria=subject.criteria, after=folded.head)
        else:
            expects = (Expectation(stream=subject.stream, head=folded.head),)
        receipt = None
        if command_id is not None:
            refusal = decided.refusal
            receipt = Receipt(
                command=command_id,
                fingerprint=fingerprint_of(self._command),
                outcome=encode_refusal(refusal)
                if refusal is not None
                else encode_result(self._command, decided.result),
            )
        return Commit(
            tenant=tenant,
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

    def _stored(self, folded: Folded, decided: Decided, commit: Commit, result: Appended) -> Answer:
        if self._key is not None:
            self._keep(self._key, folded, decided, commit)
        events = tuple(sealed.event for sealed, _, _ in decided.decision.recorded)
        return Answer(decided.result, decided.refusal, result.last, events)

    def _keep(self, key: tuple[str, str], folded: Folded, decided: Decided, commit: Commit) -> None:
        """Keep the state that is now committed; a refused one only if it was a copy."""
        model = self._route.model
        if commit.records:
            last = commit.records[-1]
            folded.head = Mark(folded.version + len(commit.records), last.id)
            folded.state = decided.decision.state
            folded.ended = model.ends(type(decided.decision.recorded[-1][0].event))
        elif model.copy is None:
            return
        if folded.head is not None:
            self._parts.cache.put(key, folded)

    async def _give_way(self, count: int) -> None:
        if count >= CALM_TRIES:
            clock = self._parts.clock
            await clock.sleep(clock.random.uniform(0, PAUSE_S * (count - CALM_TRIES + 1)))

    def _outrun(self, last: Conflict) -> ConflictError:
        return ConflictError(
            f"{type(self._command).__name__} was decided {TRIES} times on {self._subject.stream!r} "
            f"and others were first each time; the last try expected {last.expected} and found "
            f"{last.found}. Nothing was stored. Send it again, or make the contended part smaller."
        )

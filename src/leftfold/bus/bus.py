"""Routes each message to its one handler, within its interceptors. Read by: the App's authors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from leftfold.bus.context import handling
from leftfold.bus.functions import Runner
from leftfold.bus.interceptors import around
from leftfold.bus.waiting import within
from leftfold.errors import ConfigurationError, LeftfoldError, NoHandler, Rejected
from leftfold.messages.message import Message, options_of
from leftfold.modeling.answering import Answer
from leftfold.modeling.outcomes import content_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from uuid import UUID

    from leftfold.bus.context import Envoy
    from leftfold.bus.interceptors import Interceptor
    from leftfold.messages.message import Command, Query
    from leftfold.messages.metadata import Metadata
    from leftfold.modeling.kernel import Kernel, Route

__all__ = ["Bus", "Handling"]

_UNKNOWN = (
    "{name} had no answer within {{limit}}, so its outcome is unknown. Send it again with the "
    "same id=: if it has run, its first answer comes back."
)
_UNANSWERED = "{name} had no answer within {{limit}}. Ask again, or give it more time."


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """Who handles a message type, a model or a free function, and what is around."""

    by: Route | Runner
    interceptors: Sequence[Interceptor] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """Sends commands and asks queries inside one process.

    `name` and `parts` are the App's, for the error about a message that nobody handles;
    `store` is the identity of the log.
    """

    name: str
    parts: str
    handlers: Mapping[type[Message], Handling]
    kernel: Kernel
    envoy: Envoy
    store: UUID

    async def send(
        self,
        command: Command[Any],
        *,
        command_id: UUID | str | None = None,
        actor: str | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Have a command handled.

        Returns:
            Its answer, which is never a refusal: that is raised.

        Raises:
            Rejected: The model refused it.
            NoHandler: No part handles it.
            NoAnswer: The time ran out; the outcome is unknown.
            CodecError: It has an id, and its content or its answer cannot be kept.
        """
        to = self._handling(command, "Command", "send")
        if command_id is None and self.envoy.derives():
            command_id = self.envoy.derived(options_of(type(command)).name, content_of(command))
        metadata, text = self.envoy.metadata(store=self.store, actor=actor, given=command_id)
        if timeout_s is None and not to.interceptors:
            return await self._answer(to.by, command, metadata, text)
        if not to.interceptors:
            work = partial(self._answer, to.by, command, metadata, text)
        else:
            work = partial(self._intercepted, to, command, metadata, text)
        failure = _UNKNOWN.format(name=type(command).__name__)
        return await within(timeout_s, work, clock=self.envoy.clock, failure=failure)

    async def ask(
        self,
        query: Query[Any],
        *,
        before: Callable[[Runner], Awaitable[None]] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        """Have a query answered.

        Args:
            query: What is asked.
            before: Waits until what the handler reads is fresh enough.
            timeout_s: How long to wait in all.

        Raises:
            NoHandler: No part handles it.
            NoAnswer: The time ran out.
        """
        to = self._handling(query, "Query", "ask")
        runner = to.by
        assert isinstance(runner, Runner)  # noqa: S101  only free functions answer queries
        metadata, _ = self.envoy.metadata(store=self.store, actor=None, given=None)

        async def innermost() -> Any:
            if before is not None:
                await before(runner)
            with handling(metadata, repeatable=False):
                return await runner(query, metadata)

        work: Callable[[], Awaitable[Any]] = innermost
        if to.interceptors:
            work = self._around(to.interceptors, query, metadata, innermost)
        failure = _UNANSWERED.format(name=type(query).__name__)
        return await within(timeout_s, work, clock=self.envoy.clock, failure=failure)

    @staticmethod
    def _around(
        interceptors: Sequence[Interceptor],
        message: Message,
        metadata: Metadata,
        innermost: Callable[[], Awaitable[Any]],
    ) -> Callable[[], Awaitable[Any]]:
        work = around(interceptors, message, metadata, innermost)

        async def handled() -> Any:
            # What an interceptor sends is caused by the message, and is no part of its handling.
            with handling(metadata, repeatable=False):
                return await work()

        return handled

    def _handling(self, message: Message, kind: str, verb: str) -> Handling:
        to = self.handlers.get(type(message))
        if to is None or options_of(type(message)).kind != kind:
            raise self._unhandled(message, kind, verb)
        return to

    def _unhandled(self, message: object, kind: str, verb: str) -> LeftfoldError:
        if not isinstance(message, Message) or options_of(type(message)).kind != kind:
            return ConfigurationError(f"{verb}() takes a {kind}, not {message!r}.")
        return NoHandler(
            f"No part of App '{self.name}' handles {type(message).__name__}. Parts: {self.parts}. "
            "Add its handler, or pass the part to App(...)."
        )

    async def _intercepted(
        self, to: Handling, command: Command[Any], metadata: Metadata, text: str | None
    ) -> Answer:
        answers: list[Answer] = []

        async def innermost() -> Any:
            answers.append(await self._answer(to.by, command, metadata, text))
            return answers[-1].result

        result = await self._around(to.interceptors, command, metadata, innermost)()
        if not answers:  # an interceptor answered by itself
            return Answer(result, None, await self.kernel.head(), ())
        answer = answers[-1]
        return Answer(result, None, answer.last, answer.events, repeated=answer.repeated)

    async def _answer(
        self, by: Route | Runner, command: Command[Any], metadata: Metadata, text: str | None
    ) -> Answer:
        if isinstance(by, Runner):
            answer = await self._run(by, command, metadata, text)
        else:
            answer = await self.kernel.decide(by, command, metadata, text)
        if answer.refusal is not None:
            raise answer.refusal
        return answer

    async def _run(
        self, runner: Runner, command: Command[Any], metadata: Metadata, text: str | None
    ) -> Answer:
        """Call a free function; with an id its first answer is kept, as a model's is."""
        answers = self.kernel.answers
        if text is not None:
            first = await answers.first(command, metadata.tenant, text)
            if first is not None:
                return first
        result, refusal = None, None
        with handling(metadata, repeatable=text is not None):
            try:
                result = await runner(command, metadata)
            except Rejected as error:
                refusal = error
        if text is not None:
            return await answers.keep(command, metadata.tenant, text, (result, refusal))
        return Answer(result, refusal, await self.kernel.head(), ())

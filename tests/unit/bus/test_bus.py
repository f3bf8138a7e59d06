"""Messages on their way: routing, free functions, interceptors, time limits. Read by: authors."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from unit.bus.serving import serving
from unit.modeling.deciding import Account, Deposit, NotPositive, Open

from leftfold.bus.bus import Bus
from leftfold.bus.functions import free_function
from leftfold.errors import CodecError, ConfigurationError, IdReused, NoAnswer, NoHandler, Rejected
from leftfold.messages import Command, Event, Metadata, Query
from leftfold.messages.metadata import current
from leftfold.modeling.roles import evolves, handles
from leftfold.testing.virtual import VirtualClock


class Close(Command[None]):
    pass


class Ask(Query[int]):
    n: int


class Wait(Command[int]):
    s: float


class Fill(Command[int]):
    accounts: tuple[str, ...]
    amount: int = 1


@handles
async def ask(query: Ask) -> int:
    return query.n


@handles
async def wait(command: Wait) -> int:
    await asyncio.sleep(command.s)
    return 1


@handles
async def fill(command: Fill, bus: Bus) -> int:
    answers = [await bus.send(Deposit(account=a, amount=command.amount)) for a in command.accounts]
    return sum(answer.result for answer in answers)


async def test_each_message_reaches_its_handler() -> None:
    async with serving(Account, ask) as bus:
        await bus.send(Open(account="a", owner="ann"))
        assert (await bus.send(Deposit(account="a", amount=5))).result == 5
        assert await bus.ask(Ask(n=7)) == 7
        with pytest.raises(NotPositive):
            await bus.send(Deposit(account="a", amount=0))


async def test_what_nobody_handles_says_what_to_do() -> None:
    async with serving(Account, ask) as bus:
        words = (
            r"No part of App 'bank' handles Close. Parts: Account, Notes. Add its handler, or pass "
            r"the part to App\(...\)\."
        )
        with pytest.raises(NoHandler, match=words):
            await bus.send(Close())
        with pytest.raises(ConfigurationError, match=r"send\(\) takes a Command, not Ask\(n=1\)"):
            await bus.send(Ask(n=1))  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match=r"ask\(\) takes a Query, not Close"):
            await bus.ask(Close())  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match="not 'text'"):
            await bus.send("text")  # type: ignore[arg-type]


async def test_what_a_handler_with_an_id_sends_runs_once() -> None:
    async with serving(Account, fill) as bus:
        for account in "ab":
            await bus.send(Open(account=account, owner="ann"))
        first = await bus.send(Fill(accounts=("a", "b", "a")), command_id="fill")
        assert first.result == 1 + 1 + 2
        again = await bus.send(Fill(accounts=("a", "b", "a")), command_id="fill")
        assert (again.result, again.repeated) == (4, True)
        with pytest.raises(IdReused, match="'fill'"):
            await bus.send(Fill(accounts=("a",)), command_id="fill")
        assert (await bus.send(Deposit(account="a", amount=1))).result == 3


async def test_a_handler_that_crashed_half_way_goes_on_where_it_was() -> None:
    crash = True

    @handles
    async def fragile(command: Fill, bus: Bus) -> int:
        total = 0
        for account in command.accounts:
            total += (await bus.send(Deposit(account=account, amount=1))).result
            if crash:
                raise ZeroDivisionError
        return total

    async with serving(Account, fragile) as bus:
        await bus.send(Open(account="a", owner="ann"))
        with pytest.raises(ZeroDivisionError):
            await bus.send(Fill(accounts=("a", "a")), command_id="fill")
        crash = False
        assert (await bus.send(Fill(accounts=("a", "a")), command_id="fill")).result == 1 + 2
        assert (await bus.send(Deposit(account="a", amount=1))).result == 3


async def test_without_an_id_every_run_sends_anew() -> None:
    async with serving(Account, fill) as bus:
        await bus.send(Open(account="a", owner="ann"))
        for n in (1, 2):
            assert (await bus.send(Fill(accounts=("a",)))).result == n


async def test_a_refusal_of_a_free_function_is_kept() -> None:
    runs: list[int] = []

    @handles
    async def refuse(command: Close) -> None:
        runs.append(1)
        message = "never"
        raise NotPositive(message)

    async with serving(refuse) as bus:
        for _ in range(2):
            with pytest.raises(NotPositive, match="never"):
                await bus.send(Close(), command_id="close")
        assert runs == [1]


@pytest.mark.parametrize(
    ("given", "words"),
    [("", "The command id is empty"), ("x" * 513, "513 bytes"), ("\ud800", "no Unicode text")],
    ids=["empty", "long", "broken"],
)
async def test_an_id_that_no_store_keeps_is_refused(given: str, words: str) -> None:
    async with serving(Account) as bus:
        with pytest.raises(CodecError, match=words):
            await bus.send(Open(account="a", owner="ann"), command_id=given)


async def test_an_id_is_a_text_or_a_uuid() -> None:
    async with serving(Account) as bus:
        with pytest.raises(ConfigurationError, match=r"id=5 is a int. Give a text or a UUID"):
            await bus.send(Open(account="a", owner="ann"), command_id=5)  # type: ignore[arg-type]


async def test_a_plain_def_runs_in_a_thread_of_its_own() -> None:
    @handles
    def threaded(query: Ask, metadata: Metadata) -> int:
        assert threading.current_thread() is not threading.main_thread()
        assert current.get() == metadata
        return query.n

    async with serving(threaded) as bus:
        assert await bus.ask(Ask(n=3)) == 3


async def test_a_cancelled_caller_waits_for_its_thread() -> None:
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    @handles
    def slow(command: Close) -> None:
        begun.set()
        go.wait(5)
        done.set()
        message = "nobody hears this"
        raise ZeroDivisionError(message)

    async with serving(slow) as bus:
        task = asyncio.ensure_future(bus.send(Close()))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done.is_set()


# Interceptors.


async def test_interceptors_stand_around_the_handler_the_first_outermost() -> None:
    seen: list[str] = []

    def named(name: str) -> Any:
        async def intercept(message: object, metadata: Metadata, proceed: Any) -> Any:
            assert current.get() == metadata
            seen.append(f"{name} {type(message).__name__}")
            result = await proceed()
            seen.append(f"{name} {result}")
            return result

        return intercept

    async with serving(Account, ask, intercept=(named("outer"), named("inner"))) as bus:
        await bus.send(Open(account="a", owner="ann"))
        await bus.ask(Ask(n=5))
    assert seen == [
        *("outer Open", "inner Open", "inner None", "outer None"),
        *("outer Ask", "inner Ask", "inner 5", "outer 5"),
    ]


async def test_an_interceptor_may_refuse_change_or_answer_by_itself() -> None:
    async def judge(message: Any, _metadata: Metadata, proceed: Any) -> Any:
        if message.amount == 1:
            reason = "not allowed"
            raise Rejected(reason)
        return 100 if message.amount == 2 else 10 * await proceed()

    async with serving(Account) as quiet:
        await quiet.send(Open(account="a", owner="ann"))
        handlers = {m: h for m, h in quiet.handlers.items() if m is Deposit}
        for handling in handlers.values():
            object.__setattr__(handling, "interceptors", (judge,))
        with pytest.raises(Rejected, match="not allowed"):
            await quiet.send(Deposit(account="a", amount=1))
        head = await quiet.kernel.head()
        own = await quiet.send(Deposit(account="a", amount=2))
        assert (own.result, own.last, own.events) == (100, head, ())
        changed = await quiet.send(Deposit(account="a", amount=3))
        assert (changed.result, len(changed.events)) == (30, 1)
        assert changed.last == await quiet.kernel.head()
        with pytest.raises(NotPositive):
            await quiet.send(Deposit(account="a", amount=0))


async def test_what_an_interceptor_sends_does_not_take_the_ids_of_the_handlers() -> None:
    async def audit(message: object, _metadata: Metadata, proceed: Any) -> Any:
        if isinstance(message, Fill):
            await bus.send(Deposit(account="a", amount=1))
        return await proceed()

    async with serving(Account, fill, intercept=(audit,)) as bus:
        await bus.send(Open(account="a", owner="ann"))
        assert (await bus.send(Fill(accounts=("a",)), command_id="f")).result == 2


# Time limits.


async def test_who_gives_a_limit_is_told_when_it_is_over() -> None:
    async with serving(wait, ask) as bus:
        words = "Wait had no answer within 0.01 s, so its outcome is unknown. Send it again with th"
        with pytest.raises(NoAnswer, match=words) as info:
            await bus.send(Wait(s=60), timeout_s=0.01)
        assert info.value.retryable
        assert (await bus.send(Wait(s=0), timeout_s=60)).result == 1
        assert await bus.ask(Ask(n=1), timeout_s=60) == 1


async def test_the_limit_is_one_of_the_clock() -> None:
    clock = VirtualClock()
    async with serving(wait, clock=clock) as bus:
        task = asyncio.ensure_future(bus.send(Wait(s=60), timeout_s=3_600))
        for _ in range(5):
            await asyncio.sleep(0)
        await clock.advance(timedelta(minutes=59))
        await asyncio.sleep(0)
        assert not task.done()
        await clock.advance(timedelta(minutes=2))
        with pytest.raises(NoAnswer, match="within 3600 s"):
            await task


async def test_a_query_has_a_limit_too() -> None:
    @handles
    async def never(query: Ask) -> int:
        await asyncio.Event().wait()
        return query.n

    async with serving(never) as bus:
        with pytest.raises(NoAnswer, match=r"Ask had no answer within 0.01 s. Ask again, or"):
            await bus.ask(Ask(n=1), timeout_s=0.01)


async def test_an_error_in_time_is_the_errors_own() -> None:
    async with serving(Account) as bus:
        await bus.send(Open(account="a", owner="ann"), timeout_s=60)
        with pytest.raises(NotPositive):
            await bus.send(Deposit(account="a", amount=0), timeout_s=60)


async def test_a_cancelled_caller_takes_its_work_along() -> None:
    cancelled: list[bool] = []

    @handles
    async def never(command: Close) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async with serving(never) as bus:
        task = asyncio.ensure_future(bus.send(Close(), timeout_s=60))
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert cancelled == [True]


# What is no handler.


class Happened(Event):
    pass


def unmarked(query: Ask) -> int: ...  # type: ignore[empty-body]
@evolves
def folding(event: Happened) -> None: ...
@handles
def effect(event: Happened) -> None: ...
@handles
async def yielding(query: Ask) -> AsyncIterator[int]:
    yield query.n


@handles(new=True)
def creating(command: Close) -> None: ...
@handles(key="n")
def keyed(query: Ask) -> int: ...  # type: ignore[empty-body]
@handles
def texting(query: Ask) -> str: ...  # type: ignore[empty-body]
@handles(name="a/b")
def misnamed(query: Ask) -> int: ...  # type: ignore[empty-body]
@handles
def both(message: Ask | Close) -> None: ...


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (unmarked, r"unmarked \(test_bus.py:\d+\) has no mark. Write @handles above it"),
        (folding, "is marked @evolves, which folds in a model"),
        (effect, "is a free handler of events, a side effect, which this version does not run"),
        (yielding, "yields, so its body would not run"),
        (creating, r"creating: @handles\(new=…\) means nothing here: it belongs to a method of an"),
        (keyed, r"keyed: @handles\(key=…\) means nothing here"),
        (texting, r"texting returns str, but Ask is a Query\[int\]. Change one of them"),
        (misnamed, "misnamed: the name 'a/b'"),
        (both, "both: one function handles commands or queries, not Command and Query"),
    ],
    ids=lambda case: getattr(case, "__name__", ""),
)
def test_what_is_no_handler_is_refused_with_advice(function: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        free_function(function)

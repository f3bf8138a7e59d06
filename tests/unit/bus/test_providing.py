"""What provide= may give, in which order it is made and closed. Read by: who injects."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Annotated, Any, Protocol

import pytest
from unit.bus.serving import serving

from leftfold.bus.providing import Services
from leftfold.errors import ConfigurationError
from leftfold.messages import Command, Metadata
from leftfold.modeling.roles import handles

events: list[str] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    events.clear()


class Pool:
    """Connections, say."""


class Mailer:
    def __init__(self, sender: str = "shop") -> None:
        self.sender = sender


class Post(Mailer):
    def __init__(self, pool: Pool) -> None:
        super().__init__("post")
        self.pool = pool


@dataclasses.dataclass
class Data(Mailer):
    pool: Annotated[Pool, "note"]


class Sends(Protocol):
    sender: str


async def opened(provide: dict[Any, Any]) -> Services:
    services = Services(provide)
    async with AsyncExitStack() as stack:
        await services.open(stack)
        events.append("open")
    return services


async def pool() -> AsyncIterator[Pool]:
    events.append("pool made")
    yield Pool()
    events.append("pool closed")


def generator(pool: Pool) -> Iterator[Mailer]:
    events.append(f"mailer made with a {type(pool).__name__}")
    yield Mailer()
    events.append("mailer closed")


async def coroutine(pool: Pool) -> Mailer:
    return Post(pool)


def plain(pool: Pool, *, sender: str = "plain", **_more: object) -> Mailer:
    assert pool
    return Mailer(sender)


@asynccontextmanager
async def managed(pool: Pool) -> AsyncIterator[Mailer]:
    yield Post(pool)
    events.append("mailer closed")


@contextmanager
def managed_plainly() -> Iterator[Mailer]:
    yield Mailer()
    events.append("mailer closed")


class Maker:
    async def __call__(self, pool: Pool) -> Mailer:
        return Post(pool)


@pytest.mark.parametrize(
    "made",
    [
        Mailer(),
        Mailer,
        Post,
        Data,
        generator,
        coroutine,
        plain,
        partial(plain, sender="other"),
        lambda: Mailer("lambda"),
        managed,
        managed_plainly,
        Maker(),
    ],
    ids=lambda made: getattr(made, "__name__", f"a {type(made).__name__}"),
)
async def test_a_service_is_given_or_made_in_many_ways(made: Any) -> None:
    services = await opened({Mailer: made, Pool: Pool()})
    assert isinstance(services[Mailer], Mailer)
    assert Mailer in services
    assert Metadata not in services


async def test_services_are_made_after_what_they_ask_for_and_closed_in_reverse() -> None:
    await opened({Mailer: generator, Pool: pool})
    made, closed = ["pool made", "mailer made with a Pool"], ["mailer closed", "pool closed"]
    assert events == [*made, "open", *closed]


async def test_a_service_is_made_once_for_all_who_ask_for_it() -> None:
    services = await opened({Mailer: coroutine, Post: Post, Pool: pool})
    assert services[Mailer].pool is services[Post].pool is services[Pool]
    assert events.count("pool made") == 1


async def test_a_protocol_may_be_provided() -> None:
    services = await opened({Sends: Mailer("by instance")})
    assert services[Sends].sender == "by instance"
    assert (await opened({Sends: Mailer}))[Sends].sender == "shop"


async def test_what_is_open_is_closed_when_another_cannot_be_made() -> None:
    def broken(pool: Pool) -> Mailer:
        message = f"no connection by {pool}"
        raise ConnectionError(message)

    with pytest.raises(ConnectionError):
        await opened({Mailer: broken, Pool: pool})
    assert events == ["pool made", "pool closed"]


async def test_what_yields_twice_is_named() -> None:
    def twice() -> Iterator[Mailer]:
        yield Mailer()
        yield Mailer()

    with pytest.raises(ConfigurationError, match="what makes Mailer yields twice"):
        await opened({Mailer: twice})


def asks_for_post(post: Post) -> Mailer:
    return post


def asks_for_mailer(mailer: Mailer) -> Post:
    assert isinstance(mailer, Post)
    return mailer


def asks_for_nobody_knows_what(what) -> Mailer:  # type: ignore[no-untyped-def]  # noqa: ANN001
    return Mailer(what)


def asks_for_what_is_nowhere(what: "Nowhere") -> Mailer:  # type: ignore[name-defined]  # noqa: F821
    return Mailer(what)


@pytest.mark.parametrize(
    ("provide", "words"),
    [
        ({Mailer: 5}, "provide={Mailer: 5}: the value is neither a Mailer nor a function"),
        (
            {Mailer: generator},
            r"what makes Mailer asks for Pool \(parameter 'pool'\), which nothing provides. Add it",
        ),
        (
            {Mailer: asks_for_post, Post: asks_for_mailer},
            "Mailer → Post → Mailer: these need each other. Break the circle",
        ),
        ({Mailer: asks_for_nobody_knows_what}, "parameter 'what' without a type"),
        ({Mailer: asks_for_what_is_nowhere}, "the annotation 'Nowhere' cannot be resolved"),
    ],
    ids=lambda case: case[:20] if isinstance(case, str) else "",
)
def test_what_could_not_be_made_is_found_before_anything_is(
    provide: dict[Any, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Services(provide).check()


async def test_a_function_that_gives_nothing_is_named() -> None:
    def forgets() -> Mailer:
        found: Any = None
        return found

    with pytest.raises(ConfigurationError, match=r"what makes Mailer gave None. Return"):
        await opened({Mailer: forgets})


class Tell(Command[str]):
    pass


async def test_a_handler_is_given_what_is_provided() -> None:
    @handles
    async def tell(command: Tell, mailer: Mailer, *, metadata: Metadata) -> str:
        return f"{mailer.sender} {metadata.actor}"

    async with serving(tell, provide={Mailer: Mailer("ann's")}) as bus:
        assert (await bus.send(Tell(), actor="ann")).result == "ann's ann"


async def test_a_handler_that_asks_for_what_nothing_provides_is_refused() -> None:
    @handles
    async def tell(command: Tell, mailer: Mailer) -> str: ...  # type: ignore[empty-body]

    words = (
        r"tell asks for Mailer \(parameter 'mailer'\), which nothing provides. Add App\(..., "
        r"provide={Mailer: ...}\). Built in: Metadata, Bus\."
    )
    with pytest.raises(ConfigurationError, match=words):
        async with serving(tell):
            pytest.fail("it was made")

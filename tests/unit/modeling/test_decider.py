"""Deciders: what is refused when they are made, and what they do. Read by: their authors."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from unit.modeling.deciding import Deposit, compiled, deciding

from leftfold.errors import CodecError, ConfigurationError, Rejected
from leftfold.messages import Command, Event
from leftfold.modeling.decider import Decider


def refused(words: str, make: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError, match=words):
        make()


class TurnOn(Command[None]):
    lamp: str


class TurnedOn(Event):
    lamp: str


class Broken(Event):
    lamp: str


def decide(command: TurnOn, lit: bool) -> Sequence[TurnedOn | Broken]:
    if lit:
        message = f"{command.lamp} is on already"
        raise Rejected(message)
    return [TurnedOn(lamp=command.lamp)]


def evolve(lit: bool, event: TurnedOn) -> bool:
    return True


def lamp(**changed: Any) -> Any:
    options = {"name": "lamp", "key": "lamp", "initial": False, "evolve": evolve, "decide": decide}
    return Decider(**{**options, **changed})


async def test_a_decider_decides_on_its_stream() -> None:
    async with deciding(lamp()) as lamps:
        assert await lamps.send(TurnOn(lamp="l")) is None
        with pytest.raises(Rejected, match="l is on already"):
            await lamps.send(TurnOn(lamp="l"))
        assert (await lamps.log())[0].stream == "lamp/l"
    assert lamp().fold([TurnedOn(lamp="l")]) is True
    assert compiled(lamp()).events == {TurnedOn, Broken}
    assert lamp().module == __name__


async def test_a_decider_whose_state_is_changed_in_place_is_safe_all_the_same() -> None:
    def note(state: list[str], event: TurnedOn) -> list[str]:
        state.append(event.lamp)
        return state

    def judge(command: TurnOn, state: list[str]) -> list[TurnedOn]:
        if len(state) >= 2:
            message = f"on {len(state)} times"
            raise Rejected(message)
        return [TurnedOn(lamp=command.lamp)]

    async with deciding(lamp(initial=[], evolve=note, decide=judge)) as lamps:
        for name in ("a", "b"):
            await lamps.send(TurnOn(lamp=name))
            await lamps.send(TurnOn(lamp=name))
            for _ in range(2):
                with pytest.raises(Rejected, match="on 2 times"):
                    await lamps.send(TurnOn(lamp=name))


def test_deciders_that_cannot_work_are_refused() -> None:
    async def later(command: TurnOn, lit: bool) -> list[TurnedOn]: ...  # type: ignore[empty-body]
    def three(command: TurnOn, lit: bool, more: int) -> list[TurnedOn]: ...  # type: ignore[empty-body]
    def answers(command: Deposit, lit: bool) -> list[TurnedOn]: ...  # type: ignore[empty-body]
    def untyped(command, lit): ...  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    def swapped(event: TurnedOn, lit: bool) -> bool: ...  # type: ignore[empty-body]

    refused(r"Decider\('lamp'\).decide is async", lambda: compiled(lamp(decide=later)))
    refused(r"decide takes \(command, lit, more\), but", lambda: compiled(lamp(decide=three)))
    refused("answers Command.None. only", lambda: compiled(lamp(decide=answers, key="account")))
    refused("parameter 'command' has no type", lambda: compiled(lamp(decide=untyped)))
    refused("annotated bool, which is no message", lambda: compiled(lamp(evolve=swapped)))
    refused("TurnOn has no field 'id'", lambda: compiled(lamp(key="id")))
    refused("Decider: the name 'a/b'", lambda: compiled(lamp(name="a/b")))


@pytest.mark.parametrize("returned", [None, "text", TurnedOn(lamp="l")])
async def test_a_decision_that_is_no_list_is_refused(returned: object) -> None:
    def wrong(command: TurnOn, lit: bool) -> list[TurnedOn]:
        found: Any = returned
        return found

    async with deciding(lamp(decide=wrong)) as lamps:
        with pytest.raises(ConfigurationError, match=r"not a list of events. Return"):
            await lamps.send(TurnOn(lamp="l"))


async def test_a_decided_event_that_is_none_is_refused() -> None:
    def wrong(command: TurnOn, lit: bool) -> list[TurnedOn]:
        found: Any = ["text"]
        return found

    async with deciding(lamp(decide=wrong)) as lamps:
        with pytest.raises(ConfigurationError, match=r"recorded 'text', which is no Event"):
            await lamps.send(TurnOn(lamp="l"))
        with pytest.raises(CodecError, match="A key is empty"):
            await lamps.send(TurnOn(lamp=""))

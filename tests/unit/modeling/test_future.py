"""Models in a module whose annotations are all texts. Read by: authors of models."""

from __future__ import annotations

from typing import Self

import pytest
from unit.modeling.deciding import compiled, deciding

from leftfold.errors import ConfigurationError
from leftfold.messages import Command, Event, Metadata
from leftfold.modeling.aggregate import Aggregate
from leftfold.modeling.boundary import Boundary
from leftfold.modeling.decider import Decider
from leftfold.modeling.roles import evolves, handles


class Begun(Event, tags=("task",)):
    task: str
    after: Part | None = None


class Ended(Event, tags=("task",)):
    task: str


class Begin(Command[int]):
    task: str


class Count(Command[int]):
    task: str


class Switch(Command[None]):
    task: str


class Part(Event):
    name: str


class Task(Aggregate, key="task"):
    owner: str
    times: dict[str, int] = {}

    @handles(missing_ok=True)
    def begin(self, command: Begin, metadata: Metadata) -> int:
        event: Begun | Ended = Begun(task=command.task, after=Part(name="p"))
        self.record(event)
        return len(self.times) + len(metadata.actor or "")

    @evolves
    @classmethod
    def begun(cls, event: Begun | Ended) -> Self:
        return cls(owner=event.task, times={"a": 1})


class Tasks(Boundary, tags=("task",)):
    found: int = 0

    @handles
    def count(self, command: Count) -> int:
        return self.found

    @evolves
    def begun(self, event: Begun) -> None:
        self.found += 1


def decide(command: Switch, state: bool) -> list[Ended]:
    return [] if state else [Ended(task=command.task)]


def evolve(state: bool, event: Ended) -> bool:
    return True


switch = Decider(name="switch", key="task", initial=False, evolve=evolve, decide=decide)


async def test_texts_are_resolved_where_the_function_stands() -> None:
    async with deciding(Task, Tasks, switch) as tasks:
        assert await tasks.send(Begin(task="t")) == 1
        assert await tasks.send(Count(task="t")) == 1
        assert await tasks.send(Switch(task="t")) is None
        assert await tasks.types() == ["Begun", "Ended"]
    assert compiled(Task).copy is None
    assert compiled(switch).copy is not None


def test_a_class_of_a_function_cannot_be_found_by_its_text() -> None:
    class Local(Event):
        task: str

    class Keeper(Aggregate, key="task"):
        @evolves
        def local(self, event: Local) -> None: ...

    words = "Keeper.local: the annotation 'Local' cannot be resolved. It is imported under TYPE_CH"
    with pytest.raises(ConfigurationError, match=words):
        compiled(Keeper)

"""Ids that rise, and ids that come out the same again. Read by: who names a message."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from leftfold.messages.ids import Ids, derived_id, named_id

STORE = UUID(int=7)


class Hands:
    """A clock whose hands a test sets."""

    def __init__(self) -> None:
        self.random = random.Random(5)  # noqa: S311  repeatable on purpose
        self.time = datetime(2030, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


def test_ids_are_of_version_7_and_say_when() -> None:
    clock: Any = Hands()
    made = Ids(clock).new()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == int(clock.time.timestamp() * 1000)


def test_ids_rise_whatever_the_clock_does() -> None:
    clock: Any = Hands()
    ids = Ids(clock)
    made: list[UUID] = []
    for step in (0, 0, 0, 5, -3_600_000, -1, 0, 7_200_000, -1) * 200:
        clock.time += timedelta(milliseconds=step)
        made.append(ids.new())
    assert made == sorted(set(made))
    assert all(i.version == 7 and i.variant == "specified in RFC 4122" for i in made)


def test_a_named_id_belongs_to_store_tenant_and_text() -> None:
    made = {
        named_id(store, tenant, text)
        for store in (STORE, UUID(int=8))
        for tenant in ("", "north")
        for text in ("a", "b")
    }
    assert len(made) == 8
    # Stored under these: they never change.
    assert named_id(STORE, "", "a") == UUID("5e8f39de-0419-5dcf-8648-225d0ab1b371")


def test_a_derived_id_is_the_same_in_every_process() -> None:
    first = derived_id(STORE, "Ship", b"{}", 0)
    assert first == UUID("f2cbccab-b521-563b-9552-e0a10122d8c9")
    others = {
        derived_id(UUID(int=8), "Ship", b"{}", 0),
        derived_id(STORE, "Send", b"{}", 0),
        derived_id(STORE, "Ship", b"[]", 0),
        derived_id(STORE, "Ship", b"{}", 1),
    }
    assert len(others | {first}) == 5

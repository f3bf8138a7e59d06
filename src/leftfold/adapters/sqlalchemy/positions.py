"""Who moves which processor, and how far it has come. Read by: authors of the read side.

Each function runs in the writer's transaction. What a claim may do is said by its epoch: every
change of a position names it, so that a process that lost its claim while it was stopped
changes nothing when it wakes up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from leftfold.adapters.sqlalchemy.schema import FAILURES, POSITIONS
from leftfold.adapters.sqlalchemy.statements import sql_of
from leftfold.errors import StoreChanged
from leftfold.eventstore.port import Mark
from leftfold.processing.port import Claim, Failure, Held, Place, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Dialect, Table

    from leftfold.processing.port import Wish

__all__ = ["advance", "answer", "ask", "claim", "fail", "look", "release", "standings"]

P = POSITIONS.c


def _at(table: Table, place: Place) -> Any:
    return (
        (table.c.processor == place.processor)
        & (table.c.version == place.version)
        & (table.c.segment == place.segment)
    )


def _values(place: Place) -> dict[str, Any]:
    return {"processor": place.processor, "version": place.version, "segment": place.segment}


def standings(connection: Connection, place: Place | None = None) -> Sequence[Standing]:
    """Return where every processor stands, or one of them."""
    wanted = select(POSITIONS, FAILURES).select_from(
        POSITIONS.outerjoin(
            FAILURES,
            (P.processor == FAILURES.c.processor)
            & (P.version == FAILURES.c.version)
            & (P.segment == FAILURES.c.segment),
        )
    )
    if place is not None:
        wanted = wanted.where(_at(POSITIONS, place))
    rows = connection.execute(wanted.order_by(P.processor, P.version, P.segment))
    return [_standing(row) for row in rows]


def _standing(row: Any) -> Standing:
    values = tuple(row)
    p = dict(zip(P.keys(), values, strict=False))
    f = dict(zip(FAILURES.c.keys(), values[len(p) :], strict=True))
    failure = None
    if f["processor"] is not None:
        failure = Failure(
            number=f["number"],
            event=UUID(f["event"]) if f["event"] else None,
            type=f["type"],
            reason=f["reason"],
            traceback=f["traceback"],
            since=datetime.fromisoformat(f["since"]),
        )
    return Standing(
        place=Place(p["processor"], p["version"], p["segment"]),
        store=UUID(p["store"]),
        fold=p["fold"],
        position=Mark(p["number"], UUID(p["event"])) if p["number"] else None,
        epoch=p["epoch"],
        owner=p["owner"],
        beat=p["beat"],
        asked=p["asked"],
        failure=failure,
    )


def look(connection: Connection, place: Place) -> Standing | None:
    """Return where one processor stands."""
    return next(iter(standings(connection, place)), None)


def claim(connection: Connection, wish: Wish, store: UUID, over: Held | None) -> Claim | Held:
    """Claim a processor that is free, or that is still held as `over` says.

    Raises:
        StoreChanged: It has followed another log.
    """
    place, owner = wish.place, wish.owner
    found = look(connection, place)
    if found is None:
        first = {
            "store": str(store),
            "fold": wish.fold,
            "number": 0,
            "event": "",
            "epoch": 1,
            "owner": owner,
        }
        connection.execute(insert(POSITIONS).values(**_values(place), **first, beat=0, asked=0))
        return Claim(place=place, owner=owner, epoch=1, position=None, failure=None)
    if found.store != store:
        raise _other_store(found, store)
    held = Held(owner=found.owner, epoch=found.epoch, beat=found.beat)
    if found.owner not in {"", owner} and held != over:
        return held
    epoch = found.epoch + 1
    connection.execute(
        update(POSITIONS)
        .where(_at(POSITIONS, place))
        .values(owner=owner, epoch=epoch, fold=wish.fold)
    )
    return Claim(
        place=place,
        owner=owner,
        epoch=epoch,
        position=found.position,
        failure=found.failure,
        fold_changed=found.position is not None and found.fold != wish.fold,
    )


def _other_store(found: Standing, store: UUID) -> StoreChanged:
    name = found.place.processor
    return StoreChanged(
        f"{name} has followed the event store {found.store}, and this one is {store}. Open the "
        "views that belong to it, or give views= a place of their own, where they are built anew."
    )


def ask(connection: Connection, place: Place, held: Held) -> None:
    """Ask the owner for a sign of life, unless somebody has."""
    connection.execute(
        update(POSITIONS)
        .where(_at(POSITIONS, place), P.epoch == held.epoch, P.asked <= held.beat)
        .values(asked=held.beat + 1)
    )


def answer(connection: Connection, owner: str) -> None:
    """Give the signs of life that an owner was asked for."""
    connection.execute(
        update(POSITIONS).where(P.owner == owner, P.asked > P.beat).values(beat=P.asked)
    )


def release(connection: Connection, owner: str) -> None:
    """Give free what an owner has claimed."""
    connection.execute(update(POSITIONS).where(P.owner == owner).values(owner=""))


@cache
def _advance(dialect: Dialect) -> str:
    """Return what moves a position, if it still stands where the claim has it."""
    names = ("processor", "version", "segment", "epoch", "number", "event")
    statement = (
        update(POSITIONS)
        .where(*[P[name] == bindparam(f"old_{name}") for name in names])
        .values(number=bindparam("to_number"), event=bindparam("to_event"))
    )
    return sql_of(statement, dialect, ["to_number", "to_event", *[f"old_{n}" for n in names]])


def advance(connection: Connection, held: Claim, to: Mark) -> Claim | None:
    """Move the position from where the claim has it, or return None where it is lost."""
    place = held.place
    moved = connection.exec_driver_sql(
        _advance(connection.dialect),
        (
            *_written(to),
            *(place.processor, place.version, place.segment),
            *(held.epoch, *_written(held.position)),
        ),
    )
    if moved.rowcount != 1:
        return None
    if held.failure is not None:
        connection.execute(delete(FAILURES).where(_at(FAILURES, held.place)))
    return replace(held, position=to, failure=None)


def fail(connection: Connection, held: Claim, failure: Failure) -> None:
    """Keep why a processor stopped, if it is still the claim's."""
    found = look(connection, held.place)
    if found is None or found.epoch != held.epoch:
        return
    connection.execute(delete(FAILURES).where(_at(FAILURES, held.place)))
    connection.execute(
        insert(FAILURES).values(
            **_values(held.place),
            state="failed",
            number=failure.number,
            event=str(failure.event or ""),
            type=failure.type,
            reason=failure.reason,
            traceback=failure.traceback,
            since=failure.since.isoformat(),
        )
    )


def _written(mark: Mark | None) -> tuple[int, str]:
    return (mark.number, str(mark.record)) if mark else (0, "")

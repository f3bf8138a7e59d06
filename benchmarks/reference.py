"""The reference's raw program, ../shared/bench/raw_sqlite.py, asked as the other sides are.

Read by: who wants to know whether our own raw program is a fair limit. Without that folder the
part is left out, and the table says so.
"""

from __future__ import annotations

import asyncio
import importlib.util
from typing import TYPE_CHECKING, Any

from callers import Sample
from environment import REFERENCE
from serving import serve

if TYPE_CHECKING:
    from pathlib import Path


def _module() -> Any:
    spec = importlib.util.spec_from_file_location("raw_sqlite", REFERENCE)
    assert spec is not None  # noqa: S101  it is a file
    assert spec.loader is not None  # noqa: S101  as above
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def append(folder: Path, *, callers: int, events: int, seconds: float) -> Sample:
    """Append as it does, to a file that it begins with."""
    program = _module()
    path = folder / "events.db"
    cursor = program.connect(path, "apsw")
    if not cursor.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        for statement in program.SCHEMA.split(";"):
            cursor.execute(statement)
        rows = ((i, f"prefill-{i // 10}", i % 10 + 1, *program.EVENT) for i in range(1, 20_001))
        cursor.execute("BEGIN")
        cursor.executemany(program.INSERT, rows)
        cursor.execute("COMMIT")

    async def main() -> Sample:
        store = program.GroupCommit(path, "apsw", 512)
        store.start()
        rate, waits, count = await program.append_run(store, callers, events, seconds)
        store.inbox.put(None)
        await asyncio.to_thread(store.join)
        middle, late = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        return {"rate_per_s": rate, "p50_ms": middle * 1e3, "p99_ms": late * 1e3, "n": count}

    return asyncio.run(main())


def read(folder: Path, *, page: int, seconds: float) -> Sample:
    """Read as it does."""
    program, decode = _module(), True
    append(folder, callers=1, events=1, seconds=0.01)

    async def main() -> Sample:
        cursor = program.connect(folder / "events.db", "apsw")
        rate, waits, count = await program.read_run(cursor, page, decode, seconds)
        return {"rate_per_s": rate, "p50_ms": waits[len(waits) // 2] * 1e3, "n": count}

    return asyncio.run(main())


if __name__ == "__main__":
    serve({"append": append, "read": read})

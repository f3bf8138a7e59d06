"""Run a program and say which SQLite libraries it used. Read by: test_one_library.

Usage: libraries.py PROGRAM; prints, after what the program prints, a line of JSON.
"""

import json
import runpy
import sys
from pathlib import Path

connected: list[str] = []


def listen(event: str, arguments: tuple[object, ...]) -> None:
    if event == "sqlite3.connect":
        connected.append(str(arguments[0]))


if __name__ == "__main__":
    sys.addaudithook(listen)
    runpy.run_path(sys.argv[1], run_name="__main__")
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    shared = sorted({line.split()[-1] for line in mapped if "libsqlite3" in line})
    said = {"apsw": "apsw" in sys.modules, "connected": connected, "shared": shared}
    sys.stdout.write("\n" + json.dumps(said))

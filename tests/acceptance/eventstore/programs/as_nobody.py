"""Open a store in a folder that this user may not write. Read by: test_bad_files.

Usage: as_nobody.py PATH; as root it becomes nobody first. Prints what it was told.
"""

import asyncio
import os
import pwd
import sys

from leftfold.adapters.sqlite.eventstore import open_file
from leftfold.clock import SystemClock
from leftfold.errors import StoreUnusable


async def main(path: str) -> None:
    try:
        await open_file(path, clock=SystemClock())
    except StoreUnusable as error:
        sys.stdout.write(str(error))


if __name__ == "__main__":
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.setgroups([])
        os.setgid(nobody.pw_gid)
        os.setuid(nobody.pw_uid)
    asyncio.run(main(sys.argv[1]))

"""Which file system a path is on, from `/proc/self/mountinfo`. Read by: who opens a store.

SQLite's WAL needs shared memory and locks that hold, which file systems over a network do not
give, whatever they answer. Where there is no `/proc`, nothing can be told.
"""

import os
import re
from pathlib import Path

__all__ = ["NETWORK_FILE_SYSTEMS", "file_system_of", "network_file_system"]

_NETWORK = (
    "9p afs beegfs ceph cifs coda davfs fuse.beegfs fuse.ceph fuse.davfs fuse.gcsfuse "
    "fuse.glusterfs fuse.goofys fuse.juicefs fuse.mount.s3 fuse.mountpoint-s3 fuse.rclone "
    "fuse.s3fs fuse.sshfs glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs pvfs2 smb2 smb3 smbfs"
)
NETWORK_FILE_SYSTEMS = frozenset(_NETWORK.split())

_MOUNTINFO = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def network_file_system(path: str) -> str | None:
    """Return the name of the network file system a path is on, `None` on a local disk."""
    try:
        mountinfo = _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = file_system_of(os.path.realpath(path), mountinfo)
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def file_system_of(path: str, mountinfo: str) -> str | None:
    """Return the type of the mount that holds an absolute path.

    `mountinfo` is the text that proc(5) describes. The longest mount point wins, and among
    equal ones the last, which lies over the others.
    """
    longest, kind = -1, None
    for line in mountinfo.splitlines():
        fields, _, rest = line.partition(" - ")
        point = _OCTAL.sub(lambda code: chr(int(code[1], 8)), fields.split(" ")[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= longest:
            longest, kind = len(point), rest.split(" ")[0]
    return kind

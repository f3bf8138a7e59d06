"""Which file system a path is on, told from recorded texts. Read by: who opens a store."""

import pytest

from leftfold.adapters.sqlite.mounts import NETWORK_FILE_SYSTEMS, file_system_of

# As /proc/self/mountinfo was on a laptop with some shares; proc(5) says what the fields are.
MOUNTINFO = r"""
22 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:5 - proc proc rw
28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
35 28 0:30 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw,inode64
91 28 0:51 / /srv/share rw,relatime shared:47 - nfs4 nas:/share rw,vers=4.2,proto=tcp,hard
92 91 259:3 / /srv/share/local rw,relatime shared:48 - xfs /dev/nvme0n1p3 rw
93 28 0:52 / /mnt/My\040Files rw,relatime - cifs //nas/files rw,vers=3.1.1
94 28 0:53 / /srv/ann/remote rw,nosuid,nodev - fuse.sshfs ann@host:/ rw,user_id=1000
95 28 0:54 / /mnt/c rw,noatime - 9p C:\134 rw,dirsync,aname=drvfs;path=C:\134
96 28 259:4 / /data rw,relatime shared:49 master:7 - ext4 /dev/nvme1n1 rw
97 96 0:55 / /data rw,relatime - nfs nas:/over rw,vers=3
""".strip()

# As it was in a container, where the root lies over the layers of an image.
CONTAINER = """
1542 1186 0:361 / / rw,relatime master:431 - overlay overlay rw,lowerdir=/var/lib/l,upperdir=/u
1555 1542 0:364 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1601 1542 8:1 /var/lib/docker/volumes/db/_data /data rw,relatime master:1 - ext4 /dev/sda1 rw
1602 1542 0:90 / /efs rw,relatime - nfs4 fs-1.efs.example:/ rw,vers=4.1
""".strip()


@pytest.mark.parametrize(
    ("path", "mountinfo", "kind"),
    [
        ("/srv/ann/bank.db", MOUNTINFO, "ext4"),
        ("/srv/share/bank.db", MOUNTINFO, "nfs4"),
        ("/srv/share", MOUNTINFO, "nfs4"),
        ("/srv/share/local/bank.db", MOUNTINFO, "xfs"),
        ("/srv/shared/bank.db", MOUNTINFO, "ext4"),
        ("/mnt/My Files/bank.db", MOUNTINFO, "cifs"),
        ("/srv/ann/remote/bank.db", MOUNTINFO, "fuse.sshfs"),
        ("/mnt/c/bank.db", MOUNTINFO, "9p"),
        ("/data/bank.db", MOUNTINFO, "nfs"),
        ("/dev/shm/bank.db", MOUNTINFO, "tmpfs"),  # noqa: S108  a path in a recorded text
        ("/data/bank.db", CONTAINER, "ext4"),
        ("/efs/bank.db", CONTAINER, "nfs4"),
        ("/app/bank.db", CONTAINER, "overlay"),
        ("/app/bank.db", "", None),
    ],
)
def test_the_mount_that_holds_a_path_is_found(path: str, mountinfo: str, kind: str | None) -> None:
    assert file_system_of(path, mountinfo) == kind


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"])
def test_file_systems_over_a_network_are_known(kind: str) -> None:
    assert kind in NETWORK_FILE_SYSTEMS


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "apfs"])
def test_local_file_systems_are_not_among_them(kind: str) -> None:
    assert kind not in NETWORK_FILE_SYSTEMS

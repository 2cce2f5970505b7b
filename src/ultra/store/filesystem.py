"""Which file system a path lies on: WAL needs memory shared by all writers, so one machine only."""

from pathlib import Path

MOUNTS = Path("/proc/self/mounts")

NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "lustre",
        "glusterfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.s3fs",
        "fuse.rclone",
        "davfs",
        "fuse.davfs2",
        "ncpfs",
    }
)
"""Types whose files several machines may hold open. Source: sqlite.org/wal.html, point 2."""


def network_filesystem(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that holds `path`; None for a local or unknown one.

    `mounts` is a mount table as in proc_pid_mounts(5); systems without one count as local.
    """
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    place = path.absolute()
    best, kind = -1, ""
    for line in lines:
        _, point, kind_here, *_ = line.split(" ")
        mount = Path(point.replace("\\040", " ").replace("\\011", "\t"))
        if len(mount.parts) >= best and place.is_relative_to(mount):
            best, kind = len(mount.parts), kind_here
    return kind if kind in NETWORK else None

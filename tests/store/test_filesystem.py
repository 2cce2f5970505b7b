"""Which file systems are shared by machines."""

from pathlib import Path

import pytest

from ultra.store.filesystem import network_filesystem

TABLE = r"""/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/me/local\040disk ext4 rw 0 0
sshfs#x /mnt/far fuse.sshfs rw 0 0
tmpfs /mnt/far tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/ultra.db", None),
        ("/home/me/ultra.db", "nfs4"),
        ("/home/me/local disk/ultra.db", None),
        ("/homeless/ultra.db", None),
        ("/mnt/far/ultra.db", None),
    ],
    ids=["local", "network", "local below network", "like a network's name", "mounted over"],
)
def test_the_innermost_last_mount_decides(tmp_path: Path, path: str, kind: str | None) -> None:
    """The longest mount point above the path counts, and of equal ones the last."""
    table = tmp_path / "mounts"
    table.write_text(TABLE)

    assert network_filesystem(Path(path), table) == kind


def test_a_system_without_a_mount_table_counts_as_local(tmp_path: Path) -> None:
    """macOS has none at that place."""
    assert network_filesystem(Path("/x"), tmp_path / "none") is None

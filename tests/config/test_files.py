"""Small files, read with bounds and written whole."""

import os
import stat
from pathlib import Path

import pytest

from ultra.config.files import foreign, is_file, read_regular, shown, write_private
from ultra.core.errors import ConfigError


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe nobody writes to would hang for ever."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ConfigError, match="not a regular file"):
        read_regular(tmp_path / "pipe")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """It opens like a file and cannot be read like one."""
    with pytest.raises(ConfigError, match="not a regular file"):
        read_regular(tmp_path)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    """One byte over the limit is over it."""
    (tmp_path / "big").write_bytes(b"x" * 11)

    with pytest.raises(ConfigError, match="larger than 10 bytes"):
        read_regular(tmp_path / "big", limit=10)


def test_a_path_below_a_file_is_an_absent_file(tmp_path: Path) -> None:
    """`not a directory` means the same as `no such file` to whoever asks."""
    (tmp_path / "file").write_text("")

    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "file" / "below")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300], ids=["nul", "too long"])
def test_an_impossible_name_is_one_clear_error(tmp_path: Path, name: str) -> None:
    """No traceback for what a user can type."""
    with pytest.raises(ConfigError, match="cannot read"):
        read_regular(tmp_path / name)
    assert not is_file(tmp_path / name)


def test_a_written_file_is_private_and_whole(tmp_path: Path) -> None:
    """0600 in a folder that is 0700, and nothing else left beside it."""
    path = tmp_path / "new" / "file"

    write_private(path, b"one")
    write_private(path, b"two")

    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_linked_file_stays_linked(tmp_path: Path) -> None:
    """Configuration kept in a dotfiles folder is written there."""
    (tmp_path / "dotfile").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "dotfile")

    write_private(tmp_path / "link", b"new")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "dotfile").read_text() == "new"


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    """With the variable that names another place."""
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="cannot write") as caught:
        write_private(tmp_path / "file" / "below", b"")

    assert "ULTRA_HOME" in (caught.value.hint or "")


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Replacing a folder by a file fails after the content was written."""
    (tmp_path / "taken").mkdir()

    with pytest.raises(ConfigError, match="cannot write"):
        write_private(tmp_path / "taken", b"content")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_foreign(tmp_path: Path) -> None:
    """So is one that is only reached through another user's link."""
    mine, theirs, link = tmp_path / "mine", tmp_path / "theirs", tmp_path / "link"
    mine.write_text("")
    theirs.write_text("")
    link.symlink_to(mine)
    os.chown(theirs, 12345, -1)
    os.chown(link, 12345, -1, follow_symlinks=False)

    assert (foreign(mine), foreign(theirs), foreign(link)) == (False, True, True)


def test_a_shown_path_cannot_steer_the_terminal() -> None:
    """Names of folders can hold anything."""
    assert shown(Path("/a\x1b[2Jb\nc")) == "/ab c"

"""Where ultra keeps its files."""

import os
import pwd
from pathlib import Path

import pytest

from ultra.config.paths import NOWHERE, Paths, home


def test_ultra_home_holds_all_three_folders() -> None:
    """One variable moves everything, whatever XDG says."""
    paths = Paths.from_env({"ULTRA_HOME": "/u", "XDG_CONFIG_HOME": "/x", "HOME": "/h"})

    assert (paths.config, paths.data, paths.cache) == (
        Path("/u/config"),
        Path("/u/data"),
        Path("/u/cache"),
    )


def test_xdg_variables_win_over_the_home() -> None:
    """Each folder can be moved by itself."""
    paths = Paths.from_env({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, platform="linux")

    assert paths.config == Path("/x/ultra")
    assert paths.data == Path("/h/.local/share/ultra")
    assert paths.cache == Path("/h/.cache/ultra")


def test_a_relative_xdg_folder_is_ignored() -> None:
    """As the XDG specification asks."""
    paths = Paths.from_env({"XDG_DATA_HOME": "data", "HOME": "/h"}, platform="linux")

    assert paths.data == Path("/h/.local/share/ultra")


def test_a_relative_ultra_home_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later changes of the working directory do not move the files."""
    monkeypatch.chdir(tmp_path)

    assert Paths.from_env({"ULTRA_HOME": "here"}).config == tmp_path / "here" / "config"


def test_a_relative_ultra_home_in_a_deleted_folder_does_not_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no absolute path then, and reading finds nothing."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert Paths.from_env({"ULTRA_HOME": "here"}).config == NOWHERE / "here" / "config"


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative"}], ids=str)
def test_a_missing_home_is_looked_up(environ: dict[str, str]) -> None:
    """Cron and containers start programs without `HOME`."""
    assert home(environ) == Path(pwd.getpwuid(os.getuid()).pw_dir)


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_platforms_have_their_own_folders(platform: str) -> None:
    """platformdirs knows them; every folder still ends in ours."""
    paths = Paths.from_env({}, platform=platform)

    assert {paths.config.name, paths.data.name, paths.cache.name} == {"ultra"}


def test_every_file_has_its_place() -> None:
    """The names that documentation and other packages rely on."""
    paths = Paths(Path("/c"), Path("/d"), Path("/k"))

    assert paths.database == Path("/d/ultra.db")
    assert paths.trust_file == Path("/c/trust.json")
    assert paths.profiles_dir == Path("/c/profiles")
    assert paths.templates_dir == Path("/c/templates")
    assert paths.user_profile == Path("/c/ultra.yaml")
    assert paths.active_file == Path("/c/active")
    assert paths.aliases_file == Path("/c/aliases.yaml")

"""Which profile a run uses."""

import os
from pathlib import Path

import pytest

from tests.support.config import Home
from ultra.config.discover import find_project
from ultra.core.errors import ConfigError


def test_without_anything_the_profile_is_made_of_the_keys_found(home: Home) -> None:
    """Providers and no models; a blank variable is no key, and a URL with a hole needs its own."""
    profile = home.load(OPENAI_KEY="k", ANTHROPIC_KEY=" ", GOOGLE="k", AZ_KEY="k")

    assert (profile.name, profile.source, profile.models) == ("environment", "", {})
    assert list(profile.providers) == ["openai", "gemini"]
    assert list(home.load(AZ_KEY="k", AZ="mine").providers) == ["azure"]
    assert list(home.load(AZ_KEY="k", AZ="a/b").providers) == []


def test_with_no_key_at_all_it_still_loads(home: Home) -> None:
    """What to do then is for the command to say."""
    assert home.load().providers == {}


def test_a_name_is_the_users_before_it_is_ours(home: Home) -> None:
    """A copy of a shipped profile replaces it."""
    assert home.load("development").models

    home.own("development", "confirm_usd: 7\n")

    assert home.load("development").confirm_usd == 7.0


def test_the_flag_wins_over_the_variable_over_the_project_over_the_users(home: Home) -> None:
    """The order of the contract."""
    home.own("flag", "")
    home.own("variable", "")
    home.default("")

    assert home.load().name == "default"
    home.repo("")
    assert home.load().name == "project:project"
    assert home.load(ULTRA_PROFILE="variable").name == "variable"
    assert home.load("flag", ULTRA_PROFILE="variable").name == "flag"


@pytest.mark.parametrize("selector", ["developmnt", "../development", "development.yaml", "a\0b"])
def test_a_profile_that_is_not_there_is_a_clear_error(home: Home, selector: str) -> None:
    """By name with the nearest, by path with where to look."""
    with pytest.raises(ConfigError, match="there is no profile") as caught:
        home.load(selector)

    assert caught.value.hint


def test_a_profile_can_be_chosen_by_path(home: Home) -> None:
    """Relative to the working directory."""
    home.write(home.project / "team.yaml", "version: 1\nconfirm_usd: 0.1\n")

    profile = home.load("./team.yaml")

    assert (profile.name, profile.confirm_usd) == ("project:team", 0.1)
    assert profile.source == str(home.project / "team.yaml")


def test_a_path_into_the_users_own_folder_is_the_users_own(home: Home) -> None:
    """By its name, and by where a link leads."""
    path = home.own("mine", "providers: {openai: {}}\n")
    home.project.mkdir()
    (home.project / "link.yaml").symlink_to(path)

    assert home.load(str(path)).name == "mine"
    assert home.load("./link.yaml").providers


def test_dots_do_not_lead_into_the_users_own_folder(home: Home) -> None:
    """A path is what it comes to, not what it begins with."""
    home.own("x", "")
    home.write(home.root / "out.yaml", "version: 1\nproviders: {openai: {}}\n")

    assert home.problems(f"{home.paths.config}/../../out.yaml")


def test_a_project_file_is_found_from_below(home: Home) -> None:
    """Up to the git root."""
    home.repo("")
    below = home.project / "a" / "b"
    below.mkdir(parents=True)

    assert find_project(environ=home.environ, cwd=below).path == home.project / "ultra.yaml"


def test_no_project_file_is_taken_from_above_the_git_root(home: Home) -> None:
    """What lies above the repository is somebody else's."""
    home.write(home.root / "ultra.yaml", "version: 1\n")
    (home.project / ".git").mkdir(parents=True)

    assert find_project(environ=home.environ, cwd=home.project).path is None


def test_home_is_the_last_place_to_look(home: Home) -> None:
    """Its own file counts, the one above does not."""
    below = home.root / "home" / "work"
    below.mkdir(parents=True)
    home.write(home.root / "ultra.yaml", "version: 1\n")
    assert find_project(environ=home.environ, cwd=below).path is None

    mine = home.write(home.root / "home" / "ultra.yaml", "version: 1\n")
    assert find_project(environ=home.environ, cwd=below).path == mine


def test_outside_of_home_and_git_only_the_folder_itself_is_looked_at(home: Home) -> None:
    """`/tmp/ultra.yaml` is nobody's project."""
    home.write(home.root / "ultra.yaml", "version: 1\n")
    home.project.mkdir()

    assert find_project(environ=home.environ, cwd=home.project).path is None
    assert find_project(environ=home.environ, cwd=home.root).path == home.root / "ultra.yaml"


def test_the_users_folder_is_no_project(home: Home) -> None:
    """Standing in it changes nothing."""
    home.default("providers: {openai: {}}\n")
    from ultra.config.load import load_profile

    profile = load_profile(
        None,
        environ=home.environ,
        cwd=home.paths.config,
        paths=home.paths,
        catalog=home.catalog,
    )

    assert (profile.name, list(profile.providers)) == ("default", ["openai"])


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_project_file_of_another_user_is_left_alone_and_said(home: Home) -> None:
    """Whoever can write to a shared folder does not choose my models."""
    path = home.repo("confirm_usd: 0\n")
    os.chown(path, 12345, -1)

    profile = home.load()

    assert profile.name == "environment"
    assert "belongs to another user" in profile.warnings[0]


def test_a_folder_that_cannot_be_looked_into_is_passed_over(home: Home) -> None:
    """A name that is too long stands for every way in which asking can fail."""
    assert find_project(environ=home.environ, cwd=Path("/") / ("x" * 300)).path is None


def test_a_deleted_active_profile_is_told_with_the_nearest(home: Home) -> None:
    """It was chosen once; another is not chosen in silence."""
    home.write(home.paths.active_file, "developmnt\n")

    with pytest.raises(ConfigError, match="active profile `developmnt`") as caught:
        home.load()

    assert caught.value.hint == "did you mean `development`?"


def test_an_active_file_that_says_nothing_counts_as_none(home: Home) -> None:
    """An empty file, or a folder in its place."""
    home.write(home.paths.active_file, "\n")
    assert home.load().name == "environment"

    home.paths.active_file.unlink()
    home.paths.active_file.mkdir()
    assert home.load().name == "environment"


def test_a_home_that_is_a_file_does_not_crash(home: Home) -> None:
    """Nothing can be read or written below it, and ultra still runs."""
    (home.root / "ultra").write_text("not a folder")

    assert home.load(OPENAI_KEY="k").providers
    assert home.load("development").models

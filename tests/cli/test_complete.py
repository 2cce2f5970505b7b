"""`ultra __complete`: candidates without a parser, YAML or a complaint."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Cli
from ultra.cli.complete import main

Complete = Callable[..., dict[str, str]]

PROFILE = """\
version: 1
providers: {anthropic: {}}
models: {quick: "anthropic:claude-haiku-4-5"}
groups: {all: [quick]}
ensembles: {panel: {members: [quick, quick], strategy: fusion}}
routes: {main: {candidates: [quick]}}
"""


@pytest.fixture
def complete(cli: Cli, capfd: pytest.CaptureFixture[str]) -> Complete:
    """Candidates of a kind, each with what is said beside it."""

    def candidates(*words: str) -> dict[str, str]:
        capfd.readouterr()
        assert main(words) == 0
        said = capfd.readouterr()
        assert said.err == ""
        pairs = (line.partition("\t") for line in said.out.splitlines())
        return {word: told for word, _, told in pairs}

    return candidates


def test_names_of_a_profile_come_from_the_cache_of_the_last_run(
    cli: Cli, complete: Complete
) -> None:
    """Aliases, ensembles, routes and groups, with what stands behind each."""
    cli.profile(PROFILE)
    before = complete("models", "")
    cli("models")

    assert before == {}
    assert complete("models", "") == {
        "quick": "anthropic:claude-haiku-4-5",
        "panel": "fusion of quick, quick",
        "main": "quick",
        "@all": "quick",
    }
    assert complete("aliases", "qu") == {"quick": "anthropic:claude-haiku-4-5"}


def test_models_of_a_provider_come_from_the_catalog(cli: Cli, complete: Complete) -> None:
    """Of the profile's providers only, once something is typed."""
    cli.profile(PROFILE)
    cli("models")

    assert "anthropic:claude-sonnet-4-5" in complete("models", "anthropic:claude-so")
    assert complete("models", "openai:") == {}


def test_every_vendor_is_offered_where_no_profile_is(complete: Complete) -> None:
    """An empty home can complete too."""
    assert "openai:gpt-5-mini" in complete("models", "openai:gpt-5-m")


def test_a_group_is_offered_behind_its_sign_only(cli: Cli, complete: Complete) -> None:
    """`@` begins no model."""
    cli.profile(PROFILE)
    cli("models")

    assert list(complete("models", "@")) == ["@all"]


def test_sources_of_keys_are_those_that_are_there(
    cli: Cli, complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables that are set, keyring entries of the profile's providers, and stdin; no key."""
    cli.profile(PROFILE)
    cli("models")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-secret-secret")

    offered = complete("sources", "")

    assert list(offered) == ["-", "env:OPENAI_API_KEY", "keyring:anthropic"]
    assert "sk-secret" not in str(offered)


def test_the_profile_that_was_typed_is_the_one_that_is_asked(cli: Cli, complete: Complete) -> None:
    """`-P NAME` before the word under the cursor."""
    cli("models", "-P", "development")

    assert "steady" in complete("models", "ste", "development")
    assert "steady" not in complete("models", "ste")


def test_other_kinds(cli: Cli, complete: Complete) -> None:
    """Verbs, profiles, templates, strategies and providers."""
    cli("ask", "--save", "review", "review $input")

    assert list(complete("verbs", "comp")) == ["compare", "completions"]
    assert "development" in complete("profiles", "")
    assert list(complete("templates", "re")) == ["review"]
    assert "fusion" in complete("strategies", "")
    assert complete("providers", "anth") == {"anthropic": "Anthropic"}
    assert complete("runs", "") == {}


def test_ids_of_runs_are_offered_newest_first(old: Cli, complete: Complete) -> None:
    """As many as are in the log."""
    assert len(complete("runs", "")) == 3


def test_nothing_is_said_of_what_is_wrong(cli: Cli, complete: Complete) -> None:
    """An unknown kind, an unknown profile, a broken log, no words at all."""
    (cli.home / "data").mkdir(parents=True)
    (cli.home / "data" / "ultra.db").write_bytes(b"this is not a database, whatever it is" * 40)

    assert complete("nonsense", "") == {}
    assert complete("models", "", "nonsense") == {}
    assert complete("runs", "") == {}
    assert complete() == {}


def test_a_directory_that_is_gone_offers_nothing(
    complete: Complete, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And does not fail."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert complete("models", "") == {}


def test_a_name_that_a_shell_could_run_is_not_offered(cli: Cli, complete: Complete) -> None:
    """File names are not ours: only plain words reach the command line."""
    cli.profile("version: 1\n", name="$(reboot)")
    cli.profile("version: 1\n", name="plain")

    offered = complete("profiles", "")

    assert "plain" in offered
    assert not any("$" in word for word in offered)

"""Profiles on top of profiles."""

from pathlib import Path

from tests.support.config import Home

LAB = "{protocol: openai-chat, base_url: 'http://127.0.0.1:1/v1'}"


def test_a_profile_takes_over_what_it_does_not_say(home: Home) -> None:
    """Entries are replaced whole, limits one by one, by name or by path."""
    home.own(
        "base",
        f"environment: testing\nproviders: {{lab: {LAB}, openai: {{}}}}\n"
        "models: {fast: {model: 'lab:a', context_window: 5}, slow: 'lab:b'}\n"
        "timers: {idle_s: 1, run_s: 2}\nconfirm_usd: 3\ndefaults: {ask: slow, compare: [slow]}\n",
    )
    home.own("middle", "extends: base\nmodels: {fast: 'openai:gpt'}\ntimers: {run_s: 9}\n")
    home.own("top", "extends: ./middle.yaml\ndefaults: {ask: fast}\n")

    profile = home.load("top")

    assert {n: str(t.ref) for n, t in profile.models.items()} == {
        "fast": "openai:gpt",
        "slow": "lab:b",
    }
    assert (profile.timers.idle_s, profile.timers.run_s, profile.confirm_usd) == (1.0, 9.0, 3.0)
    assert (profile.defaults.ask, profile.defaults.compare) == ("fast", ("slow",))
    assert profile.environment == "testing"
    assert profile.source.endswith("top.yaml")


def test_a_name_that_is_defined_again_is_only_the_new_thing(home: Home) -> None:
    """A route may replace a model of the profile below."""
    home.own("base", "models: {fast: openai:a, slow: openai:b}\n")
    home.own("top", "extends: base\nroutes: {fast: {candidates: [slow]}}\n")

    profile = home.load("top")

    assert (list(profile.models), list(profile.routes)) == (["slow"], ["fast"])


def test_a_profile_may_extend_the_shipped_one_of_its_name(home: Home) -> None:
    """The usual way to change one thing of it."""
    home.own("development", "extends: development\nconfirm_usd: 9\n")

    profile = home.load("development")

    assert profile.confirm_usd == 9.0
    assert "steady" in profile.models


def test_a_circle_is_refused(home: Home) -> None:
    """Through a link too."""
    first = home.own("a", "extends: b\n")
    home.own("b", "extends: ./c.yaml\n")
    (home.paths.profiles_dir / "c.yaml").symlink_to(first)

    (problem,) = home.problems("a")

    assert "leads back" in problem.message
    assert Path(problem.where.split(":")[0]).name == "b.yaml"


def test_a_long_chain_is_refused(home: Home) -> None:
    """Nobody can follow more."""
    for number in range(30):
        home.own(f"p{number}", f"extends: p{number + 1}\n")

    assert [problem.path for problem in home.problems("p0")] == ["extends"]


def test_what_is_extended_must_be_a_file(home: Home) -> None:
    """A folder is none, and neither is a file that is too large."""
    (home.paths.profiles_dir / "folder.yaml").mkdir(parents=True)
    home.own("big", "#" * 1_048_577)

    assert [p.path for p in home.wrong("extends: ./folder.yaml\n")] == ["extends"]
    (problem,) = home.wrong("extends: big\n")
    assert "larger than" in problem.message


def test_mistakes_of_every_file_are_told(home: Home) -> None:
    """Each with its own file, in their order."""
    home.own("base", "models: {m: nonsense}\n")

    problems = home.wrong("extends: base\nconfirm_usd: x\n")

    assert [Path(problem.where.split(":")[0]).name for problem in problems] == [
        "base.yaml",
        "wrong.yaml",
    ]


def test_aliases_lie_below_every_profile(home: Home) -> None:
    """The profile's own names win; one whose provider is not offered here is left out."""
    home.write(
        home.paths.aliases_file,
        "version: 1\nmodels: {mine: openai:x, fast: openai:alias, other: 'lab:x',"
        " deep: {model: openai:gpt, max_output_tokens: 5}}\n",
    )
    home.own("p", "models: {fast: openai:own}\n")

    models = home.load("p").models

    assert {name: target.model for name, target in models.items()} == {
        "mine": "x",
        "deep": "gpt",
        "fast": "own",
    }


def test_a_wrong_aliases_file_is_told_like_a_profile(home: Home) -> None:
    """With its own place."""
    home.write(home.paths.aliases_file, "version: 1\nmodels: {a: nonsense}\n")

    (problem,) = home.wrong("")

    assert "aliases.yaml:2:13" in problem.where

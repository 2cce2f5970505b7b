"""`ultra aliases` and `ultra templates`: what the user keeps to use again."""

import json

from tests.support.cli import Cli


def test_an_alias_names_a_model_in_every_profile(cli: Cli) -> None:
    """Set once, it can be asked under any profile and is in the list."""
    said = cli("aliases", "set", "quick", "openai:gpt-5-mini")

    assert said.code == 0
    assert "quick  openai:gpt-5-mini" in cli("aliases").out
    assert json.loads(cli("alias", "list", "--json").out)["aliases"] == {
        "quick": "openai:gpt-5-mini"
    }
    assert "openai:gpt-5-mini" in cli("ask", "-m", "quick", "--dry-run", "hello there").out


def test_an_alias_can_be_given_by_another_short_name(cli: Cli) -> None:
    """It then names the model behind it."""
    cli("aliases", "set", "one", "openai:gpt-5-mini")

    cli("aliases", "set", "two", "one")

    assert "two    openai:gpt-5-mini" in cli("aliases").out


def test_an_alias_for_a_provider_nobody_knows_is_refused(cli: Cli) -> None:
    """Exit 2 with the nearest; nothing is kept."""
    said = cli("aliases", "set", "quick", "opnai:gpt-5-mini")

    assert said.code == 2
    assert "`openai`" in said.err
    assert cli("aliases").out == ""


def test_an_alias_for_something_that_is_not_one_model_is_refused(cli: Cli) -> None:
    """An ensemble is asked by its own name."""
    assert cli("aliases", "set", "quick", "panel", "-P", "development").code == 2


def test_an_alias_that_a_profile_shadows_is_told(cli: Cli) -> None:
    """The profile's own name wins, which would surprise in silence."""
    said = cli("aliases", "set", "swift", "openai:gpt-5-mini", "-P", "development")

    assert said.code == 0
    assert "wins there" in said.err


def test_a_removed_alias_is_gone_and_an_unknown_one_is_a_usage_error(cli: Cli) -> None:
    """The second removal names the nearest."""
    cli("aliases", "set", "quick", "openai:gpt-5-mini")
    cli("aliases", "set", "quack", "openai:gpt-5-mini")

    first, second = cli("aliases", "remove", "quick"), cli("aliases", "remove", "quick")

    assert (first.code, second.code) == (0, 2)
    assert "`quack`" in second.err


def test_templates_are_listed_shown_and_removed(cli: Cli) -> None:
    """From `--save` to `remove`."""
    cli("ask", "--save", "review", "-s", "be brief", "review $language: $input")

    listed = cli("templates")
    shown = cli("template", "show", "review")
    removed = cli("templates", "remove", "review")

    assert "review" in listed.out
    assert "language" in listed.out
    assert "be brief" in shown.out
    assert removed.code == 0
    assert cli("templates").out == ""


def test_templates_as_json_say_what_they_hold(cli: Cli) -> None:
    """One versioned document."""
    cli("ask", "--save", "review", "review $input")

    document = json.loads(cli("templates", "--json").out)

    assert document["version"] == 1
    assert document["templates"][0]["prompt"] == "review $input"


def test_path_prints_the_folder(cli: Cli) -> None:
    """Whether or not it is there."""
    assert cli("templates", "path").out == f"{cli.home}/config/templates\n"


def test_an_unknown_template_is_a_usage_error_with_the_nearest(cli: Cli) -> None:
    """For show and remove alike."""
    cli("ask", "--save", "review", "review $input")

    for verb in ("show", "remove"):
        said = cli("templates", verb, "revue")
        assert said.code == 2
        assert "`review`" in said.err


def test_a_broken_template_is_told_with_its_place(cli: Cli) -> None:
    """Exit 3 with file, line and column."""
    folder = cli.home / "config" / "templates"
    folder.mkdir(parents=True)
    (folder / "bad.yaml").write_text("prompt: hi\nsytem: x\n", encoding="utf-8")

    said = cli("templates")

    assert said.code == 3
    assert "bad.yaml:2:1" in said.err
    assert "`system`" in said.err


def test_a_word_that_is_no_command_of_a_noun_is_refused_with_the_nearest(cli: Cli) -> None:
    """`ultra aliases st` is a typo, not something to list."""
    said = cli("aliases", "st")

    assert said.code == 2
    assert "`set`" in said.err


def test_common_options_may_stand_before_the_verb_and_behind_it(cli: Cli) -> None:
    """`ultra -P NAME noun verb` and `ultra noun verb -P NAME` are the same."""
    before = cli("-P", "development", "models", "list")
    behind = cli("models", "list", "-P", "development")
    between = cli("models", "--profile=development", "list")

    assert before.out == behind.out == between.out
    assert "swift" in before.out

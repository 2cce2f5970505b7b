"""Short names and stored prompts."""

import pytest

from tests.support.config import Home
from ultra.config.aliases import add_alias, aliases, remove_alias
from ultra.config.templates import (
    Filled,
    Template,
    fill_template,
    load_template,
    remove_template,
    save_template,
    template_names,
)
from ultra.core.errors import ConfigError, UsageError


def test_an_alias_is_a_name_in_every_profile(home: Home) -> None:
    """Set, set anew, and forgotten."""
    add_alias("fast", "openai:old", paths=home.paths)
    add_alias("fast", "openai:new:tag", paths=home.paths)
    add_alias("a", "openai:x", paths=home.paths)

    assert aliases(home.paths) == {"a": "openai:x", "fast": "openai:new:tag"}
    assert home.load().models["fast"].model == "new:tag"
    assert "fast" in home.load("development").models

    remove_alias("fast", paths=home.paths)
    assert list(home.load().models) == ["a"]


@pytest.mark.parametrize(
    ("name", "model"), [("a b", "openai:x"), ("@a", "openai:x"), ("a", "gpt"), ("a", "x:\x1b[m")]
)
def test_a_wrong_alias_is_not_written(home: Home, name: str, model: str) -> None:
    """The file stays as it was."""
    with pytest.raises(UsageError):
        add_alias(name, model, paths=home.paths)

    assert aliases(home.paths) == {}


def test_an_unknown_alias_is_told_with_the_nearest(home: Home) -> None:
    """A typo forgets nothing."""
    add_alias("fast", "openai:x", paths=home.paths)

    with pytest.raises(UsageError) as caught:
        remove_alias("fats", paths=home.paths)

    assert caught.value.hint == "did you mean `fast`?"


def test_a_broken_aliases_file_is_not_written_over(home: Home) -> None:
    """Somebody edited it by hand."""
    home.write(home.paths.aliases_file, "models: {a: openai:x, a: openai:y}\n")

    with pytest.raises(ConfigError):
        add_alias("b", "openai:x", paths=home.paths)


def test_an_edited_alias_may_hold_more_than_a_model(home: Home) -> None:
    """As in a profile, and adding another keeps it."""
    home.write(
        home.paths.aliases_file, "version: 1\nmodels: {a: {model: openai:x, context_window: 5}}\n"
    )

    add_alias("b", "openai:y", paths=home.paths)

    assert aliases(home.paths) == {"a": "openai:x", "b": "openai:y"}
    assert home.load().models["a"].context_window == 5


FULL = Template(
    "review",
    prompt="Review this $language:\n\n$input\n\tfor $$5",
    system="Be $tone.",
    model="fast",
    options={"temperature": 0.5, "stop": ["a"]},
    defaults={"tone": "kind"},
)


def test_a_template_is_kept_as_it_is(home: Home) -> None:
    """Several lines, tabs and all."""
    path = save_template(FULL, paths=home.paths)

    assert path == home.paths.templates_dir / "review.yaml"
    assert load_template("review", paths=home.paths) == FULL
    assert template_names(home.paths) == ["review"]
    assert FULL.parameters == ["language", "tone"]


def test_an_empty_template_is_a_template(home: Home) -> None:
    """It only stores a name."""
    save_template(Template("nothing"), paths=home.paths)

    assert load_template("nothing", paths=home.paths) == Template("nothing")


def test_a_template_is_filled(home: Home) -> None:
    """Parameters over defaults, and what was typed in its place."""
    filled = fill_template(FULL, {"language": "Rust"}, "fn main() {}")

    assert filled == Filled("Review this Rust:\n\nfn main() {}\n\tfor $5", "Be kind.")


def test_what_is_typed_follows_a_prompt_without_a_place_for_it() -> None:
    """After a blank line; parameters are not looked for in it."""
    template = Template("t", prompt="Translate.")

    assert fill_template(template, {}, "costs $5").prompt == "Translate.\n\ncosts $5"
    assert fill_template(template, {}, "").prompt == "Translate."
    assert fill_template(Template("s", system="x"), {}, "hi") == Filled("hi", "x")


def test_missing_parameters_are_all_named() -> None:
    """With how to give them."""
    with pytest.raises(UsageError, match="needs `a`, `b`") as caught:
        fill_template(Template("t", prompt="$a $b"), {}, "")

    assert caught.value.hint == "-p a VALUE -p b VALUE"


@pytest.mark.parametrize(
    ("prompt", "hint"), [("$language", "did you mean `language`?"), ("none", "it has: none")]
)
def test_an_unknown_parameter_is_a_mistake(prompt: str, hint: str) -> None:
    """It would change nothing, in silence."""
    with pytest.raises(UsageError) as caught:
        fill_template(Template("t", prompt=prompt), {"langauge": "x"}, "")

    assert caught.value.hint == hint


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "a b", "x" * 65, "a\n"])
def test_a_name_that_leads_elsewhere_is_refused(home: Home, name: str) -> None:
    """Templates lie in one folder."""
    with pytest.raises(UsageError, match="no name for a template"):
        load_template(name, paths=home.paths)
    with pytest.raises(UsageError, match="no name for a template"):
        save_template(Template(name), paths=home.paths)


def test_an_unknown_template_is_told_with_the_nearest(home: Home) -> None:
    """For reading and for removing."""
    save_template(FULL, paths=home.paths)

    for work in (load_template, remove_template):
        with pytest.raises(UsageError) as caught:
            work("reveiw", paths=home.paths)
        assert caught.value.hint == "did you mean `review`?"


def test_a_template_can_be_removed(home: Home) -> None:
    """A folder in its place cannot."""
    path = save_template(FULL, paths=home.paths)

    remove_template("review", paths=home.paths)

    assert template_names(home.paths) == []
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot delete"):
        remove_template("review", paths=home.paths)


@pytest.mark.parametrize("text", ["prompt: costs $5", "prompt: [a]", "promt: x", "- x"])
def test_a_wrong_template_is_told_by_its_place(home: Home, text: str) -> None:
    """A lone `$` begins no parameter."""
    home.write(home.paths.templates_dir / "t.yaml", text)

    with pytest.raises(ConfigError) as caught:
        load_template("t", paths=home.paths)

    assert "t.yaml:1:" in caught.value.problems[0].where


@pytest.mark.parametrize("template", [Template("t", prompt="$5"), Template("t", prompt="\x1b[m")])
def test_a_wrong_template_is_not_saved(home: Home, template: Template) -> None:
    """It could not be read again."""
    with pytest.raises(UsageError):
        save_template(template, paths=home.paths)

    assert template_names(home.paths) == []


def test_templates_in_a_folder_that_cannot_be_read_are_none(home: Home) -> None:
    """Completions ask for them at every keystroke."""
    home.write(home.paths.templates_dir, "a file in its place")

    assert template_names(home.paths) == []

"""Which verb a command line means."""

import pytest

from ultra.cli.route import joined_pairs, route
from ultra.cli.verbs import PLANNED, SINGULARS, VERBS
from ultra.core.errors import UsageError


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_itself(name: str) -> None:
    """What follows it is its own."""
    assert route([name, "--json"]) == (name, ["--json"])


@pytest.mark.parametrize("name", SINGULARS)
def test_the_singular_works_too(name: str) -> None:
    """`ultra model` is `ultra models`."""
    assert route([name]) == (SINGULARS[name], [])


@pytest.mark.parametrize(
    "words",
    [
        ["why is the sky blue"],
        ["-m", "fast", "hello"],
        ["-x", "code please"],
        ["supercalifragilistic"],
        ["--", "models"],
    ],
    ids=" ".join,
)
def test_everything_else_is_asked(words: list[str]) -> None:
    """A prompt, or options of `ask` before one."""
    assert route(words) == ("ask", words)


@pytest.mark.parametrize("word", ["modles", "comapre", "log5", "Models", "profil", "helth"])
def test_a_near_miss_is_a_typo(word: str) -> None:
    """It names the verb and how to send the word all the same."""
    with pytest.raises(UsageError, match="nothing was sent") as caught:
        route([word, "-n", "5"])

    assert f"ultra ask {word}" in str(caught.value.hint)


@pytest.mark.parametrize("word", sorted(PLANNED))
def test_a_verb_of_a_later_version_is_no_prompt(word: str) -> None:
    """Whoever types `ultra stats` wants figures, not an answer."""
    with pytest.raises(UsageError, match="not in this version"):
        route([word])


def test_options_before_the_verb_are_handed_to_it() -> None:
    """`-q` as the long form, since it is a search under a noun."""
    assert route(["-P", "work", "-q", "logs", "-n", "5"]) == (
        "logs",
        ["-P", "work", "--quiet", "-n", "5"],
    )
    assert route(["--profile=work", "--debug", "hi there"]) == (
        "ask",
        ["--profile=work", "--debug", "hi there"],
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["-o", "temperature", "0.5", "hi"], ["-o", "temperature=0.5", "hi"]),
        (["-o", "temperature=0.5", "hi"], ["-o", "temperature=0.5", "hi"]),
        (["-p", "name"], ["-p", "name"]),
        (["-p"], ["-p"]),
        (["--", "-o", "a", "b"], ["--", "-o", "a", "b"]),
    ],
    ids=str,
)
def test_pairs_are_joined_as_the_parser_wants_them(typed: list[str], meant: list[str]) -> None:
    """`-o name value` as llm has it, `-o name=value` too, nothing after `--`."""
    assert joined_pairs(typed) == meant

"""Every verb and every command under it explains itself, with examples."""

import pytest

from tests.support.cli import REPOSITORY, Cli
from ultra.cli.grammar import Command, grammar
from ultra.cli.route import route
from ultra.cli.verbs import SINGULARS, VERBS, root_help

COMMANDS = grammar()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.path)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_has_examples_that_can_be_typed(cli: Cli, command: Command, flag: str) -> None:
    """It exits 0, names the command and has examples, one a line."""
    said = cli(*command.path.split(), flag)

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: ultra {command.path}")
    examples = said.out.partition("Examples:\n")[2].partition("\n\n")[0]
    assert "ultra " in examples
    assert all(line.startswith("    ") for line in examples.splitlines())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.path)
def test_every_option_says_what_it_does(command: Command) -> None:
    """None is left without a word."""
    assert [flag.names for flag in command.flags if not flag.help] == []


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_root_help_and_in_the_readme(verb: str) -> None:
    """What is not written down is not there."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    assert f"\n  {verb} " in root_help()
    assert f"`ultra {verb}" in readme or f"`{verb}`" in readme


@pytest.mark.parametrize(("word", "verb"), SINGULARS.items())
def test_the_singular_of_a_noun_works_too(word: str, verb: str) -> None:
    """As in llm, fingers know both."""
    assert route([word]) == (verb, [])

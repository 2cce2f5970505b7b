"""`ultra profiles add`: a row goes in, every other byte stays."""

import difflib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.cli import Cli
from ultra.config.additions import Entry, add_entries
from ultra.config.paths import Paths
from ultra.providers.catalog import ShippedCatalog


def inserted(before: str, after: str) -> list[str]:
    """The lines that are new; fails when any other line is gone or changed."""
    new: list[str] = []
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        assert not line.startswith("- "), after
        if line.startswith("+ "):
            new.append(line[2:])
    return new


BLOCK = """\
# mine
version: 1   # the only one

providers:
  # the first
  openai: {}   # key from the keyring
  lab:
    protocol: openai-chat
    base_url: "http://127.0.0.1:8000/v1"
    key: none   # wants none

# Short names.
models: {fast: "openai:gpt-5-mini"}
# the end
"""


def test_a_row_goes_below_the_last_one_with_its_comments(cli: Cli) -> None:
    """Where its page is, where its key is looked for, and nothing else."""
    path = cli.profile(BLOCK)

    said = cli("profiles", "add", "groq")

    assert said.code == 0
    assert said.out == ""
    assert inserted(BLOCK, path.read_text()) == [
        "  # Groq: https://console.groq.com/docs/api-reference",
        "  # its key: GROQ_API_KEY, or `ultra keys set groq`",
        "  groq: {}",
    ]
    assert "`groq` went into" in said.err
    assert "set `GROQ_API_KEY`" in said.err
    assert cli("profiles", "check").code == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_name_and_a_model_of_its_own(cli: Cli) -> None:
    """A flow mapping takes the short name inside its braces."""
    path = cli.profile(BLOCK)

    said = cli("profiles", "add", "groq", "--name", "quick", "-m", "openai/gpt-oss-120b")

    text = path.read_text()
    assert "  quick: {vendor: groq}\n" in text
    assert 'models: {gpt-oss-120b: "quick:openai/gpt-oss-120b", fast: "openai:gpt-5-mini"}' in text
    assert "ask `-m gpt-oss-120b`" in said.err
    assert "gpt-oss-120b  quick:openai/gpt-oss-120b  groq" in cli("models").out


@pytest.mark.parametrize(
    "before",
    [
        "version: 1\nproviders: {}\n",
        "version: 1\nproviders: {}  # none yet\n",
        "version: 1\nproviders:\nmodels: {}\n",
        "version: 1\nproviders:  # to come",
        "version: 1",
        "version: 1\n# nothing else",
        "{version: 1, providers: {openai: {}}}\n",
        "version: 1\nproviders: {openai: {}, mistral: {}}\n",
        "version: 1\nproviders: {\n  openai: {},  # one\n  mistral: {}\n}\n",
        "version: 1\nproviders:\n    openai: {}\n\n\nmodels:\n    a: openai:x\n",
        "version: 1\nproviders:\n  openai:\n    headers:\n      x-a: |-\n        1\n\nretry: {}\n",
        "version: 1\nproviders:\n  openai:\n    headers:\n      x-a: >-\n        one\n        two",
        "version: 1\nproviders:\n  openai:\n    headers: {x-a: one\n      two}\n",
        "version: 1\r\nproviders:\r\n  openai: {}\r\n",
        "\ufeffversion: 1\nproviders:\n  openai: {}\n",
        "---\nversion: 1\nproviders:\n  openai: {}\n",
        "version: 1\ngroups: {a: ['openai:x']}\nproviders:\n  openai: {}\n  # more to come\n",
        "version: 1\nproviders: {openai: {}}\nmodels: {a: 'openai:größe 日本'}\n",
    ],
)
def test_a_row_finds_its_place_in_any_shape_of_file(cli: Cli, before: str) -> None:
    """Block or braces, empty or not, with comments and any ends of lines."""
    path = cli.profile("")
    path.write_bytes(before.encode())

    said = cli("profiles", "add", "groq")

    after = path.read_bytes().decode()
    assert said.code == 0, said.err
    without = after.replace("groq: {}, ", "").replace("groq: {}", "")
    for line in before.splitlines():
        assert line.strip() in without
    assert after.count("groq: {}") == 1
    assert cli("profiles", "check").code == 0
    assert "groq:" in cli("profiles", "show").out


def test_a_file_in_braces_takes_the_section_inside_them(cli: Cli) -> None:
    """On its one line."""
    path = cli.profile("{version: 1}\n")

    assert cli("profiles", "add", "groq").code == 0
    assert path.read_text() == "{providers: {groq: {}}, version: 1}\n"


def test_the_first_provider_makes_the_profile(cli: Cli) -> None:
    """Nothing was there: the file holds what a profile needs."""
    said = cli("profiles", "add", "ollama", "-m", "llama3.2:3b")

    text = (cli.home / "config" / "ultra.yaml").read_text()
    assert said.code == 0
    assert text.startswith("# A profile of ultra")
    assert "\n  ollama: {}\n" in text
    assert '\nmodels:\n  llama3.2-3b: "ollama:llama3.2:3b"\n' in text
    assert "its key" not in text + said.err


def test_a_row_that_is_there_is_told_and_left_alone(cli: Cli) -> None:
    """With its place; the file keeps its bytes."""
    path = cli.profile(BLOCK)

    said = cli("profiles", "add", "openai")

    assert said.code == 0
    assert f"`openai` stands there already, at {path}:6:" in said.err
    assert path.read_text() == BLOCK


def test_a_short_name_that_is_taken_is_told_whatever_it_stands_for(cli: Cli) -> None:
    """Models share their names with routes and ensembles."""
    path = cli.profile(BLOCK + "routes: {gpt-5: {candidates: [fast]}}\n")

    said = cli("profiles", "add", "groq", "-m", "openai/gpt-5")

    assert said.code == 0
    assert "`gpt-5` stands there already" in said.err
    assert "groq: {}" in path.read_text()


def test_an_unknown_vendor_names_the_nearest(cli: Cli) -> None:
    """Exit 2; one that nothing is near to is told where all are."""
    near, far = cli("profiles", "add", "grok"), cli("profiles", "add", "zzzzzz")

    assert (near.code, far.code) == (2, 2)
    assert "`groq`" in near.err
    assert "--vendors" in far.err
    assert not (cli.home / "config").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["groq", "--name", "a b"], "cannot be the name"),
        (["groq", "--model", " "], "names no model"),
    ],
)
def test_a_name_that_cannot_be_one_is_a_usage_error(cli: Cli, words: list[str], told: str) -> None:
    """Before the file is looked at."""
    said = cli("profiles", "add", *words)

    assert said.code == 2
    assert told in said.err


def test_what_the_checker_objects_to_is_not_written(cli: Cli) -> None:
    """Azure's address needs a variable: it is named, and the file keeps its bytes."""
    path = cli.profile(BLOCK)

    said = cli("profiles", "add", "azure")

    assert said.code == 3
    assert "`AZURE_OPENAI_RESOURCE` is not set" in said.err
    assert "nothing was changed" in said.err
    assert path.read_text() == BLOCK


def test_what_an_address_needs_is_written_down(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that nobody could try the row."""
    monkeypatch.setenv("AZURE_OPENAI_RESOURCE", "mine")

    cli("profiles", "add", "azure")
    cli("profiles", "add", "fireworks")

    text = (cli.home / "config" / "ultra.yaml").read_text()
    assert "# its address needs AZURE_OPENAI_RESOURCE\n" in text
    assert text.count("nobody has recordings of it") == 1


def test_a_file_with_mistakes_is_left_alone(cli: Cli) -> None:
    """They are told as they always are."""
    path = cli.profile("version: 1\nprovidrs: {}\n")

    said = cli("profiles", "add", "groq")

    assert said.code == 3
    assert "mistakes of its own" in said.err
    assert "did you mean `providers`" in said.err
    assert path.read_text() == "version: 1\nprovidrs: {}\n"


def test_a_file_that_is_no_text_is_left_alone(cli: Cli) -> None:
    """Exit 3."""
    cli.profile("").write_bytes(b"version: \xff")

    assert cli("profiles", "add", "groq").code == 3


def test_a_shared_section_is_not_guessed_at(cli: Cli) -> None:
    """Two sections that are one by an alias: what to write is said instead."""
    text = "version: 1\nproviders: &a {}\nmodels: *a\n"
    path = cli.profile(text)

    said = cli("profiles", "add", "groq")

    assert said.code == 3
    assert "write it there yourself" in said.err
    assert "  groq: {}" in said.err
    assert path.read_text() == text


def test_a_shipped_profile_is_not_changed(cli: Cli) -> None:
    """The way to one's own is named."""
    cli("profiles", "use", "development")

    said = cli("profiles", "add", "groq")

    assert said.code == 3
    assert "`ultra profiles use --none`" in said.err


def test_a_profile_can_be_named(cli: Cli, tmp_path: Path) -> None:
    """By its name or its path."""
    named = cli.profile("version: 1\n", "work")
    other = tmp_path / "here.yaml"
    other.write_text("version: 1\n")

    cli("profiles", "add", "groq", "-P", "work")
    cli("profiles", "add", "mistral", "-P", str(other))

    assert "groq: {}" in named.read_text()
    assert "mistral: {}" in other.read_text()


def test_a_link_to_the_profile_stays_a_link(cli: Cli, tmp_path: Path) -> None:
    """Files that are kept elsewhere stay there."""
    kept = tmp_path / "dotfiles.yaml"
    kept.write_text("version: 1\n")
    place = cli.profile("")
    place.unlink()
    place.symlink_to(kept)

    cli("profiles", "add", "groq")

    assert place.is_symlink()
    assert "groq: {}" in kept.read_text()


PIECES = st.lists(
    st.sampled_from(
        [
            "confirm_usd: 1\n",
            "# a comment\n",
            "\n",
            "providers:\n  openai: {}\n",
            "providers:\n    # deep\n    openai:\n        headers: {a: b}\n    # after\n",
            "providers: {openai: {}}  # braces\n",
            "models:\n  a: openai:x\n",
            'models: {"a": "openai:x"}\n',
            "groups:\n  all:\n  - a\n",
        ]
    ),
    unique_by=lambda piece: piece.split(":")[0],
)


@given(pieces=PIECES, last=st.sampled_from(["", "# the end", "# the end\n\n"]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_line_that_was_there_stays(tmp_path: Path, pieces: list[str], last: str) -> None:
    """Whatever stands around the section, as far as it is a profile at all."""
    if not any("openai: {}" in piece or "openai:\n" in piece for piece in pieces):
        pieces = [*pieces, "providers:\n  openai: {}\n"]
    if any("- a" in piece for piece in pieces) and not any("openai:x" in one for one in pieces):
        pieces = [*pieces, "models:\n  a: openai:x\n"]
    text = "version: 1\n" + "".join(pieces) + last
    path = tmp_path / "p.yaml"
    path.write_text(text)
    paths = Paths(tmp_path / "c", tmp_path / "d", tmp_path / "e")
    entries = [Entry("providers", "groq", "{}", ("why",)), Entry("models", "b", '"groq:y"')]

    done = add_entries(path, entries, environ={}, paths=paths, catalog=ShippedCatalog())

    after = path.read_text()
    assert done.added == ("groq", "b")
    bare = after.replace("groq: {}, ", "").replace('b: "groq:y", ', "")
    assert set(inserted(text, bare)) <= {
        *("  # why", "    # why", "# why", "  groq: {}", "    groq: {}", '  b: "groq:y"'),
        *("", "models:"),
    }

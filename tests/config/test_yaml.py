"""What a file may look like before anything in it means something."""

import pytest
from msgspec import inspect

from tests.support.config import Home
from ultra.config.leaves import read_leaf, wording
from ultra.config.nodes import MAX_DEPTH, Scalar, parse


def _whole(home: Home, raw: bytes) -> list[tuple[str, str]]:
    """Place and message of everything wrong with a file of these bytes."""
    path = home.paths.profiles_dir / "raw.yaml"
    home.write(path, "").write_bytes(raw)
    return [
        (problem.where.removeprefix(f"{path}:"), problem.message)
        for problem in home.problems("raw")
    ]


@pytest.mark.parametrize(
    ("raw", "where", "message"),
    [
        (b"version: 1\n\tmodels: {}\n", "2:1", "not valid YAML"),
        (b"version: [1\n", "2:1", "not valid YAML"),
        (b"version: 1\nname: caf\xe9\n", "2:10", "not UTF-8"),
        (b"version: 1\nenvironment: \x07\n", "2:14", "a character that YAML forbids"),
        ("version: 1\n# é\n# \x07\n".encode(), "3:3", "a character that YAML forbids"),
        (b"", "1:1", "empty"),
        (b"# only a comment\n", "1:1", "empty"),
        (b"~\n", "1:1", "empty"),
        (b"- one\n", "1:1", "expected a mapping"),
        (b"word\n", "1:1", "expected a mapping"),
        (b"version: 1\n---\nversion: 1\n", "2:1", "a second document"),
        (b"version: 1\nmodels: *x\n", "2:9", "no finished anchor"),
        (b"version: 1\nmodels: &x {a: *x}\n", "2:16", "no finished anchor"),
        (b"version: 1\nenvironment: !!str testing\n", "2:14", "YAML tags"),
        (b"version: 1\nmodels: !!python/object/apply:os.system [ls]\n", "2:9", "YAML tags"),
        (b"version: 1\nversion: 1\n", "2:1", "a second time"),
        (b"version: 1\n? [a]\n: b\n", "2:3", "a key must be one word"),
        (b"version: 1\n<<: {}\n", "2:1", "unknown key `<<`"),
    ],
)
def test_a_file_that_is_not_a_profile_is_told_by_its_place(
    home: Home, raw: bytes, where: str, message: str
) -> None:
    """Line and column count from 1, and the words say what is there."""
    found = _whole(home, raw)

    assert any(place == where and message in words for place, words in found), found


def test_a_mark_of_byte_order_is_no_mistake(home: Home) -> None:
    """Editors of another platform put one in front."""
    assert _whole(home, b"\xef\xbb\xbfversion: 1\n") == []


def test_every_key_that_stands_twice_is_told_at_once(home: Home) -> None:
    """YAML readers keep the last one in silence."""
    text = "models:\n  a: openai:x\n  a: openai:y\ngroups: {g: [a], g: [a]}\n"

    problems = home.wrong(text)

    assert [problem.where.split(".yaml:")[1] for problem in problems] == ["4:3", "5:18"]


def test_a_billion_laughs_are_refused_early(home: Home) -> None:
    """Aliases count as what they stand for."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    problems = home.wrong("\n".join(levels))

    assert any("aliases expanded" in problem.message for problem in problems)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "], ids=["list", "mapping", "block"])
def test_deep_nesting_is_refused_before_any_stack_is(home: Home, opening: str) -> None:
    """Half a million levels overflow PyYAML's own composer."""
    found = _whole(home, b"version: 1\nmodels: \n " + opening.encode() * 100_000)

    assert any(f"deeper than {MAX_DEPTH}" in words for _, words in found)


def test_a_file_over_a_megabyte_is_refused(home: Home) -> None:
    """Nobody writes such a profile."""
    home.own("big", "#" * 1_048_576)

    with pytest.raises(Exception, match="larger than"):
        home.load("big")


def test_an_anchor_may_be_used_again(home: Home) -> None:
    """Aliases are part of YAML, within bounds."""
    home.own("a", "models: {m: openai:gpt}\ngroups: {one: &all [m], two: *all}\n")

    assert home.load("a").groups == {"one": ("m",), "two": ("m",)}


def test_words_that_yaml_reads_as_booleans_stay_words(home: Home) -> None:
    """`no` is Norway's code, `on` and `yes` are names like any other."""
    home.own("norway", "models: {no: openai:on, yes: openai:off, 3.10: openai:1e3}\n")

    models = home.load("norway").models

    assert {name: target.model for name, target in models.items()} == {
        "no": "on",
        "yes": "off",
        "3.10": "1e3",
    }


@pytest.mark.parametrize("word", ["yes", "on", "1", "'true'", "tRuE"])
def test_only_true_and_false_are_booleans(home: Home, word: str) -> None:
    """Where a boolean belongs nothing else is taken for one."""
    problems = home.wrong(f"cache: {{enabled: {word}}}\n")

    assert [problem.path for problem in problems] == ["cache.enabled"]


def test_options_keep_their_types(home: Home) -> None:
    """What is passed on as it is follows the core schema of YAML 1.2."""
    home.own(
        "o",
        "providers:\n  sim:\n    protocol: simulated\n    options:\n"
        "      {i: 3, f: 0.5, e: 1e2, t: true, n: ~, no: no, q: '3', l: [1, {a: b}], big: 1e999}\n",
    )

    assert home.load("o").providers["sim"].options == {
        "i": 3,
        "f": 0.5,
        "e": 100.0,
        "t": True,
        "n": None,
        "no": "no",
        "q": "3",
        "l": [1, {"a": "b"}],
        "big": "1e999",
    }


def test_a_text_without_a_document_is_nothing() -> None:
    """Only comments and blanks."""
    assert parse("# nothing", "f") == (None, [])


def test_a_schema_type_that_nobody_reads_is_a_fault_of_ours() -> None:
    """Adding one to the table without a reader fails at once."""
    with pytest.raises(AssertionError, match="nobody reads"):
        read_leaf(Scalar("x", plain=True, line=1, column=1), inspect.BytesType(), {})


def test_every_kind_of_value_has_a_word() -> None:
    """Messages say what was expected."""
    union = inspect.UnionType((inspect.IntType(), inspect.BoolType(), inspect.NoneType()))

    assert wording(union) == "a whole number or `true` or `false`"
    assert wording(inspect.LiteralType(("a", "b"))) == "`a` or `b`"

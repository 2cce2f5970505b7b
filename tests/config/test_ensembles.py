"""Ensembles in a profile: every strategy with its own words, and ensembles inside ensembles."""

import pytest

from tests.support.config import Home
from ultra.config import choices
from ultra.core.extract import Extractor
from ultra.core.strategies import offered

MODELS = "models: {a: 'openai:a', b: 'openai:b', c: 'openai:c', d: 'openai:d'}\n"
DEEP = "\n  ".join(f"{name}: {{members: [{inner}, c]}}" for name, inner in ("ea", "fe", "gf", "hg"))
LED = "e: {members: [a, b], synthesizer: f}\n  f: {members: [a, b]}"
WHOLE = f"""
{MODELS}
ensembles:
  counted: {{strategy: vote, members: [a, a, b], extract: "json:x[0]", min_share: 0.6,
             tolerance: 0.01, escalate: true, accuracies: {{a: 0.9, "openai:b": 0.6}}, options: 4}}
  ranked: {{strategy: best-of, members: [a, b], judges: [c, d], criteria: "short\\nand right",
            reference: "42", duels: true, self_judging: true}}
  written: {{strategy: fusion, members: [a, b], synthesizer: c, extract: number, one_call: true,
             cite: true, sources_only: true}}
  layered: {{strategy: moa, members: [ranked, written, c], layers: 3}}
  held: {{strategy: cascade, members: [a, b], expect: ["regex:[0-9]", "contains:of"], judges: [c]}}
  gated: {{strategy: pipeline, members: [layered], judges: ["openai:e"], revisions: 0}}
"""


def test_an_ensemble_says_how_its_strategy_goes_about_it(home: Home) -> None:
    """Every word of it, and what is unsaid stays as it is usually."""
    home.own("whole", WHOLE)

    ensembles = home.load("whole").ensembles

    counted, ranked = ensembles["counted"].method, ensembles["ranked"].method
    written, gated = ensembles["written"].method, ensembles["gated"].method
    assert (counted.extract, counted.min_share) == (Extractor("json", "x[0]"), 0.6)
    assert (counted.tolerance, counted.escalate, counted.options) == (0.01, True, 4)
    assert counted.accuracies == {"openai:a": 0.9, "openai:b": 0.6}
    assert [judge.name for judge in ranked.judges] == ["c", "d"]
    assert (ranked.criteria, ranked.reference) == ("short\nand right", "42")
    assert ranked.duels
    assert ranked.self_judging
    assert (written.one_call, written.cite, written.sources_only) == (True, True, True)
    assert (ensembles["layered"].method.layers, gated.revisions) == (3, 0)
    assert [str(one) for one in ensembles["held"].method.expect] == ["regex:[0-9]", "contains:of"]


def test_an_ensemble_stands_inside_another(home: Home) -> None:
    """As one member, behind which its own stand."""
    home.own("whole", WHOLE)

    ensembles = home.load("whole").ensembles

    layered = ensembles["layered"]
    assert [member.name for member in layered.members] == ["ranked", "written", "c"]
    assert layered.members[0].ensemble == ensembles["ranked"]
    assert {one.name for one in ensembles["gated"].everyone} == {"a", "b", "c", "d", "openai:e"}
    assert ensembles["gated"].depth == 3


def test_the_cache_and_what_is_shown_mean_the_same(home: Home) -> None:
    """Ensembles inside ensembles among it."""
    home.own("whole", WHOLE)
    first = home.load("whole")

    home.write(home.paths.profiles_dir / "shown.yaml", choices.show(first))

    assert home.load("whole") == first
    assert home.load("shown").ensembles == first.ensembles


@pytest.mark.parametrize(
    ("ensembles", "path", "words"),
    [
        ("e: {strategy: fushion, members: [a, b]}", "ensembles.e.strategy", "there is no strategy"),
        ("e: {strategy: vote, members: [a, b], judges: [c]}", "ensembles.e.judges", "not go by it"),
        ("e: {members: [a, b], layers: 3}", "ensembles.e.layers", "not go by it"),
        ("e: {members: [a, b], expect: ['regex:x']}", "ensembles.e.expect", "not go by it"),
        (
            "e: {strategy: cascade, members: [a, b], expect: ['regex:(']}",
            "ensembles.e.expect[0]",
            "is no pattern",
        ),
        (
            "e: {strategy: cascade, members: [a, b], expect: ['schema:x.json']}",
            "ensembles.e.expect[0]",
            "named by `--schema`",
        ),
        ("e: {strategy: moa, members: [a, b], layers: 4}", "ensembles.e.layers", "at most 3"),
        ("e: {strategy: vote, members: [a, b], min_share: 2}", "ensembles.e.min_share", "at most"),
        (
            "e: {strategy: vote, members: [a, b], accuracies: {c: 1}}",
            "ensembles.e.accuracies.c",
            "no member",
        ),
        ("e: {strategy: vote, members: [a, b], extract: numbr}", "ensembles.e.extract", "nothing"),
        ("e: {strategy: vote, members: [a, b], extract: 'regex:('}", "ensembles.e.extract", "no p"),
        ("e: {strategy: council, members: [a, b]}", "ensembles.e.members", "3 members or more"),
        ("e: {strategy: usc, members: [a, b], judges: [c, d]}", "ensembles.e.judges", "asks 1"),
        ("e: {strategy: pipeline, members: [a, b], judges: [c]}", "ensembles.e.members", "takes 1"),
        ("e: {strategy: best-of, members: [a, b]}", "ensembles.e", "needs `judges`"),
        ("e: {strategy: debate, members: [a, b]}", "ensembles.e", "needs `extract`"),
        ("e: {members: [a, e]}", "ensembles.e.members[1]", "stands inside itself"),
        ("e: {members: [a, f]}\n  f: {members: [b, e]}", "ensembles.f.members[1]", "inside itself"),
        ("e: {members: [a, '@g']}", "ensembles.e.members[1]", "stands inside itself"),
        (DEEP, "ensembles.h.members", "more than 3 ensembles"),
        (LED, "ensembles.e.synthesizer", "a model belongs"),
        ("e: {members: [a, r]}", "ensembles.e.members[1]", "is a route"),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_its_place(
    home: Home, ensembles: str, path: str, words: str
) -> None:
    """And each only once."""
    told = home.wrong(
        f"{MODELS}groups: {{g: [a, e]}}\nroutes: {{r: {{candidates: [a]}}}}\n"
        f"ensembles:\n  {ensembles}\n"
    )

    assert [problem.path for problem in told] == [path]
    assert words in told[0].message
    assert ":" in told[0].where


def test_too_many_models_behind_one_name_are_refused(home: Home) -> None:
    """What a name costs has to stay in sight."""
    many = ", ".join(["a"] * 40)

    told = home.wrong(f"{MODELS}ensembles:\n  e: {{members: [{many}]}}\n  f: {{members: [e, e]}}\n")

    assert [(problem.path, problem.message) for problem in told] == [
        ("ensembles.f.members", "comes to more than 64 models")
    ]


def test_a_misspelt_strategy_names_the_nearest(home: Home) -> None:
    """Of those that an ensemble can have."""
    told = home.wrong(f"{MODELS}ensembles: {{e: {{strategy: fuson, members: [a, b]}}}}")

    assert told[0].hint == "did you mean `fusion`?"
    assert "all" not in offered()


def test_a_default_judge_is_judge_enough(home: Home) -> None:
    """For an ensemble that names none."""
    home.own(
        "x",
        f"{MODELS}ensembles: {{e: {{strategy: best-of, members: [a, b]}}}}\n"
        "defaults: {judge: c}\n",
    )

    assert home.load("x").ensembles["e"].method.judges == ()

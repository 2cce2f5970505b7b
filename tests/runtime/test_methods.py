"""What flags say of a method, and what they cannot say of which strategy."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import prompt, target
from ultra.core.errors import UsageError
from ultra.core.extract import Extractor
from ultra.core.model import Ensemble, Method, Target
from ultra.core.profile import Defaults, Profile
from ultra.runtime.action import Selection
from ultra.runtime.materials import text_or_file
from ultra.runtime.methods import Wish
from ultra.runtime.selection import check_passable, select_for_ask, select_for_compare

MODELS = {name: target(name, tier=tier) for name, tier in zip("abcd", (1, 3, 3, None), strict=True)}
OWN = Method(judges=(MODELS["d"],), criteria="brevity", layers=3)


def profile(**fields: Any) -> Profile:
    own = {
        "judged": Ensemble("judged", "best-of", (MODELS["a"], MODELS["b"]), None, OWN),
        "panel": Ensemble("panel", "fusion", (MODELS["a"], MODELS["b"]), MODELS["c"]),
    }
    told: dict[str, Any] = {"providers": {}, "models": MODELS, "ensembles": own, **fields}
    return Profile("test", **told)


def no_such(name: str) -> Target:
    raise UsageError(f"nothing is called `{name}`")


def chosen(*names: str, strategy: str | None = None, **wish: Any) -> Selection:
    return select_for_ask(profile(), names, strategy, no_such, Wish(**wish))


def test_flags_win_over_the_ensemble_and_leave_the_rest_of_it() -> None:
    """A judge of one's own judges by the ensemble's criteria."""
    method = chosen("judged", judges=("c",)).method

    assert (method.judges, method.criteria, method.layers) == ((MODELS["c"],), "brevity", 3)


def test_every_flag_reaches_the_method() -> None:
    """Each under the strategy that goes by it."""
    fused = chosen("a", "b", extract="number", one_call=True, cite=True, sources_only=True)
    judged = chosen(
        "a",
        "b",
        strategy="best-of",
        judges=("c", "d"),
        criteria="x",
        reference="y",
        self_judging=True,
    )

    assert fused.method == Method(
        extract=Extractor("number"), one_call=True, cite=True, sources_only=True
    )
    assert judged.method == Method(
        judges=(MODELS["c"], MODELS["d"]), criteria="x", reference="y", self_judging=True
    )
    assert chosen("a", "b", strategy="moa", layers=3).method.layers == 3
    assert chosen("panel", synthesizer="d").synthesizer == MODELS["d"]
    assert chosen("a", "b", strategy="vote", min_share=0.75).method.min_share == 0.75
    assert chosen("a", "b", strategy="best-of", judges=("c",), duels=True).method.duels


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_the_least_share_of_votes_is_a_share(share: float) -> None:
    """From none to all, said before anything is sent."""
    with pytest.raises(UsageError, match="from 0 to 1"):
        chosen("a", "b", strategy="vote", min_share=share)


@pytest.mark.parametrize("strategy", ["fusion", "usc"])
def test_a_judge_who_would_not_be_asked_is_refused(strategy: str) -> None:
    """Both strategies ask one; a second one would be named in vain."""
    with pytest.raises(UsageError, match="asks one judge, not 2"):
        chosen("a", "b", strategy=strategy, judges=("c", "d"))

    assert chosen("a", "b", strategy=strategy, judges=("c",)).method.judges == (MODELS["c"],)


def test_judges_of_a_comparison_may_see_two_answers_at_a_time() -> None:
    """As those of `best-of`."""
    wish = Wish(judges=("d",), duels=True)

    assert select_for_compare(profile(), ("a", "b", "c"), no_such, wish).method.duels


def test_a_vote_that_escalates_is_fused_by_whom_the_profile_names() -> None:
    """The ensemble's own, else the profile's; a plain vote has nothing to write."""
    fused = Ensemble("fused", "vote", (MODELS["a"], MODELS["b"]), None, Method(escalate=True))
    known = profile(ensembles={"fused": fused}, defaults=Defaults(synthesizer="c"))

    assert select_for_ask(known, ("fused",), None, no_such).synthesizer == MODELS["c"]
    named = select_for_ask(known, ("fused",), None, no_such, Wish(synthesizer="d"))
    assert named.synthesizer == MODELS["d"]
    assert select_for_ask(known, ("a", "b"), "vote", no_such).synthesizer is None
    with pytest.raises(UsageError, match="a vote asks no synthesizer"):
        select_for_ask(known, ("a", "b"), "vote", no_such, Wish(synthesizer="d"))


def test_nobody_is_named_who_would_not_be_asked() -> None:
    """Who writes in one call compares as well."""
    with pytest.raises(UsageError, match="`--one-call` leaves nothing for `--judge`"):
        chosen("a", "b", judges=("c",), one_call=True)
    with pytest.raises(UsageError, match="a safety gate and a quality gate, not 3"):
        chosen("a", strategy="pipeline", judges=("b", "c", "d"))


def test_samples_are_of_the_best_rated_model_and_fused() -> None:
    """By the profile's tier, of equals the one named first; one model needs no rating."""
    several = chosen("a", "b", "c", samples=3)
    one = chosen("a", samples=2)

    assert (several.strategy, several.members) == ("fusion", (MODELS["b"],) * 3)
    assert (one.strategy, one.members) == ("fusion", (MODELS["a"],) * 2)
    assert chosen("panel", samples=2, strategy="vote").members == (MODELS["b"],) * 2


def test_a_strategy_that_judges_takes_the_profiles_judge() -> None:
    """Where neither flags nor the ensemble name one."""
    told = profile(defaults=Defaults(judge="d"))

    judged = select_for_ask(told, ["a", "b"], "best-of", no_such)
    layered = select_for_ask(told, ["a", "b"], "moa", no_such)

    assert judged.method.judges == (MODELS["d"],)
    assert layered.method.judges == ()


def test_judges_of_a_comparison_are_those_wished_for() -> None:
    """The profile's default judges nothing that it was not asked to."""
    told = profile(defaults=Defaults(judge="d"))

    plain = select_for_compare(told, ["a", "b"], no_such)
    judged = select_for_compare(told, ["a", "b"], no_such, Wish(judges=("c",), criteria="x"))

    assert plain.method == Method()
    assert judged.method == Method(judges=(MODELS["c"],), criteria="x")
    assert MODELS["c"] in judged.everyone


@pytest.mark.parametrize(
    ("names", "strategy", "wish", "words"),
    [
        (("a", "b"), "moa", {"judges": ("c",)}, "`moa` does not go by `--judge`"),
        (("a", "b"), "vote", {"expect": ("regex:x",)}, "`vote` does not go by `--expect`"),
        (("a", "b"), "cascade", {"expect": ("regex:(",)}, "`\\(` is no pattern"),
        (("a", "b"), "first", {"cite": True}, "`first` does not go by `--cite`"),
        (("a",), None, {"extract": "number"}, "`single` does not go by `--extract`"),
        (("a", "b"), "vote", {"extract": "numbre"}, "`numbre` says nothing to extract"),
        (("a", "b"), "best-of", {}, "needs a judge"),
        (("a", "b"), "best-of", {"judges": ("a",)}, "nobody may judge `a`"),
        (("a", "b"), "best-of", {"judges": ("nix",)}, "nothing is called `nix`"),
        (("a", "b"), "council", {}, "needs at least 3 models, not 2"),
        (("a", "a", "b"), "council", {}, "members of several models"),
        (("a", "b"), "debate", {}, "has to know what to compare"),
        (("a",), "pipeline", {"judges": ("a",)}, "not the model they guard"),
        (("a", "b"), "pipeline", {"judges": ("c",)}, "takes one model, not 2"),
        (("a", "b"), "moa", {"layers": 4}, "`--layers` takes 2 to 3"),
        (("a",) * 9, "moa", {}, "takes at most 8 models, not 9"),
        (("a",), None, {"samples": 1}, "`--self` takes 2 to 32"),
        (("a",), "single", {"samples": 2}, "takes one model, not 2"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_before_anything_is_spent(
    names: tuple[str, ...], strategy: str | None, wish: dict[str, Any], words: str
) -> None:
    """With what was said and what would do."""
    with pytest.raises(UsageError, match=words):
        chosen(*names, strategy=strategy, **wish)


def test_a_cascade_needs_something_that_tells_good_from_bad() -> None:
    """A schema or an extractor, and the prompt is only known later."""
    bare = chosen("a", "b", strategy="cascade")
    told = chosen("a", "b", strategy="cascade", extract="number")

    with pytest.raises(UsageError, match="cannot tell a good answer"):
        check_passable(bare, prompt())
    check_passable(told, prompt())


def test_a_panel_that_writes_for_itself_is_compared_by_the_judge_of_the_profile() -> None:
    """Nobody weighs its own answer where another is named; a writer from outside does both."""
    told = profile(defaults=Defaults(judge="c"))

    own = select_for_ask(told, ["a", "b"], None, no_such)
    outside = select_for_ask(told, ["a", "b"], None, no_such, Wish(synthesizer="c"))

    assert own.method.judges == (MODELS["c"],)
    assert outside.method.judges == ()


def test_criteria_that_name_a_file_are_what_stands_in_it(tmp_path: Path) -> None:
    """Anything else is what it says, however long or odd."""
    file = tmp_path / "criteria.txt"
    file.write_text("brevity\n")

    assert text_or_file(str(file), "criteria") == "brevity"
    for words in ("brevity", "", "x" * 5000, "a\0b", "~nobody-here/x", "two\nlines", str(tmp_path)):
        assert text_or_file(words, "criteria") == words

    file.write_text(" \n")
    with pytest.raises(UsageError, match="is empty"):
        text_or_file(str(file), "criteria")

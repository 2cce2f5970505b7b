"""What picks, ballots and expectations come to for the models behind the answers."""

import random
import sys

import pytest

from ultra.core.candidates import Judged
from ultra.core.contests import Contest, Entry
from ultra.core.verdict import Ballot
from ultra.evaluation.contests import (
    CHECKED,
    ENOUGH,
    LEAST,
    accepted,
    accuracies,
    meetings,
    rankings,
    worths,
)


def contest(number: int, *entries: Entry, **fields: object) -> Contest:
    return Contest(f"run{number}", f"prompt{number}", entries, **fields)  # type: ignore[arg-type]


def entry(model: str, met: bool | None = None, cost_nano: int | None = 10) -> Entry:
    return Entry(f"call-{model}", model, met, cost_nano)


A, B, C = entry("a"), entry("b"), entry("c")


def picks(prompts: int, share: float, seed: int = 1) -> list[Contest]:
    """`a` is picked over `b` that often, each shown first every other time."""
    rng = random.Random(seed)
    return [
        contest(
            at,
            *((A, B) if at % 2 else (B, A)),
            picked="call-a" if rng.random() < share else "call-b",
        )
        for at in range(prompts)
    ]


def test_a_pick_is_a_win_over_each_of_the_others_as_they_were_shown() -> None:
    """Between the answers that were not chosen it says nothing."""
    found = meetings(contest(1, A, B, C, picked="call-b"))

    assert [(one.first, one.second, one.share) for one in found] == [
        ("a", "b", 0.0),
        ("b", "c", 1.0),
    ]


def test_ballots_keep_who_was_shown_first() -> None:
    """A tie is one half; of a ballot that names one, nothing is known of the others."""
    cast = (
        Ballot("j", "j1", ("call-b", "call-a"), ("call-a", "call-b")),
        Ballot("j", "j2", ("call-a", "call-b")),
        Ballot("j", "j3", ("call-a", "call-b", "call-c"), ("call-c",)),
    )
    found = meetings(contest(1, A, B, C, ballots=cast))

    assert [(one.first, one.second, one.share) for one in found] == [
        ("b", "a", 0.0),
        ("a", "b", 0.5),
        ("a", "c", 0.0),
        ("b", "c", 0.0),
    ]


def test_expectations_have_no_order() -> None:
    """Nobody was shown anything, so they say nothing of the order's effect."""
    (found,) = meetings(contest(1, entry("a", True), entry("b", False)))

    assert (found.share, found.ordered) == (1.0, False)


def test_two_samples_of_one_model_do_not_meet() -> None:
    """A model is neither better nor worse than itself."""
    again = Entry("call-a2", "a")

    assert meetings(contest(1, A, again, picked="call-a")) == []


def test_the_users_word_goes_before_expectations_and_these_before_judges() -> None:
    """Whether an answer was accepted has one answer."""
    right, wrong = entry("a", True), entry("b", False)
    cast = (Ballot("j", "j1", ("call-a", "call-b"), ("call-b", "call-a")),)

    assert accepted(contest(1, right, wrong, ballots=cast, picked="call-b")) == {
        "call-a": False,
        "call-b": True,
    }
    assert accepted(contest(1, right, wrong, ballots=cast)) == {"call-a": True, "call-b": False}
    assert accepted(contest(1, A, B, ballots=cast)) == {"call-a": False, "call-b": True}


def test_an_accepted_answer_costs_what_all_answers_cost() -> None:
    """Those that were not accepted were paid for as well; unknown costs make it unknown."""
    (ranking,) = rankings([*picks(4, 0.0), contest(9, A, B, picked="call-a")], [])
    cost = {one.model: one.accepted_nano for one in ranking.models}
    (unknown,) = rankings([contest(1, entry("a", cost_nano=None), B, picked="call-a")], [])

    assert cost == {"a": 50, "b": 12}
    assert [one.accepted_nano for one in unknown.models] == [None, None]


@pytest.mark.parametrize(
    ("prompts", "intervals", "ranks"),
    [
        (LEAST - 1, False, False),
        (LEAST, True, False),
        (ENOUGH - 1, True, False),
        (ENOUGH, True, True),
    ],
)
def test_too_little_is_called_too_little(prompts: int, intervals: bool, ranks: bool) -> None:
    """Below thirty prompts there are intervals and no ranks, below fifteen neither."""
    (ranking,) = rankings(picks(prompts, 0.6), [])

    assert all((one.low is not None) is intervals for one in ranking.models)
    assert all((one.rank is not None) is ranks for one in ranking.models)
    assert all((one.strength is not None) is ranks for one in ranking.models)
    assert ranking.unmeasured.startswith("too few") is not ranks


def test_the_better_one_ranks_first_and_repeats_are_no_evidence() -> None:
    """A prompt asked ten times over is one prompt."""
    (ranking,) = rankings(picks(80, 0.75), [])
    once = contest(1, A, B, picked="call-a")
    (repeated,) = rankings([once] * 50, [])

    assert [(one.rank, one.model) for one in ranking.models] == [(1, "a"), (2, "b")]
    assert (ranking.models[0].low or 0.0) > 0.0
    assert repeated.prompts == 1
    assert repeated.models[0].low is None


def test_expectations_alone_rank_too_and_have_no_order_effect() -> None:
    """Where nobody was shown anything there is none to tell."""
    rng = random.Random(2)
    found = [
        contest(at, entry("a", rng.random() < 0.9), entry("b", rng.random() < 0.5))
        for at in range(60)
    ]
    (ranking,) = rankings(found, [])

    assert [one.model for one in ranking.models] == ["a", "b"]
    assert (ranking.models[0].low or 0.0) > 0.0
    assert ranking.order_effect is None


def test_an_order_that_never_changed_is_part_of_the_strengths() -> None:
    """What of a lead is the place it stood in cannot be told, and that is said."""
    found = [contest(at, A, B, picked="call-a" if at % 3 else "call-b") for at in range(40)]
    (ranking,) = rankings(found, [])

    assert ranking.order_effect is None
    assert "all were shown in one order" in ranking.unmeasured
    assert ranking.models[0].model == "a"


def test_without_the_library_all_but_strengths_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what would bring them."""
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.api", None)
    monkeypatch.delitem(sys.modules, "ultra.evaluation.ratings", raising=False)

    (ranking,) = rankings(picks(40, 0.6), [])

    assert 'pip install "ultra-llm[stats]"' in ranking.unmeasured
    assert [one.low for one in ranking.models] == [None, None]
    assert sum(one.picked for one in ranking.models) == 40


def test_models_that_never_met_are_not_ranked_against_each_other() -> None:
    """Each group stands for itself, and one that met nobody alone."""
    other = [
        contest(100 + at, C, entry("d"), picked="call-c" if at % 3 else "call-d")
        for at in range(40)
    ]
    alone = contest(200, entry("e", True))
    found = rankings([*picks(50, 0.6), *other, alone], [])

    assert [sorted(one.model for one in group.models) for group in found] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert [group.models[0].rank for group in found] == [1, 1, None]


TIERED = {"a": 0.85, "b": 0.65, "c": 0.75}


def worth(*found: Contest) -> dict[str, float]:
    return {name: one.good / one.prompts for name, one in worths(found, TIERED).items()}


def test_expectations_are_worth_all_or_nothing_whatever_the_tier() -> None:
    """And go before what judges say; samples of one model are averaged."""
    cast = (Ballot("j", "j1", ("call-a", "call-b"), ("call-b", "call-a")),)
    again = Entry("call-a2", "a", False)

    found = worth(contest(1, entry("a", True), again, entry("b", False), ballots=cast))

    assert found == {"a": 0.5, "b": 0.0}


def test_preferences_say_differences_around_what_the_tiers_say() -> None:
    """Two that win equally often are worth the same, one that always wins half a point more."""
    even = (contest(1, A, B, picked="call-a"), contest(2, A, B, picked="call-b"))

    assert worth(*even) == pytest.approx({"a": 0.75, "b": 0.75})
    assert worth(even[0]) == pytest.approx({"a": 1.0, "b": 0.5})
    three = worth(contest(1, A, B, C, picked="call-c"))
    assert three["c"] == 1.0
    assert three["a"] == three["b"] == pytest.approx(0.75 - 0.25 * 2 / 3)


def test_accuracy_is_of_enough_prompts_and_never_certain() -> None:
    """Picks say nothing of it; ten of ten are eleven of twelve."""
    ten = [contest(at, entry("a", True), entry("b", at < 5)) for at in range(CHECKED)]

    assert accuracies(ten) == pytest.approx({"a": 11 / 12, "b": 6 / 12})
    assert accuracies(ten[1:]) == {}
    assert accuracies(picks(20, 1.0)) == {}


def test_a_prompt_that_was_judged_again_counts_once() -> None:
    """Asking the same again makes no evidence."""
    once = contest(1, entry("a", True))

    assert worths([once] * 5, TIERED)["a"] == Judged(1.0, 1)

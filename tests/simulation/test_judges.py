"""What biased judges do to the judging as it is: sittings, ballots and what they come to."""

from collections import Counter

import pytest

from tests.support.simulation import (
    Engine,
    asking,
    logit,
    model,
    repeated,
    share,
    tolerance,
)
from ultra.core.answer import Answer
from ultra.core.contests import Meeting
from ultra.core.model import Method, Target
from ultra.core.ports import Outcome, Settings
from ultra.core.verdict import Ballot
from ultra.evaluation.ballots import foremost, standings, swap_consistency
from ultra.evaluation.ratings import bradley_terry
from ultra.strategies.best_of import best_of
from ultra.strategies.council import council
from ultra.strategies.judging import hear, listwise, pairwise
from ultra.strategies.labels import labelled
from ultra.strategies.requests import panel


def written(name: str, quality: float) -> Answer:
    """An answer of a quality, marked as a simulated model marks its own."""
    text = f"word (simulated by {name}, quality {quality})"
    return Answer(name, name, "sim", name, "ok", text=text)


def duels(delta: float, gamma: float, runs: int) -> list[tuple[Ballot, ...]]:
    """Prompt by prompt, what one judge says of `a` and `b` in both orders."""
    judge = model("judge", beta=1.0, gamma=gamma)
    answers = [written("a", delta), written("b", 0.0)]

    async def once(engine: Engine, number: int) -> tuple[Ballot, ...]:
        settings = Settings(seed=number, method=Method(judges=(judge,)))
        sittings = pairwise([], answers, settings)
        prompt = asking(f"question {number}")
        return (await hear(prompt, sittings, engine.caller, settings)).ballots

    return repeated(runs, once)


def won(ballot: Ballot) -> bool:
    return ballot.ranking[0] == "a"


def test_a_judge_who_favours_the_first_is_seen_through() -> None:
    """Truth .731: first .924, second .377, mean .651; the model recovers 1.0 and 1.5."""
    runs = 1000
    found = duels(1.0, 1.5, runs)
    every = [ballot for pair in found for ballot in pair]
    first = [won(one) for one in every if one.display_order[0] == "a"]
    second = [won(one) for one in every if one.display_order[0] == "b"]
    scores = [{one.call_id: one.score for one in standings(pair)}["a"] for pair in found]
    steady = [swap_consistency(pair) == 1.0 for pair in found]
    sure = [won(pair[0]) for pair, same in zip(found, steady, strict=True) if same]
    rated = bradley_terry(
        [
            Meeting(str(at), one.display_order[0], one.display_order[1], float(won_first(one)))
            for at, pair in enumerate(found)
            for one in pair
        ]
    )
    strength = {one.model: one.strength for one in rated.ratings}

    assert len(first) == len(second) == runs
    assert share(first) == pytest.approx(0.924, abs=tolerance(0.924, runs))
    assert share(second) == pytest.approx(0.377, abs=tolerance(0.377, runs))
    assert sum(scores) / runs == pytest.approx(0.651, abs=0.027)
    assert share(steady) == pytest.approx(0.395, abs=tolerance(0.395, runs))
    assert share(sure) == pytest.approx(0.881, abs=tolerance(0.881, len(sure)))
    assert logit(share(sure)) / 2 == pytest.approx(1.0, abs=0.24)
    assert strength["a"] - strength["b"] == pytest.approx(1.0, abs=0.21)
    assert rated.order_effect == pytest.approx(1.5, abs=0.21)


def won_first(ballot: Ballot) -> bool:
    return ballot.ranking[0] == ballot.display_order[0]


def test_the_mean_of_both_orders_favours_nobody() -> None:
    """Equals are equal, however strong the bias."""
    runs = 600
    scores = [standings(pair) for pair in duels(0.0, 1.5, runs)]
    of_a = [one.score for found in scores for one in found if one.call_id == "a"]

    assert sum(of_a) / runs == pytest.approx(0.5, abs=0.032)


def test_nobody_wins_a_council_by_where_it_is_shown() -> None:
    """Four equals, reviewers who favour the first by 1.0: .25 for each member and each letter.

    In one order for all the first member would win .61.
    """
    runs = 300
    members = [model(name, quality=0.0, beta=1.0, gamma=1.0) for name in "abcd"]

    async def once(engine: Engine, number: int) -> tuple[Outcome, int]:
        settings = Settings(seed=number, synthesizer=model("chair"))
        prompt = asking(f"question {number}")
        outcome = await council(prompt, members, engine.caller, lambda _: None, settings)
        assert outcome.verdict is not None
        return outcome, number

    names: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for outcome, number in repeated(runs, once):
        assert outcome.verdict is not None
        if outcome.verdict.winner is None:
            continue
        letters = {
            one.call_id: at for at, one in labelled(outcome.answers, number, "council").order
        }
        winner = next(one for one in outcome.answers if one.call_id == outcome.verdict.winner)
        names[winner.name] += 1
        places[letters[winner.call_id]] += 1
        assert not outcome.degraded

    decided = names.total()
    assert decided > runs / 2
    for count in [*(names[name] for name in "abcd"), *(places[letter] for letter in "ABCD")]:
        assert count / decided == pytest.approx(0.25, abs=tolerance(0.25, decided))


@pytest.mark.parametrize(
    ("let", "expected"), [(True, 0.4775), (False, 0.25)], ids=["its own too", "recused"]
)
def test_a_judge_who_prefers_itself_gains_nothing_when_recused(let: bool, expected: float) -> None:
    """Four equals judge each other, one always puts itself first: fair is .25."""
    runs = 400
    judges = [model(name, kappa=100.0 * (name == "a")) for name in "abcd"]
    answers = [written(name, 0.0) for name in "abcd"]

    async def once(engine: Engine, number: int) -> float:
        settings = Settings(seed=number, method=Method(judges=tuple(judges), self_judging=let))
        sittings = listwise(judges, answers, settings, 1)
        prompt = asking(f"question {number}")
        found = standings((await hear(prompt, sittings, engine.caller, settings)).ballots)
        top = [one.call_id for one in found if one.score >= found[0].score - 1e-9]
        return ("a" in top) / len(top)

    wins = repeated(runs, once)

    assert sum(wins) / runs == pytest.approx(expected, abs=tolerance(expected, runs))


PAIR_ACCURACY = {0.5: 0.398, 0.65: 0.519, 0.8: 0.662, 0.95: 0.844}


def test_a_judge_is_worth_what_it_can_tell_apart() -> None:
    """Five who are right in .4: one ballot of a coin-flipper finds .4, of the best .84 of .92."""
    runs = 350
    members = [model(f"m{at}", accuracy=0.4) for at in range(5)]
    judges = {sure: model("judge", beta=logit(sure)) for sure in PAIR_ACCURACY}

    async def once(engine: Engine, number: int) -> tuple[bool, dict[float, bool]]:
        prompt, right = asking(f"What is {number} + 7?"), str(number + 7)
        settings = Settings(seed=number)
        async with engine.caller.open(panel(prompt, members, settings)) as calls:
            answers = await calls.settle(None, None)
        texts = {answer.call_id: answer.text for answer in answers}

        async def chosen(judge: Target) -> bool:
            judging = Settings(seed=number, method=Method(judges=(judge,)))
            sittings = listwise(members, answers, judging, 1)
            heard = await hear(prompt, sittings, engine.caller, judging)
            return texts[foremost(heard.ballots)[0]] == right

        return right in texts.values(), {at: await chosen(one) for at, one in judges.items()}

    found = repeated(runs, once)

    possible = [there for there, _ in found]
    assert share(possible) == pytest.approx(0.922, abs=tolerance(0.922, runs))
    for sure, expected in PAIR_ACCURACY.items():
        right = share([picked[sure] for _, picked in found])
        assert right == pytest.approx(expected, abs=tolerance(expected, runs))


def test_best_of_asks_in_three_orders_and_finds_more() -> None:
    """Three ballots of a judge who tells two apart in .8 find .81 where one finds .66."""
    runs = 300
    members = [model(f"m{at}", accuracy=0.4) for at in range(5)]
    method = Method(judges=(model("judge", beta=logit(0.8)),))

    async def once(engine: Engine, number: int) -> bool:
        settings = Settings(seed=number, method=method)
        outcome = await best_of(
            asking(f"What is {number} + 7?"), members, engine.caller, lambda _: None, settings
        )
        assert outcome.answer is not None
        return outcome.answer.text == str(number + 7)

    found = share(repeated(runs, once))

    assert found == pytest.approx(0.812, abs=tolerance(0.812, runs))

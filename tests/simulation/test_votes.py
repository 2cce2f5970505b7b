"""What votes, cascades and writers come to over simulated models, to be held against what is known.

Errors that models share are what a vote cannot mend.
"""

import re
from statistics import fmean

import pytest

from tests.support.simulation import (
    Engine,
    asking,
    logit,
    model,
    repeated,
    share,
    spoken,
    tolerance,
)
from ultra.core.cost import Price, Rate
from ultra.core.extract import Extractor
from ultra.core.model import Method, Target
from ultra.core.ports import Outcome, Settings
from ultra.strategies.cascade import cascade
from ultra.strategies.fusion import fusion
from ultra.strategies.vote import counted

RUNS = 1500
PROMPTS = {str(at + 7): asking(f"What is {at} + 7?") for at in range(RUNS)}
"""Questions by their right answers."""


def right_by_vote(models: list[Target], method: Method) -> float:
    """How often the count of what all say is right, were ties left to a fair coin.

    The vote itself gives no answer then.
    """
    settings = Settings(method=method)
    said_to = spoken(PROMPTS, models).items()
    return fmean(credit(counted(said, said, (), settings), right) for right, said in said_to)


def credit(outcome: Outcome, right: str) -> float:
    """1 for the right answer, its share of the leaders where nothing parts them."""
    verdict = outcome.verdict
    assert verdict is not None
    most = max(len(group) for group in verdict.clusters)
    leading = [verdict.extracted[group[0]] for group in verdict.clusters if len(group) == most]
    if outcome.answer is not None:
        return float(outcome.answer.text == right)
    assert len(leading) > 1
    return leading.count(right) / len(leading)


@pytest.mark.parametrize(("rho", "expected"), [(0.0, 0.910), (0.3, 0.850), (0.6, 0.785)])
def test_a_vote_is_worth_less_the_more_errors_are_shared(rho: float, expected: float) -> None:
    """Five who are right in .7, with three wrong answers to choose from."""
    models = [model(f"m{at}", accuracy=0.7, n_wrong=3, rho=rho) for at in range(5)]

    found = right_by_vote(models, Method(extract=Extractor("number"), min_share=0.0))

    assert found == pytest.approx(expected, abs=tolerance(expected, RUNS))


@pytest.mark.parametrize(
    ("rho", "plain", "weighed"),
    [(0.0, 0.814, 0.859), (0.3, 0.750, 0.782), (0.6, 0.686, 0.702)],
)
def test_a_vote_with_weak_voters_is_worse_than_the_best_alone(
    rho: float, plain: float, weighed: float
) -> None:
    """.85, .6 and .6: weights mend it only where errors are not shared, and the vote says so."""
    accuracies = {"a": 0.85, "b": 0.6, "c": 0.6}
    models = [model(name, accuracy=at, n_wrong=3, rho=rho) for name, at in accuracies.items()]
    known = {f"sim:{name}": at for name, at in accuracies.items()}
    as_one = Method(extract=Extractor("number"), min_share=0.0)
    by_odds = Method(extract=Extractor("number"), min_share=0.0, accuracies=known, options=4)

    assert right_by_vote(models, as_one) == pytest.approx(plain, abs=tolerance(plain, RUNS))
    assert right_by_vote(models, by_odds) == pytest.approx(weighed, abs=tolerance(weighed, RUNS))
    said = next(iter(spoken({"7": asking("What is 0 + 7?")}, models).values()))
    told = counted(said, said, (), Settings(method=by_odds)).reasons
    assert any("may do better alone" in reason for reason in told)


def fee(nano: int) -> Price:
    """A price of so much a call, whatever its length."""
    return Price(Rate(0), Rate(0), source="test", request_nano=nano)


CHEAP, CHECK, DEAR = 1_000, 500, 15_000
"""What calls cost, in nano-dollars: a check half of a cheap answer, a dear one 15 of them."""


@pytest.mark.parametrize(
    ("right_pass", "wrong_fail", "accuracy", "cost"),
    [(0.9, 0.5, 0.855, 0.30), (0.9, 0.8, 0.923, 0.38), (0.95, 0.95, 0.960, 0.38)],
)
def test_a_cascade_is_as_good_and_as_cheap_as_its_judge(
    right_pass: float, wrong_fail: float, accuracy: float, cost: float
) -> None:
    """.75 before .90 at 15 times the price; a check costs half of a cheap answer.

    The cost is a share of what asking the dear one alone costs, summed over the rows of the log.
    """
    runs = 800
    members = [
        model("cheap", accuracy=0.75, price=fee(CHEAP)),
        model("dear", accuracy=0.9, price=fee(DEAR)),
    ]
    beta = logit(right_pass) + logit(wrong_fail)
    gamma = (logit(right_pass) - logit(wrong_fail)) / 2
    judge = model("judge", beta=beta, gamma=gamma, price=fee(CHECK))
    method = Method(judges=(judge,))

    async def once(engine: Engine, number: int) -> tuple[bool, int]:
        before = len(engine.ledger.closed)
        outcome = await cascade(
            asking(f"What is {number} + 7?"),
            members,
            engine.caller,
            lambda _: None,
            Settings(seed=number, method=method),
        )
        rows = [row.cost_nano or 0 for row in engine.ledger.results[before:]]
        assert outcome.answer is not None
        return outcome.answer.text == str(number + 7), sum(rows)

    found = repeated(runs, once)

    assert share([right for right, _ in found]) == pytest.approx(
        accuracy, abs=tolerance(accuracy, runs)
    )
    assert sum(spent for _, spent in found) / runs / DEAR == pytest.approx(
        cost, abs=tolerance(0.275, runs)
    )


@pytest.mark.parametrize("p_invent", [0.0, 0.2])
def test_what_a_writer_invents_is_told_and_nothing_else(p_invent: float) -> None:
    """Every invented number, and none that stands in an answer, however it is written."""
    runs = 40
    members = [model(name, claims=6) for name in "abc"]
    writer = model("writer", p_invent=p_invent)

    async def once(engine: Engine, number: int) -> Outcome:
        return await fusion(
            asking(f"question {number}"),
            members,
            engine.caller,
            lambda _: None,
            Settings(seed=number, synthesizer=writer, method=Method(one_call=True)),
        )

    listed = stated = 0
    for outcome in repeated(runs, once):
        assert outcome.answer is not None
        shown = {number for one in outcome.answers for number in numbers(one.text)}
        written = numbers(outcome.answer.text)
        unknown = outcome.verdict.unsupported_tokens if outcome.verdict else ()
        assert sorted(numbers(" ".join(unknown))) == sorted(set(written) - shown)
        listed, stated = listed + len(unknown), stated + len(shown)

    assert stated > 300
    assert listed / stated == pytest.approx(p_invent, abs=tolerance(p_invent, stated))


def numbers(text: str) -> list[str]:
    """All whole numbers of a text, plain; the questions' own are no claims."""
    return re.findall(r"\d{4,}", text.replace(",", ""))

"""What a run does and costs never exceeds what was foreseen, whatever its models do."""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from tests.runtime.test_execute import World
from tests.support.fakes import Script, Scripts, fails, says, target
from tests.support.virtual import virtual
from tests.support.voices import fitting, kind_of
from ultra.core.budget import plan_nano
from ultra.core.cost import Price, Rate
from ultra.core.errors import ErrorClass
from ultra.core.extract import Extractor
from ultra.core.model import ENSEMBLE, Ensemble, Method, Target
from ultra.core.request import CallRequest, Prompt, Sampling, input_tokens_bound, said
from ultra.core.strategies import STRATEGIES
from ultra.core.usage import Usage
from ultra.runtime.action import Action, RunResult, Selection
from ultra.runtime.estimate import plan
from ultra.runtime.execute import execute
from ultra.runtime.spending import planned_calls

CAP, LIMIT, BYTES = 100, 1000, 6
"""Tokens of an answer and of what a judge says, and the most bytes of one."""

NAMES = "abcdjks"
MODELS = {
    name: target(
        name, max_output_tokens=LIMIT, price=Price(Rate(1000 + 10**7 * at), Rate(2000 * 10**at))
    )
    for at, name in enumerate(NAMES)
}
NUMBER = Extractor("number")
A, B, C, D, J, K, S = MODELS.values()
INNER = Ensemble("inner", "fusion", (A, B), S, Method(extract=NUMBER))
MANY = Ensemble("many", "best-of", (INNER.target, C), None, Method(judges=(J, K)))


def scheme(
    strategy: str, *members: Target, writer: Target | None = None, **method: Any
) -> Selection:
    return Selection(strategy, members, writer, method=Method(**method))


SCHEMES = [
    scheme("single", A),
    scheme("first", A, B, C),
    scheme("fallback", A, B, C),
    scheme("fusion", A, B, C, writer=S),
    scheme("fusion", A, B, C),
    scheme("fusion", A, B, C, writer=A, judges=(J,), cite=True, extract=NUMBER),
    scheme("fusion", A, A, A, writer=S, one_call=True),
    scheme("vote", A, B, C, extract=NUMBER),
    scheme("vote", A, B, C, writer=S, extract=NUMBER, escalate=True),
    scheme("usc", A, B, C),
    scheme("usc", A, B, judges=(J,)),
    scheme("best-of", A, B, judges=(J,), criteria="x" * 500, reference="y" * 500),
    scheme("best-of", A, B, C, D, judges=(J, K)),
    scheme("best-of", A, B, C, D, judges=(A, K), duels=True),
    scheme("best-of", A, A, B, judges=(A,), self_judging=True),
    scheme("council", A, B, C),
    scheme("council", A, B, C, D, writer=S, cite=True),
    scheme("moa", A, B, C, writer=S),
    scheme("moa", A, B, C, layers=3, cite=True),
    scheme("debate", A, B, C, extract=NUMBER),
    scheme("cascade", A, B, C, extract=NUMBER, judges=(J,), criteria="strict"),
    scheme("cascade", A, B, judges=(J,)),
    scheme("pipeline", A, judges=(J, K), revisions=2),
    scheme("pipeline", A, judges=(J,), revisions=0),
    scheme("all", A, B, C),
    scheme("all", A, B, C, judges=(J, K), reading=True),
    scheme("all", MANY.target, INNER.target, D),
    scheme("fusion", MANY.target, D, writer=S),
    scheme("moa", INNER.target, C, D, layers=3),
    scheme("fallback", INNER.target, B),
]


def padded(request: CallRequest, text: str, tokens: int) -> Script:
    """A text as long as so many tokens can be, billed to the last one of them."""
    whole = text + " " * max(0, tokens * BYTES - len(text))
    read = input_tokens_bound(request.messages, request.tools)
    return says(whole, usage=Usage(text_input_tokens=read, text_output_tokens=tokens))


def talkers(mood: str, lost: Sequence[str] = ()) -> dict[str, Scripts]:
    """Models that say as much as they may, and never the same twice."""
    numbers = count()

    def script(request: CallRequest, number: int) -> Script:
        if request.target.name in lost:
            return [fails(ErrorClass.AUTH, status=401)]
        kind = kind_of(request)
        if kind == "words":
            cap = request.sampling.max_output_tokens or LIMIT
            text = f"word{next(numbers)} ANSWER: {next(numbers)}"
            filler = "x" * (cap * BYTES - len(text) - 1)
            return padded(request, f"{filler}\n{text}", cap)
        cap = LIMIT if request.sampling.max_output_tokens is None else CAP
        return padded(request, _json(request, kind, mood, number), cap)

    return dict.fromkeys(NAMES, script)


def _json(request: CallRequest, kind: str, mood: str, number: int) -> str:
    if mood == "garbled" or (mood == "mended" and number % 2 == 0):
        return "no JSON at all"
    if "groups" in (request.json_schema or {}).get("properties", {}):
        return '{"groups": []}'
    if kind == "gate" and mood == "mended":
        score = "score" in (request.json_schema or {})["properties"]
        return '{"reasons":["no"],"verdict":"revise","score":1}' if score else fitting(request)
    return fitting(request)


def run(
    selection: Selection, scripts: dict[str, Scripts], asked: Prompt
) -> tuple[RunResult, Action]:
    verb = "compare" if selection.strategy == "all" else "ask"
    action = Action(verb, asked, selection, seed=3)  # type: ignore[arg-type]

    async def main() -> RunResult:
        world = World(scripts)
        return await execute(action, [world.sink], world.services, world.interrupt)

    return virtual(main()), action


def asked(**fields: Any) -> Prompt:
    sampling = Sampling(max_output_tokens=CAP)
    return Prompt((said("user", "how many? " * 20),), sampling=sampling, **fields)


@pytest.mark.parametrize(
    ("mood", "lost"),
    [
        ("good", ""),
        ("garbled", ""),
        ("mended", ""),
        ("mended", "a"),
        ("good", "ab"),
        ("good", "js"),
    ],
    ids=lambda value: f"-{value}",
)
@pytest.mark.parametrize("selection", SCHEMES, ids=lambda one: one.strategy)
def test_nothing_is_asked_or_paid_beyond_the_plan(
    selection: Selection, lost: str, mood: str
) -> None:
    """Every call by role and model, and the sum of what they cost."""
    result, action = run(selection, talkers(mood, lost), asked())

    told = plan(action)
    made = Counter(
        (call.role, call.name)
        for call in result.document.calls
        if call.provider != ENSEMBLE and call.attempts
    )
    foreseen = Counter((call.role, call.name) for call in told.calls)
    assert told.at_most_nano is not None
    if action.selection.synthesizer is None and selection.strategy in (
        "fusion",
        "council",
        "moa",
        "usc",
    ):
        # Whoever is first to answer compares and writes; the dearest of them is planned for.
        made, foreseen = (Counter({("", ""): sum(one.values())}) for one in (made, foreseen))
    assert made <= foreseen
    assert result.document.cost_nano is not None
    assert result.document.cost_nano <= told.at_most_nano
    aside = planned_calls(action)
    if aside:
        assert result.document.cost_nano <= sum(plan_nano(aside, LIMIT).values())


@pytest.mark.parametrize("strategy", ["fusion", "first", "vote"])
def test_the_mending_of_an_answer_is_foreseen(strategy: str) -> None:
    """`--repair` asks once more."""
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    selection = scheme(strategy, A, B, C, writer=S if strategy == "fusion" else None)

    result, action = run(selection, talkers("good"), asked(json_schema=schema, repair=True))

    told = plan(action)
    assert told.calls[-1].role == "answer"
    assert not told.calls[-1].likely
    assert len(result.document.calls) <= len(told.calls)
    assert (result.document.cost_nano or 0) <= (told.at_most_nano or 0)


def test_every_strategy_is_foreseen() -> None:
    """And held to its plan above."""
    assert {one.strategy for one in SCHEMES} == set(STRATEGIES)


@pytest.mark.parametrize(
    ("selection", "calls"),
    [
        (scheme("best-of", A, B, C, judges=(J, K)), 3 + 2 * 3),
        (scheme("best-of", A, B, C, judges=(J,), duels=True), 3 + 3 * 2),
        (scheme("council", A, B, C, writer=S), 2 * 3 + 1),
        (scheme("moa", A, B, C, layers=3), 2 * 3 + 1),
        (scheme("fusion", A, B, C, one_call=True), 3 + 1),
        (scheme("debate", A, B, C, extract=NUMBER), 3 + 3),
        (scheme("pipeline", A, judges=(J, K)), 3),
        (scheme("cascade", A, B, C, extract=NUMBER), 2),
    ],
    ids=lambda value: value.strategy if isinstance(value, Selection) else str(value),
)
def test_the_likely_calls_follow_the_formula(selection: Selection, calls: int) -> None:
    """Judges by orders, two rounds and a chairman, layers, one duel a pair and order."""
    told = plan(Action("ask", asked(), selection))

    assert sum(call.likely for call in told.calls) == calls


def test_an_ensemble_is_planned_with_all_that_it_asks() -> None:
    """And whoever reads it reads the longest that may speak for it."""
    told = plan(Action("ask", asked(), scheme("fusion", INNER.target, C, writer=S)))

    assert [(call.role, call.name) for call in told.calls if call.likely] == [
        ("member", "a"),
        ("member", "b"),
        ("analysis", "s"),
        ("writer", "s"),
        ("member", "c"),
        ("analysis", "s"),
        ("writer", "s"),
    ]


def test_a_model_without_a_price_inside_an_ensemble_makes_the_sum_unknown() -> None:
    """As one without would outside."""
    free = replace(INNER, members=(replace(A, price=None), B))
    told = plan(Action("ask", asked(), scheme("fusion", free.target, C, writer=S)))

    assert told.at_most_nano is None

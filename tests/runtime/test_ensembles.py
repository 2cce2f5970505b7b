"""An ensemble is a model: in a comparison, in a fusion, and inside another ensemble."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.runtime.test_execute import World
from tests.support.fakes import Scripts, Wait, fails, prompt, says, target
from tests.support.grammar import check_run
from tests.support.virtual import virtual
from tests.support.voices import kind_of, shown_in, voice
from ultra.core.clock import SystemClock
from ultra.core.errors import ErrorClass, UsageError
from ultra.core.events import CallStarted
from ultra.core.extract import Extractor
from ultra.core.model import Ensemble, Method, Target
from ultra.core.profile import Defaults, Profile
from ultra.runtime.action import Action, RunResult, Selection, Verb
from ultra.runtime.execute import execute
from ultra.runtime.selection import select_for_ask, select_for_compare
from ultra.store.ledger import SqliteLedger
from ultra.store.queries import Log
from ultra.strategies.council import check_council

A, B, C = target("a"), target("b"), target("c")
VOTE = Ensemble("counted", "vote", (A, A, B), None, Method(extract=Extractor("number")))
COUNTED: dict[str, Scripts] = {
    "a": [says("ANSWER: 4"), says("ANSWER: 5")],
    "c": [says("four")],
}
OUTER = Ensemble("outer", "fusion", (VOTE.target, C), C)


def asked(
    scripts: dict[str, Scripts], members: tuple[Target, ...], **fields: Any
) -> tuple[RunResult, World]:
    async def main() -> tuple[RunResult, World]:
        world = World(scripts)
        strategy = fields.pop("strategy", "all")
        verb: Verb = "compare" if strategy == "all" else "ask"
        method = fields.pop("method", Method())
        selection = Selection(strategy, members, fields.pop("writer", None), method=method)
        action = Action(verb, prompt(), selection, seed=7, **fields)
        result = await execute(action, [world.sink], world.services, world.interrupt)
        check_run(world.sink.events)
        return result, world

    return virtual(main())


def test_an_ensemble_is_one_member_with_the_calls_made_for_it() -> None:
    """Its cost and tokens are theirs, and the run counts them once."""
    result, world = asked(
        {
            "a": [says("ANSWER: 4"), says("ANSWER: 5")],
            "b": [says("ANSWER: 4")],
            "c": [says("four")],
        },
        (VOTE.target, C),
    )

    counted, other = result.outcome.answers
    inner = [call for call in result.document.calls if call.parent]
    assert (counted.name, counted.provider, counted.text) == ("counted", "ensemble", "ANSWER: 4")
    assert [(call.name, call.role, call.index) for call in inner] == [
        ("a", "member", None),
        ("a", "member", None),
        ("b", "member", None),
    ]
    assert {call.parent for call in inner} == {counted.call_id}
    told = next(call for call in result.document.calls if call.call_id == counted.call_id)
    assert counted.cost_nano == told.cost_nano == sum(call.cost_nano or 0 for call in inner)
    assert result.document.cost_nano == (counted.cost_nano or 0) + (other.cost_nano or 0)
    assert len(world.provider.requests) == 4


def test_an_ensemble_inside_another_speaks_for_its_own() -> None:
    """The outer one reads one answer of it, and every call says whose it is."""
    analysis = says(
        '{"consensus":[],"contradictions":[],"partial_coverage":[],"unique":[],'
        '"blind_spots":[],"errors":[]}'
    )
    result, world = asked(
        {
            "a": [says("ANSWER: 4"), says("ANSWER: 4")],
            "b": [says("ANSWER: 4")],
            "c": [says("four"), analysis, says("It is four.")],
        },
        (OUTER.target,),
    )

    (outer,) = result.outcome.answers
    started = [event for event in world.sink.events if isinstance(event.body, CallStarted)]
    parents = {
        event.call: event.body.parent for event in started if isinstance(event.body, CallStarted)
    }
    inner = next(call for call, parent in parents.items() if parent == outer.call_id)
    assert outer.text == "It is four."
    assert sum(parent == inner for parent in parents.values()) == 3
    assert sum(parent == outer.call_id for parent in parents.values()) == 4


def test_what_was_lost_inside_is_told_outside() -> None:
    """The run says degraded, and where."""
    failure = fails(ErrorClass.AUTH)
    result, _ = asked(
        {"a": [says("ANSWER: 4"), says("ANSWER: 4")], "b": [failure], "c": [says("four")]},
        (VOTE.target, C),
    )

    assert result.document.degraded
    assert any(reason.startswith("in counted: ") for reason in result.document.reasons)


def test_an_ensemble_that_comes_to_nothing_is_a_member_lost() -> None:
    """With what stopped it, and what it cost."""
    result, _ = asked(
        {**COUNTED, "b": [says("?")]},
        (VOTE.target, C),
    )

    lost, _other = result.outcome.answers
    assert not lost.ok
    assert lost.error is not None
    assert "`counted` came to no answer: " in lost.error.message
    assert (lost.cost_nano or 0) > 0


def test_the_same_seed_asks_the_same() -> None:
    """Whoever is first to answer: the prompts of every call are equal, byte for byte."""

    def prompts(delays: tuple[float, ...]) -> list[str]:
        scripts: dict[str, Scripts] = {
            name: [[Wait(delay), *says(f"{name} says")] for _ in range(4)]
            for name, delay in zip("abc", delays, strict=True)
        }
        usc = Ensemble("trio", "fusion", (A, B, C), C)
        _, world = asked(scripts, (usc.target, A))
        return sorted(
            f"{one.target.name} {message.text}"
            for one in world.provider.requests
            for message in one.messages
        )

    assert prompts((0.1, 0.2, 0.3)) == prompts((0.3, 0.2, 0.1))


def test_the_log_keeps_whose_call_each_one_is(tmp_path: Path) -> None:
    """What it gives back is what the run said of itself."""

    async def main() -> RunResult:
        world = World({name: [says("ANSWER: 4")] * 2 for name in "abc"})
        ledger = SqliteLedger(tmp_path / "log.db", clock=SystemClock(), warn=world.warnings.append)
        services = replace(world.services, ledger=ledger, clock=SystemClock())
        action = Action("compare", prompt(), Selection("all", (VOTE.target, C)), seed=7)
        result = await execute(action, [], services, world.interrupt)
        ledger.shutdown()
        return result

    result = asyncio.run(main())

    read = Log(tmp_path / "log.db").run(result.run_id)
    assert [(call.call_id, call.parent, call.cost_nano) for call in read.calls] == [
        (call.call_id, call.parent, call.cost_nano) for call in result.document.calls
    ]
    assert read.cost_nano == result.document.cost_nano


def profile() -> Profile:
    return Profile(
        "test",
        models={"a": A, "b": B, "c": C},
        ensembles={"counted": VOTE, "panel": Ensemble("panel", "fusion", (VOTE.target, C))},
    )


def test_everybody_behind_an_ensemble_is_known_before_anything_is_sent() -> None:
    """With the profile's own people where the ensemble names none."""
    told = replace(profile(), defaults=Defaults(synthesizer="b"))
    compared = select_for_compare(told, ["panel", "a"], no_such)
    fused = select_for_ask(told, ["counted", "a"], None, no_such)
    panel = compared.members[0].ensemble

    assert {one.name for one in compared.everyone} == {"a", "b", "c"}
    assert panel is not None
    assert panel.synthesizer == B
    assert (fused.strategy, fused.synthesizer) == ("fusion", B)
    assert [member.name for member in fused.members] == ["counted", "a"]


def no_such(name: str) -> Target:
    raise AssertionError(name)


def test_a_judge_is_kept_from_an_ensemble_that_its_own_model_is_part_of() -> None:
    """However deep: what the model had a hand in is its own work; the others judge it."""
    deep = Ensemble("deep", "fusion", (VOTE.target, C), C).target
    judge = target("j")
    scripts: dict[str, Scripts] = {
        **COUNTED,
        "b": [says("ANSWER: 4")],
        "c": voice(says("four")),
        "d": voice(says("vier")),
        "e": voice(says("quatre")),
        "a": voice(says("ANSWER: 4")),
        "j": voice(says("")),
    }
    outside = (target("d"), target("e"))
    result, world = asked(scripts, (deep, *outside), method=Method(judges=(A, judge)))

    ballots = [one for one in world.provider.requests if kind_of(one) in ("ranking", "duel")]
    shown = {one.target.name: {len(shown_in(one))} for one in ballots}
    verdict = result.outcome.verdict
    assert shown == {"a": {2}, "j": {3}}
    assert verdict is not None
    assert {one.judge for one in verdict.recusals} == {"lab:model-a"}
    with pytest.raises(UsageError, match="nobody may judge `deep`"):
        asked(scripts, (deep, *outside), method=Method(judges=(A,)))


def test_a_council_has_no_ensemble_reviewed_by_one_of_its_own_models() -> None:
    """Two reviewers are wanted who had no hand in two answers."""
    with pytest.raises(UsageError, match="several models"):
        check_council((VOTE.target, A, C))
    check_council((VOTE.target, C, target("d")))


@pytest.mark.parametrize("strategy", ["fusion", "moa", "usc"])
def test_who_writes_or_judges_for_want_of_another_is_always_a_model(strategy: str) -> None:
    """Of an ensemble that answered first its own writer does, and it is not asked anew."""
    inner = Ensemble("inner", "first", (A, B), B).target
    scripts: dict[str, Scripts] = {name: voice(says(f"{name} says")) for name in "abc"}
    result, world = asked(scripts, (inner, C), strategy=strategy)

    helpers = [one for one in world.provider.requests if shown_in(one)]
    assert {one.target.name for one in helpers} == {"b"}
    assert len(world.provider.requests) == 3 + len(helpers)
    assert not result.outcome.degraded

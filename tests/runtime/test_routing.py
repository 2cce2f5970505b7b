"""Who of a route is left out of its plan, each with the reason, before anything is sent."""

import random
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.fakes import PRICE, prompt, target
from tests.support.ledger import STARTED, attempt_record, ledger_at, result, run_record
from ultra.config.paths import Paths
from ultra.config.secrets import Keys
from ultra.core.budget import Limit
from ultra.core.cost import FREE
from ultra.core.errors import GuardError, UsageError
from ultra.core.model import KeyRef, Policy, Route, RouteRules, Target
from ultra.core.profile import GuardRules, Profile
from ultra.core.request import Media, Message, Prompt, Text, said
from ultra.core.routing import Plan
from ultra.runtime.action import Action, Selection
from ultra.runtime.routing import ENOUGH, Sources, plan_of, routed
from ultra.store.walls import Account

LONG = "word " * 1000


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    environ = {"HOME": str(tmp_path), "HAVE": "sk-test"}
    keys = Keys(environ, paths=Paths.from_env(environ))
    return Sources(Profile("test"), keys, tmp_path / "none.db", 0.0, random.Random(0))


def planned(
    sources: Sources, *candidates: Target, asked: Prompt | None = None, **fields: Any
) -> Plan:
    policy: Policy = fields.pop("policy", "order")
    return plan_of(Route("r", candidates, policy, **fields), asked or prompt(), sources)


def why(plan: Plan) -> dict[str, str]:
    return {line.target.name: line.exclusion.why for line in plan.candidates if line.exclusion}


def with_media(media_type: str) -> Prompt:
    return Prompt((Message("user", (Text("what is it?"), Media(media_type, b"x", name="x"))),))


ABLE = target("able", capabilities=("vision", "audio", "tools", "json_schema"))
BLIND = target("blind", capabilities=("reasoning",))
UNKNOWN = target("unknown")


@pytest.mark.parametrize(
    "asked",
    [
        with_media("image/png"),
        with_media("audio/wav"),
        replace(prompt(), tools=({"name": "f"},)),
        replace(prompt(), json_schema={"type": "object"}),
    ],
    ids=["picture", "sound", "tools", "schema"],
)
def test_who_is_known_not_to_take_the_prompt_is_left_out(sources: Sources, asked: Prompt) -> None:
    """What nobody knows is tried."""
    made = planned(sources, BLIND, ABLE, UNKNOWN, asked=asked)

    assert [one.name for one in made.order] == ["able", "unknown"]
    assert why(made) == {"blind": "capability"}


def test_who_cannot_hold_the_prompt_is_left_out_without_being_asked(sources: Sources) -> None:
    """A window that is not known may hold anything."""
    asked = prompt(LONG)
    made = planned(sources, target("small", context_window=100), UNKNOWN, asked=asked)

    assert [one.name for one in made.order] == ["unknown"]
    assert why(made) == {"small": "window"}


def test_who_hardly_holds_it_is_asked_when_there_is_no_other(sources: Sources) -> None:
    """The estimate is one: 1,250 tokens, in what may be 700."""
    tight = target("tight", context_window=1000)

    assert [one.name for one in planned(sources, tight, UNKNOWN, asked=prompt(LONG)).order] == [
        "unknown"
    ]
    assert [one.name for one in planned(sources, tight, asked=prompt(LONG)).order] == ["tight"]


def keyed(name: str, ref: KeyRef) -> Target:
    one = target(name)
    return replace(one, endpoint=replace(one.endpoint, key=ref))


def test_who_has_no_key_for_certain_is_left_out(sources: Sources) -> None:
    """What only a keyring or a command could tell is tried, since asking them takes time."""
    made = planned(
        sources,
        keyed("unset", KeyRef("env", "NOT_SET")),
        keyed("no file", KeyRef("file", "~/missing")),
        keyed("set", KeyRef("env", "HAVE")),
        keyed("keyring", KeyRef("keyring", "lab")),
        keyed("command", KeyRef("command", "exit 1")),
    )

    assert [one.name for one in made.order] == ["set", "keyring", "command"]
    assert why(made) == {"unset": "key", "no file": "key"}


def test_where_nobody_has_a_key_the_first_tells_what_is_missing(sources: Sources) -> None:
    """In the words of a call that finds none."""
    made = planned(sources, keyed("unset", KeyRef("env", "NOT_SET")))

    assert [one.name for one in made.order] == ["unset"]


def test_whom_the_profile_forbids_is_never_asked(sources: Sources) -> None:
    """Not even when there is nobody else; the rescuers of a route are held to it as well."""
    rules = GuardRules(providers=("lab",))
    other = target("other", provider="other")
    mine = replace(sources, profile=Profile("test", guardrails=rules))

    made = planned(mine, other, UNKNOWN, on_content_filter=(other,))

    assert [one.name for one in made.order] == ["unknown"]
    assert why(made) == {"other": "guardrail"}
    assert made.on_content_filter == ()
    assert planned(mine, other).order == ()


def action(*candidates: Target, asked: Prompt | None = None, **fields: Any) -> Action:
    route = Route("r", candidates, **fields)
    selection = Selection("fallback", route.usual, label="r", route=route)
    return Action("ask", asked or prompt(), selection)


def test_the_plan_is_made_once(sources: Sources) -> None:
    """Whoever shows it, asks about it or carries it out sees the same."""
    once = routed(action(UNKNOWN, ABLE, policy="weighted"), sources)

    assert once.selection.plan is not None
    assert once.selection.members == once.selection.plan.order
    assert routed(once, sources) is once


def test_a_run_without_a_route_has_no_plan(sources: Sources) -> None:
    """One model is asked as it is."""
    single = Action("ask", prompt(), Selection("single", (UNKNOWN,)))

    assert routed(single, sources) is single


def test_a_prompt_that_suits_nobody_is_the_users_to_change(sources: Sources) -> None:
    """Every model is named with its reason, nothing is sent; for showing it is only shown."""
    small = target("small", context_window=10)
    asked = replace(with_media("image/png"), messages=(said("user", LONG),))

    with pytest.raises(UsageError, match="`lab:model-small`: the prompt, of about 1,250 tokens"):
        routed(action(small, asked=asked), sources)
    shown = routed(action(small, asked=asked), sources, whole=True)
    assert shown.selection.plan is not None
    assert shown.selection.plan.order == ()


def test_a_profile_that_lets_nobody_be_asked_refuses_the_run(
    sources: Sources,
) -> None:
    """With the key of the profile that says so."""
    mine = replace(sources, profile=Profile("test", guardrails=GuardRules(providers=("x",))))

    with pytest.raises(GuardError, match=r"guardrails\.providers"):
        routed(action(UNKNOWN), mine)


def test_a_log_that_cannot_be_read_leaves_the_plan_to_what_is_known_without_it(
    sources: Sources, tmp_path: Path
) -> None:
    """A damaged file costs no answer."""
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database at all" * 100)

    made = planned(replace(sources, database=broken), UNKNOWN, ABLE, policy="cheapest")

    assert len(made.order) == 2


async def begun(folder: Path) -> Path:
    """A log in which one call stands."""
    path = folder / "ultra.db"
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    await ledger.admit(attempt_record())
    assert await ledger.flush(30.0)
    return path


def hard(scope: str, limit_nano: int) -> Account:
    return Account("test", limits=(Limit(scope, "day", limit_nano, "hard"),))


@pytest.mark.parametrize("policy", ["order", "cheapest", "round-robin"])
async def test_whom_a_used_up_budget_forbids_is_left_out(
    sources: Sources, tmp_path: Path, policy: Policy
) -> None:
    """Whatever the policy; what costs nothing is still asked, and what has no price is not."""
    path = await begun(tmp_path)
    dear, free = target("dear", price=PRICE), target("free", price=FREE)
    unpriced = target("unpriced", price=None)
    mine = replace(sources, database=path, now=STARTED)

    poor = planned(
        replace(mine, account=hard("all", 1)),
        dear,
        unpriced,
        free,
        policy=policy,
        rules=RouteRules(allow_unpriced=True),
    )
    elsewhere = planned(replace(mine, account=hard("provider:other", 1)), dear, policy=policy)

    assert [one.name for one in poor.order] == ["free"]
    assert why(poor) == {"dear": "budget", "unpriced": "budget"}
    (said_of_it,) = [one.exclusion for one in poor.candidates if one.target.name == "dear"]
    assert said_of_it is not None
    assert said_of_it.message.startswith("the hard budget of $0.000000001 a day for `all` has")
    assert why(elsewhere) == {}


async def test_a_budget_that_the_run_brings_holds_before_there_is_a_log(
    sources: Sources, tmp_path: Path
) -> None:
    """The first run of all leaves out whom the second does."""
    fresh = replace(sources, database=tmp_path / "none.db", now=STARTED, account=hard("all", 1))

    made = planned(fresh, target("free", price=FREE), target("dear", price=PRICE))

    assert [one.name for one in made.order] == ["free"]
    assert why(made) == {"dear": "budget"}


async def test_where_a_budget_forbids_all_the_first_is_asked_and_told(
    sources: Sources, tmp_path: Path
) -> None:
    """Admission then says what is short, and may find that the budget has room again."""
    path = await begun(tmp_path)
    mine = replace(sources, database=path, now=STARTED, account=hard("all", 1))

    made = planned(mine, target("a", price=PRICE), target("b", price=PRICE))

    assert [one.name for one in made.order] == ["a", "b"]


async def test_calls_with_the_runs_tags_speak_for_a_model_once_there_are_enough(
    sources: Sources, tmp_path: Path
) -> None:
    """Nineteen are too few: then all calls count, whatever their tags."""
    path = tmp_path / "ultra.db"
    ledger = ledger_at(path)

    async def call(number: int, tags: dict[str, str], ttft_s: float) -> None:
        run_id = f"run{number:09d}"
        ledger.begin_run(run_record(run_id, tags=tags))
        attempt = attempt_record(run_id, target=UNKNOWN, started_at=STARTED + number)
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, result(ttft_s=ttft_s))

    tagged = {"team": "search"}
    for number in range(60):
        few = number < ENOUGH - 1
        await call(number, tagged if few else {}, 9.0 if few else 1.0)
    assert await ledger.flush(30.0)
    mine = replace(sources, database=path, now=STARTED + 100.0)

    def known(tags: dict[str, str]) -> tuple[int, bool, float | None]:
        account = Account(tags=tags)
        made = planned(replace(mine, account=account), UNKNOWN, policy="fastest")
        found = made.candidates[0].estimates
        return found.calls, found.tagged, found.ttft_p50_s

    assert known(tagged)[:2] == (60, False)
    await call(60, tagged, 9.0)
    assert await ledger.flush(30.0)
    assert known(tagged) == (ENOUGH, True, 10.0 - 1.0)
    assert known({})[:2] == (61, False)
    assert known({"team": "ads"})[:2] == (61, False)


async def test_a_route_in_order_does_not_look_at_the_log(sources: Sources, tmp_path: Path) -> None:
    """What must not be sent is refused at admission; other policies look, and so does `whole`."""
    path = tmp_path / "ultra.db"
    ledger = ledger_at(path)
    ledger.begin_run(run_record())
    attempt = attempt_record(target=UNKNOWN)
    await ledger.admit(attempt)
    ledger.close(attempt.attempt_id, result(ttft_s=0.5))
    assert await ledger.flush(30.0)
    mine = replace(sources, database=path, now=STARTED + 50.0)

    def calls(policy: Policy, *, whole: bool = False) -> int:
        made = plan_of(Route("r", (UNKNOWN,), policy), prompt(), mine, whole=whole)
        return made.candidates[0].estimates.calls

    assert (calls("order"), calls("weighted"), calls("round-robin")) == (0, 0, 0)
    assert (calls("cheapest"), calls("order", whole=True)) == (1, 1)

"""The plan of a route: facts of its models, gathered without asking anybody, and the decision."""

import random
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ultra.config.secrets import Keys, KeyStatus
from ultra.core.candidates import (
    TIERS,
    UNJUDGED,
    USUAL_TIER,
    Exclusion,
    Fact,
    Judged,
    Place,
    Size,
)
from ultra.core.contests import Contest
from ultra.core.errors import (
    ConfigError,
    ErrorClass,
    Failure,
    GuardError,
    StoreError,
    UltraError,
    UsageError,
)
from ultra.core.estimates import Estimates, Sample, estimates
from ultra.core.model import Capability, Route, Target
from ultra.core.policies import MEASURED
from ultra.core.profile import Profile, forbidden
from ultra.core.request import CallRequest, Prompt, input_tokens_bound, settled
from ultra.core.routing import Plan, decide
from ultra.core.tags import Marks
from ultra.engine.accounting import DEFAULT_OUTPUT_TOKENS, bound_of
from ultra.runtime.action import Action, Selection
from ultra.runtime.prompting import NEEDS
from ultra.runtime.spending import limits_of
from ultra.store.barriers import Barrier, Caller, barriers
from ultra.store.contests import contests
from ultra.store.experience import last_asked, samples
from ultra.store.reading import reading
from ultra.store.walls import Account, walls

WHENEVER = float("inf")
"""Until somebody mends it: such a model is asked when there is no other, and says what is wrong."""

ENOUGH = 20
"""Calls with a run's tags from which these speak for a model, rather than all of its calls."""

JUDGED_RUNS = 200
JUDGED_WINDOW_S = 90 * 86_400.0
"""How far back judgements count: there are far fewer of them than of calls."""

SURE, LIKELY = 8, 4
"""Bytes a token beyond which a prompt surely, and very likely, holds more tokens than a window."""


class Sources(Struct, frozen=True):
    """Where a plan takes its facts from, and whom its run is charged to.

    `now` is UTC seconds since the epoch.
    """

    profile: Profile
    keys: Keys
    database: Path
    now: float
    rng: random.Random
    account: Account = Account()


class _Memory(Struct, frozen=True):
    """What the log knows of each model, in order; empty where it was not asked or told nothing."""

    barriers: Sequence[Barrier | None] = ()
    walls: Sequence[Failure | None] = ()
    estimates: Sequence[Estimates] = ()
    asked_at: Sequence[float | None] = ()
    judged: Sequence[Judged] = ()


def routed(action: Action, sources: Sources, *, whole: bool = False) -> Action:
    """The action with its route's plan, made once.

    A route in `order` reads of the log what budgets are left and nothing else, since admission
    refuses what must not be sent; with `whole` everything is read, for showing. Raises
    `UsageError` when the prompt suits no model, `ConfigError` when the profile lets none be asked.
    """
    selection = action.selection
    if selection.route is None or selection.plan is not None:
        return action
    plan = plan_of(selection.route, action.prompt, sources, whole=whole)
    if not plan.order and not whole:
        raise nobody(plan)
    return replace(action, selection=_with(selection, plan))


def _with(selection: Selection, plan: Plan) -> Selection:
    return replace(selection, members=plan.order or selection.members, plan=plan)


def account_of(action: Action, profile: Profile) -> Account:
    """Whom the run of an action is charged to, and the limits that it brings itself."""
    return Account(
        profile.name,
        action.cost_center or profile.budget.cost_center,
        action.tags,
        limits_of(action, profile),
    )


def plan_of(route: Route, prompt: Prompt, sources: Sources, *, whole: bool = False) -> Plan:
    """Who of the route answers, with the reasons."""
    lists: tuple[tuple[Place, tuple[Target, ...]], ...] = (
        ("candidate", route.candidates),
        ("on_failure", route.on_failure),
        ("on_context_length", route.on_context_length),
        ("on_content_filter", route.on_content_filter),
    )
    places = [(place, target) for place, targets in lists for target in targets]
    keys = [sources.keys.at_once(target.endpoint) for _, target in places]
    size = Size(
        input_tokens_bound(prompt.messages, prompt.tools), prompt.sampling.max_output_tokens
    )
    callers = [
        Caller(target, _fingerprint(key)) for (_, target), key in zip(places, keys, strict=True)
    ]
    memory = _remembered(route, callers, prompt, sources, whole=whole)
    facts = [
        Fact(
            target,
            place,
            _excluded(target, prompt, sources.profile)
            or _without_key(keys[at])
            or _too_dear(memory.walls[at] if memory.walls else None)
            or _barred(memory.barriers[at] if memory.barriers else None),
            memory.estimates[at] if memory.estimates else Estimates(),
            memory.asked_at[at] if memory.asked_at else None,
            memory.judged[at] if memory.judged else UNJUDGED,
        )
        for at, (place, target) in enumerate(places)
    ]
    return decide(route, facts, size, sources.rng)


def nobody(plan: Plan) -> UltraError:
    """What to say when a plan has nobody to ask: every model with its reason."""
    whys = {line.exclusion.why for line in plan.candidates if line.exclusion}
    reasons = "; ".join(
        f"`{line.ref}`: {line.exclusion.message}" for line in plan.candidates if line.exclusion
    )
    what = f"no model of `{plan.name}` may be asked" if plan.name else "no model may be asked"
    if whys == {"guardrail"}:
        return GuardError(f"{what}: {reasons}", hint="name another with `-m`")
    if whys <= {"capability", "window"}:
        hint = "`ultra models --json` tells what each takes; name another with `-m`"
        return UsageError(f"{what}: {reasons}", hint=hint)
    return ConfigError(f"{what}: {reasons}", hint="`--explain` shows the plan")


def _remembered(
    route: Route, callers: Sequence[Caller], prompt: Prompt, sources: Sources, *, whole: bool
) -> _Memory:
    """What the policy needs of the log; a log that cannot be read tells nothing."""
    bounds = [bound_of(_request(caller.target, prompt)) for caller in callers]
    try:
        with reading(sources.database) as connection:
            forbidden_by = walls(
                connection, list(zip(callers, bounds, strict=True)), sources.account, sources.now
            )
            if connection is None or (route.policy == "order" and not whole):
                return _Memory(walls=forbidden_by)
            targets = [caller.target for caller in callers]
            cap = prompt.sampling.max_output_tokens or DEFAULT_OUTPUT_TOKENS
            tokens = input_tokens_bound(prompt.messages, prompt.tools) + cap
            asked = targets if _asks(route, whole) else ()
            tags = sources.account.tags
            since, most = sources.now - JUDGED_WINDOW_S, JUDGED_RUNS if asked else 0
            return _Memory(
                barriers(connection, callers, tokens=tokens, now=sources.now),
                forbidden_by,
                _estimates(
                    samples(connection, asked, sources.now),
                    samples(connection, asked, sources.now, tags) if tags else (),
                ),
                last_asked(connection, targets) if route.policy == "round-robin" else (),
                _judged(contests(connection, since, Marks(), limit=most), asked, sources),
            )
    except StoreError:
        return _Memory()


def _request(target: Target, prompt: Prompt) -> CallRequest:
    """The call that admission would be asked about."""
    request = CallRequest(target, prompt.messages, prompt.sampling, tools=prompt.tools)
    return settled(request)


def _estimates(
    every: Sequence[Sequence[Sample]], alike: Sequence[Sequence[Sample]]
) -> list[Estimates]:
    """What the log says of each model: its calls with the run's tags where these are enough."""
    return [
        estimates(some, tagged=True) if len(some) >= ENOUGH else estimates(whole)
        for some, whole in zip(alike or [()] * len(every), every, strict=True)
    ]


def _judged(found: Sequence[Contest], targets: Sequence[Target], sources: Sources) -> list[Judged]:
    """What was found of each model's answers, with the run's tags where these are enough."""
    if not found:
        return []
    # What ballots come to is for those who have some.
    from ultra.evaluation.contests import worths

    tiers = {str(one.ref): TIERS[one.tier or USUAL_TIER] for one in targets}
    tags = sources.account.tags.items()
    every = worths(found, tiers)
    alike = worths([one for one in found if tags <= one.tags.items()], tiers) if tags else {}
    known = [(every.get(name), alike.get(name)) for name in map(str, (one.ref for one in targets))]
    return [
        (some if some and some.prompts >= ENOUGH else whole) or UNJUDGED for whole, some in known
    ]


def _asks(route: Route, whole: bool) -> bool:
    return whole or route.policy in MEASURED


def _fingerprint(key: KeyStatus | None) -> str | None:
    """The key's fingerprint, empty for an endpoint without one, None where it is not known."""
    if key is None or key.source is None:
        return None
    return "" if key.source == "none" else key.fingerprint


def _excluded(target: Target, prompt: Prompt, profile: Profile) -> Exclusion | None:
    """Why the model must not or cannot take the prompt, whatever happens meanwhile."""
    why = forbidden(profile, target)
    if why is not None:
        return Exclusion("guardrail", why)
    missing = _missing(target, prompt)
    if missing is not None:
        return Exclusion("capability", f"it cannot take {missing}")
    return _too_long(target, prompt)


def _missing(target: Target, prompt: Prompt) -> str | None:
    """What of the prompt the model is known not to take."""
    if target.capabilities is None:
        return None
    wanted: list[tuple[Capability, str]] = [
        (capability, what)
        for media in prompt.messages[-1].media
        for prefix, capability, what in NEEDS
        if media.media_type.startswith(prefix)
    ]
    wanted += [("tools", "tools")] if prompt.tools else []
    wanted += [("json_schema", "a schema")] if prompt.json_schema is not None else []
    return next((what for name, what in wanted if name not in target.capabilities), None)


def _too_long(target: Target, prompt: Prompt) -> Exclusion | None:
    """Whether the prompt does not fit; one that very likely does not goes there last of all."""
    window = target.context_window
    size = sum(len(one.text.encode("utf-8", "surrogatepass")) for one in prompt.messages)
    if window is None or size // LIKELY <= window:
        return None
    message = f"the prompt, of about {size // LIKELY:,} tokens, is larger than its {window:,}"
    return Exclusion("window", message, None if size // SURE > window else 0.0)


def _without_key(key: KeyStatus | None) -> Exclusion | None:
    if key is None or key.source is not None:
        return None
    return Exclusion("key", f"there is no key: {key.detail}", WHENEVER)


def _too_dear(failure: Failure | None) -> Exclusion | None:
    return None if failure is None else Exclusion("budget", failure.message, WHENEVER)


def _barred(barrier: Barrier | None) -> Exclusion | None:
    if barrier is None:
        return None
    failure = barrier.refused.failure
    gate = failure.error_class is ErrorClass.RATE_LIMIT
    until = WHENEVER if barrier.until is None else barrier.until
    return Exclusion("rate_limit" if gate else "breaker", failure.message, until)

"""The plan of a route: facts of its models, gathered without asking anybody, and the decision."""

import random
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ultra.config.secrets import Keys, KeyStatus
from ultra.core.candidates import Exclusion, Fact, Place, Size
from ultra.core.errors import (
    ConfigError,
    ErrorClass,
    GuardError,
    StoreError,
    UltraError,
    UsageError,
)
from ultra.core.estimates import Estimates, estimates
from ultra.core.model import Capability, Route, Target
from ultra.core.policies import MEASURED
from ultra.core.profile import Profile, forbidden
from ultra.core.request import Prompt, input_tokens_bound
from ultra.core.routing import Plan, decide
from ultra.engine.accounting import DEFAULT_OUTPUT_TOKENS
from ultra.runtime.action import Action, Selection
from ultra.runtime.prompting import NEEDS
from ultra.store.barriers import Barrier, Caller, barriers
from ultra.store.experience import last_asked, samples
from ultra.store.reading import reading

WHENEVER = float("inf")
"""Until somebody mends it: such a model is asked when there is no other, and says what is wrong."""

SURE, LIKELY = 8, 4
"""Bytes a token beyond which a prompt surely, and very likely, holds more tokens than a window."""


class Sources(Struct, frozen=True):
    """Where a plan takes its facts from. `now` is UTC seconds since the epoch."""

    profile: Profile
    keys: Keys
    database: Path
    now: float
    rng: random.Random


class _Memory(Struct, frozen=True):
    """What the log knows of each model, in order; empty where it was not asked or told nothing."""

    barriers: Sequence[Barrier | None] = ()
    estimates: Sequence[Estimates] = ()
    asked_at: Sequence[float | None] = ()


def routed(action: Action, sources: Sources, *, whole: bool = False) -> Action:
    """The action with its route's plan, made once.

    A route in `order` reads nothing of the log, since admission refuses what must not be sent; with
    `whole` everything is read, for showing. Raises `UsageError` when the prompt suits no model,
    `ConfigError` when the profile lets none be asked.
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
    memory = _remembered(route, callers, size, sources, whole=whole)
    facts = [
        Fact(
            target,
            place,
            _excluded(target, prompt, sources.profile)
            or _without_key(keys[at])
            or _barred(memory.barriers[at] if memory.barriers else None),
            memory.estimates[at] if memory.estimates else Estimates(),
            memory.asked_at[at] if memory.asked_at else None,
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
    route: Route, callers: Sequence[Caller], size: Size, sources: Sources, *, whole: bool
) -> _Memory:
    """What the policy needs of the log; a log that cannot be read tells nothing."""
    if route.policy == "order" and not whole:
        return _Memory()
    targets = [caller.target for caller in callers]
    tokens = size.input_tokens + (size.output_cap or DEFAULT_OUTPUT_TOKENS)
    try:
        with reading(sources.database) as connection:
            if connection is None:
                return _Memory()
            known = samples(connection, targets, sources.now) if _asks(route, whole) else ()
            return _Memory(
                barriers(connection, callers, tokens=tokens, now=sources.now),
                [estimates(of_one) for of_one in known],
                last_asked(connection, targets) if route.policy == "round-robin" else (),
            )
    except StoreError:
        return _Memory()


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


def _barred(barrier: Barrier | None) -> Exclusion | None:
    if barrier is None:
        return None
    failure = barrier.refused.failure
    gate = failure.error_class is ErrorClass.RATE_LIMIT
    until = WHENEVER if barrier.until is None else barrier.until
    return Exclusion("rate_limit" if gate else "breaker", failure.message, until)

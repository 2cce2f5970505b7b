"""Whether an endpoint can be used, decided from what is known of it."""

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.errors import ErrorClass
from ultra.core.health import FRESH_S, Check, EndpointHealth, LastError, Standing
from ultra.core.hosts import url_is_loopback
from ultra.core.key_hint import new_key

_MUTE = frozenset(
    {
        ErrorClass.INVALID_REQUEST,
        ErrorClass.MODEL_NOT_FOUND,
        ErrorClass.PERMISSION,
        ErrorClass.CONTENT_FILTER,
        ErrorClass.CONTEXT_LENGTH,
        ErrorClass.TOO_LARGE,
    }
)
"""Answers to the question for models that say nothing of calls: the list is not to be had."""

_OUTDATED = frozenset({ErrorClass.NETWORK, ErrorClass.TIMEOUT, ErrorClass.AUTH, ErrorClass.CONFIG})
"""Failures that a later list of models takes back: it proves name, TLS and mostly the key."""

_ONLY_THE_USER = frozenset({ErrorClass.AUTH, ErrorClass.CONFIG})


class _Verdict(Struct, frozen=True):
    standing: Standing
    reason: str = ""
    hint: str = ""


def judged(one: EndpointHealth, now: float) -> EndpointHealth:
    """The same with its standing, why, and what to do next.

    What certainly stops a call comes first (no key, an open breaker), then the newest evidence of
    the last ten minutes: calls of its own before a list of the provider's models.
    """
    verdict = (
        _simulated(one)
        or _credential(one)
        or _breaker(one)
        or _evidence(one, now)
        or _Verdict("unknown", "nothing was heard of it in the last ten minutes", _ask_it(one))
    )
    if verdict.standing == "ok" and (one.gate.shut_until_at or 0.0) > now:
        verdict = _Verdict("limited", "its rate limit holds calls back")
    return replace(one, standing=verdict.standing, reason=verdict.reason, hint=verdict.hint)


def needs_asking(one: EndpointHealth, now: float) -> bool:
    """Whether nothing of the last ten minutes says that it works."""
    heard = one.traffic.heard_at
    return not one.simulated and not one.credential.problem and not _fresh(heard, now)


def _simulated(one: EndpointHealth) -> _Verdict | None:
    return _Verdict("ok", "simulated: nobody is asked") if one.simulated else None


def _credential(one: EndpointHealth) -> _Verdict | None:
    key = one.credential
    if key.problem:
        return _Verdict("misconfigured", key.problem, key.hint)
    breaker = key.breaker
    if breaker.state == "forced":
        return _Verdict("down", "its key was put aside by hand", _reset(one.provider))
    if breaker.state != "open":
        return None
    if breaker.last_class == ErrorClass.QUOTA:
        return _Verdict("down", "the account is out of credit or quota", _reset(one.provider))
    what = "a call without a key" if key.source == "none" else "the key"
    return _Verdict("misconfigured", f"{what} was refused", _new_key(one))


def _breaker(one: EndpointHealth) -> _Verdict | None:
    breaker = one.breaker
    name = f"{one.provider}:{one.model}" if one.model else one.provider
    if breaker.state == "forced":
        return _Verdict("down", "its breaker was opened by hand", _reset(name))
    if breaker.state == "probing":
        return _Verdict("down", "its breaker is half open: one call is trying it")
    if breaker.state != "open":
        return None
    last = f" after `{breaker.last_class}`" if breaker.last_class else ""
    return _Verdict("down", f"its breaker is open{last}", _reset(name))


def _evidence(one: EndpointHealth, now: float) -> _Verdict | None:
    traffic, check, error = one.traffic, one.check, one.traffic.last_error
    heard_at = traffic.heard_at if _fresh(traffic.heard_at, now) else None
    failed = error if error is not None and _fresh(error.failed_at, now) else None
    if heard_at is not None and (failed is None or heard_at >= failed.failed_at or _mostly(one)):
        return _Verdict("ok")
    if failed is not None and not _taken_back(failed, check):
        return _failed(one, failed.error_class, failed.message)
    if check is None or not _fresh(check.checked_at, now):
        return None
    return _listed(one) if check.ok else _of_check(one, check)


def _listed(one: EndpointHealth) -> _Verdict:
    """What a list of models proves: all but that a model works which failed when last asked."""
    traffic, error = one.traffic, one.traffic.last_error
    healed = error is None or (traffic.heard_at or 0.0) >= error.failed_at
    if healed or (error is not None and error.error_class in _OUTDATED):
        return _Verdict("ok")
    return _Verdict(
        "unknown", "its provider is there, but it failed when it was last asked", _ask_it(one)
    )


def _of_check(one: EndpointHealth, check: Check) -> _Verdict:
    if check.error_class in _MUTE:
        reason = f"it does not list its models: {check.message}"
        return _Verdict("unknown", reason, _ask_it(one))
    if check.error_class == ErrorClass.RATE_LIMIT:
        return _Verdict("limited", "it limits how often it is asked")
    return _failed(one, check.error_class, check.message)


def _failed(one: EndpointHealth, error_class: str, message: str) -> _Verdict:
    standing: Standing = "misconfigured" if error_class in _ONLY_THE_USER else "down"
    hints = {
        ErrorClass.AUTH.value: _new_key(one),
        ErrorClass.MODEL_NOT_FOUND.value: "`ultra models --live` lists what it has",
        ErrorClass.NETWORK.value: "is the server running?"
        if url_is_loopback(one.base_url)
        else "`ultra doctor` looks at hosts, proxies and keys",
    }
    return _Verdict(standing, message or f"it failed (`{error_class}`)", hints.get(error_class, ""))


def _taken_back(failed: LastError, check: Check | None) -> bool:
    return (
        check is not None
        and check.ok
        and check.checked_at > failed.failed_at
        and failed.error_class in _OUTDATED
    )


def _mostly(one: EndpointHealth) -> bool:
    """Whether it answered at least half of what it was asked in the last ten minutes."""
    return 2 * one.traffic.fresh_answered >= one.traffic.fresh_tries


def _fresh(at: float | None, now: float) -> bool:
    return at is not None and now - at <= FRESH_S


def _ask_it(one: EndpointHealth) -> str:
    return "`ultra health --probe=prompt` asks it, which costs a few tokens" if one.model else ""


def _new_key(one: EndpointHealth) -> str:
    return new_key(one.provider, one.credential.source or "")


def _reset(name: str) -> str:
    return f"`ultra health reset {name}` lets calls through again"

"""Whether an endpoint counts as usable, by what is known of it."""

from typing import Any

import pytest

from ultra.core.health import (
    BreakerStanding,
    Check,
    Credential,
    EndpointHealth,
    Gate,
    LastError,
    Traffic,
)
from ultra.runtime.standing import judged, needs_asking

NOW = 1_000_000.0

GOOD = Traffic(tries=1, answered=1, fresh_tries=1, fresh_answered=1, heard_at=NOW - 60)
LISTS = Check(NOW - 60, True, 0.1, 2)


def endpoint(**told: Any) -> EndpointHealth:
    usual = {"credential": Credential("env:KEY", "1a2b3c4d"), **told}
    return EndpointHealth("lab", "alpha", "https://lab.invalid/v1", "unknown", **usual)


def failed(error_class: str, ago_s: float = 60.0, **told: Any) -> Traffic:
    return Traffic(
        tries=1, fresh_tries=1, last_error=LastError(NOW - ago_s, error_class, "it broke"), **told
    )


def refused(error_class: str) -> Check:
    return Check(NOW - 60, False, error_class=error_class, message="it said no")


def opened(state: Any, last_class: str = "server") -> BreakerStanding:
    return BreakerStanding(state, 3, NOW + 30, last_class)


CASES = {
    "nothing known": (endpoint(), "unknown"),
    "simulated": (endpoint(simulated=True), "ok"),
    "a good call": (endpoint(traffic=GOOD), "ok"),
    "a list": (endpoint(check=LISTS), "ok"),
    "an old list": (endpoint(check=Check(NOW - 601, True)), "unknown"),
    "no key": (endpoint(credential=Credential(problem="there is none")), "misconfigured"),
    "no key, whatever was heard": (
        endpoint(credential=Credential(problem="there is none"), traffic=GOOD),
        "misconfigured",
    ),
    "an open breaker": (endpoint(breaker=opened("open"), traffic=GOOD), "down"),
    "a breaker that is due": (endpoint(breaker=opened("due"), traffic=GOOD), "ok"),
    "being tried": (endpoint(breaker=opened("probing")), "down"),
    "opened by hand": (endpoint(breaker=opened("forced"), check=LISTS), "down"),
    "a refused key": (
        endpoint(credential=Credential("env:KEY", breaker=opened("open", "auth"))),
        "misconfigured",
    ),
    "no credit": (
        endpoint(credential=Credential("env:KEY", breaker=opened("open", "quota"))),
        "down",
    ),
    "a failed call": (endpoint(traffic=failed("server"), check=None), "down"),
    "a failed call, the provider there": (
        endpoint(traffic=failed("server", 120), check=LISTS),
        "down",
    ),
    "no connection, then a list": (endpoint(traffic=failed("network", 120), check=LISTS), "ok"),
    "an older failure, a list now": (
        endpoint(traffic=failed("server", 900), check=LISTS),
        "unknown",
    ),
    "an older refusal, a list now": (endpoint(traffic=failed("auth", 900), check=LISTS), "ok"),
    "a call that was refused": (endpoint(traffic=failed("auth")), "misconfigured"),
    "failed, then heard of": (endpoint(traffic=failed("server", 120, heard_at=NOW - 60)), "ok"),
    "heard of, then failed": (endpoint(traffic=failed("server", 60, heard_at=NOW - 120)), "down"),
    "a list that is refused": (endpoint(check=refused("auth")), "misconfigured"),
    "no address": (endpoint(check=refused("config")), "misconfigured"),
    "no list to be had": (endpoint(check=refused("model_not_found")), "unknown"),
    "a list that is limited": (endpoint(check=refused("rate_limit")), "limited"),
    "a list that hangs": (endpoint(check=refused("timeout")), "down"),
    "a shut gate": (endpoint(traffic=GOOD, gate=Gate(NOW + 5)), "limited"),
    "a shut gate over a failure": (endpoint(traffic=failed("server"), gate=Gate(NOW + 5)), "down"),
}


@pytest.mark.parametrize("name", CASES)
def test_an_endpoint_stands_as_the_evidence_has_it(name: str) -> None:
    """What certainly stops a call first, then the newest evidence of ten minutes."""
    known, standing = CASES[name]

    assert judged(known, NOW).standing == standing


def test_one_failure_among_answers_does_not_put_it_down() -> None:
    """Half of the last ten minutes' tries must have failed for that."""
    traffic = Traffic(
        tries=4, answered=3, fresh_tries=4, fresh_answered=3, heard_at=NOW - 120,
        last_error=LastError(NOW - 60, "server"),
    )  # fmt: skip

    assert judged(endpoint(traffic=traffic), NOW).standing == "ok"


@pytest.mark.parametrize(
    "known", [case for case, standing in CASES.values() if standing not in ("ok", "limited")]
)
def test_what_cannot_be_used_says_why(known: EndpointHealth) -> None:
    """In a line of its own."""
    assert judged(known, NOW).reason


def test_the_next_step_names_what_to_type() -> None:
    """With the provider or model in it."""
    assert "`ultra health reset lab:alpha`" in judged(CASES["an open breaker"][0], NOW).hint
    assert judged(CASES["a refused key"][0], NOW).hint == "set `KEY` to a new one"


def test_only_what_was_not_heard_of_is_asked() -> None:
    """Nor what is simulated, nor what has no key to ask with."""
    assert needs_asking(endpoint(), NOW)
    assert needs_asking(endpoint(traffic=failed("server")), NOW)
    assert not needs_asking(endpoint(traffic=GOOD), NOW)
    assert not needs_asking(endpoint(simulated=True), NOW)
    assert not needs_asking(endpoint(credential=Credential(problem="none")), NOW)

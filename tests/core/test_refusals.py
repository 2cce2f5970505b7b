"""What the user reads when a call is held back."""

import pytest
from msgspec.structs import replace

from tests.support.fakes import target
from ultra.core.breaker import BreakerState
from ultra.core.errors import ErrorClass
from ultra.core.gate import Hold
from ultra.core.model import KeyRef
from ultra.core.refusals import breaker_refusal, gate_refusal, retries_used_up, span

NOW = 1_790_000_000.0
OPEN = BreakerState(
    "endpoint", "lab", "http://h", "m", state="open", fails=3, last_class="bad_response",
    open_until=NOW + 14.2, last_message="no JSON", last_fail=NOW - 61,
)  # fmt: skip
REFUSED = replace(
    OPEN, kind="credential", model="", key_fp="ab", last_class="auth", open_until=NOW + 540
)
STORED = "`ultra keys set lab` stores a new one; `ultra health reset lab` tries this one at once"
SAY_WHERE = (
    "`lab` has `key: none` in the profile: say there where its key is, such as `key: env:NAME`;"
    " `ultra health reset lab` tries it at once"
)
NO_CREDIT = "the account had no credit or quota left 61 s ago (pay); not sent, tried again in 9 min"


def test_an_open_breaker_names_what_failed_and_when_it_is_tried_again() -> None:
    """With the command that does not wait."""
    refused = breaker_refusal(OPEN, target(), NOW)

    assert refused.failure.error_class is ErrorClass.BREAKER_OPEN
    assert refused.failure.message == (
        "left alone for another 15 s: its last 3 calls failed, the last one with bad response"
        " (no JSON)"
    )
    assert refused.failure.hint == "`ultra health reset lab:model-a` tries it at once"
    assert refused.wait_s == pytest.approx(14.2)


def test_words_that_were_not_to_be_kept_are_not_told() -> None:
    """The class is; one failure among many is not said to be the last of a row."""
    refused = breaker_refusal(replace(OPEN, fails=1, last_message=None), target(), NOW)

    assert refused.failure.message.endswith("too many calls failed, the last one with bad response")


def test_while_another_call_tries_it_is_asked_again_soon() -> None:
    """A probe says in a moment what it would take its whole lease to find out otherwise."""
    trying = replace(OPEN, state="half_open", probe_until=NOW + 300)

    refused = breaker_refusal(trying, target(), NOW)

    assert "another call is just trying it again" in refused.failure.message
    assert refused.wait_s == 2.0


def test_one_switched_off_by_hand_is_not_waited_for() -> None:
    """Only the hand that did it opens it again."""
    refused = breaker_refusal(replace(OPEN, state="forced_open"), target(), NOW)

    assert "switched off by hand" in refused.failure.message
    assert refused.wait_s is None


@pytest.mark.parametrize(
    ("state", "kind", "said", "hint"),
    [
        (
            REFUSED,
            ErrorClass.AUTH,
            "the key was refused 61 s ago (no JSON); not sent, tried again in 9 min",
            STORED,
        ),
        (
            replace(REFUSED, key_fp="", last_message=None),
            ErrorClass.AUTH,
            "a call without a key was refused 61 s ago; not sent, tried again in 9 min",
            SAY_WHERE,
        ),
        (
            replace(REFUSED, last_class="quota", last_message="pay"),
            ErrorClass.QUOTA,
            NO_CREDIT,
            "once there is credit, `ultra health reset lab` tries it at once",
        ),
    ],
    ids=["a key", "no key", "no credit"],
)
def test_a_refused_credential_is_told_in_its_own_class(
    state: BreakerState, kind: ErrorClass, said: str, hint: str
) -> None:
    """So that exit code and next step are those of what must be put right."""
    key = KeyRef("keyring", "lab") if state.key_fp else KeyRef("none")
    asked = replace(target(), endpoint=replace(target().endpoint, key=key))

    refused = breaker_refusal(state, asked, NOW)

    assert (refused.failure.error_class, refused.failure.message) == (kind, said)
    assert (refused.failure.hint, refused.wait_s) == (hint, None)


def test_the_key_that_was_used_is_the_one_to_replace() -> None:
    """Not that of the profile, where `--key` named another one."""
    refused = breaker_refusal(REFUSED, target(), NOW, "env:OTHER")

    assert refused.failure.hint == (
        "set `OTHER` to a new one; `ultra health reset lab` tries this one at once"
    )


def test_a_gate_says_whose_limit_it_is_and_how_long() -> None:
    """One class, which is waited for."""
    refused = gate_refusal(Hold("tokens", 12.1), target(), 900)

    assert refused.failure.error_class is ErrorClass.RATE_LIMIT
    assert refused.failure.message == (
        "too few tokens are left of the provider's rate limit; not sent before 13 s are over"
    )
    assert refused.wait_s == 12.1


def test_what_no_wait_would_let_through_is_a_limit_of_our_own() -> None:
    """With both figures."""
    small = target()
    small = replace(small, endpoint=replace(small.endpoint, tokens_per_minute=1000))

    refused = gate_refusal(Hold("never", None), small, 4105)

    assert refused.failure.error_class is ErrorClass.LOCAL_LIMIT
    assert "4,105 tokens, more than the whole" in refused.failure.message
    assert "(1,000)" in refused.failure.message
    assert refused.wait_s is None


def test_used_up_retries_are_known_by_their_code() -> None:
    """The engine tells the failure before them instead."""
    refused = retries_used_up(target())

    assert (refused.failure.error_class, refused.failure.code) == (
        ErrorClass.LOCAL_LIMIT,
        "retry_tokens",
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "1 s"),
        (1.2, "2 s"),
        (120.0, "120 s"),
        (121.0, "3 min"),
        (3600.0, "60 min"),
        (86_400.0, "24 h"),
        (200_000.0, "3 days"),
    ],
)
def test_a_wait_is_told_in_the_unit_that_people_would_use(seconds: float, words: str) -> None:
    """Rounded up: nobody comes back too soon."""
    assert span(seconds) == words

"""The tree of errors and what each class means for what happens next."""

import pytest

from ultra.core.errors import (
    ACTIONS,
    MEANING,
    TRY_LATER,
    Action,
    CallError,
    ConfigError,
    ErrorClass,
    OutputError,
    Problem,
    StoreError,
    UltraError,
    UsageError,
)


@pytest.mark.parametrize("error_class", ErrorClass)
def test_every_class_says_what_may_follow(error_class: ErrorClass) -> None:
    """No class is left without an action."""
    assert CallError(error_class, "failed").action == ACTIONS[error_class]


def test_every_class_is_told_in_plain_words_of_its_own() -> None:
    """One line each, and no two alike."""
    assert set(MEANING) == set(ErrorClass)
    assert len(set(MEANING.values())) == len(ErrorClass)
    assert all(len(words) <= 80 and "\n" not in words for words in MEANING.values())


def test_what_time_may_heal_is_tried_again_or_elsewhere() -> None:
    """A class that exits 75 is never one that stops everything."""
    assert all(ACTIONS[error_class] != Action() for error_class in TRY_LATER)


@pytest.mark.parametrize(
    "error_class",
    [ErrorClass.INVALID_REQUEST, ErrorClass.CANCELLED, ErrorClass.BUDGET, ErrorClass.LOCAL_LIMIT],
)
def test_a_request_that_cannot_succeed_is_neither_retried_nor_moved(
    error_class: ErrorClass,
) -> None:
    """The same request fails everywhere, or must not be sent anywhere."""
    assert ACTIONS[error_class] == Action(retries=0, fall_back=False)


@pytest.mark.parametrize(
    ("said", "action"),
    [
        (True, Action(1, fall_back=True)),
        (False, Action(0, fall_back=True)),
        (None, Action(3, True)),
    ],
    ids=["retry", "do not", "silent"],
)
def test_the_providers_word_on_retrying_wins(said: bool | None, action: Action) -> None:
    """`x-should-retry` is stronger than the class, and says nothing about other targets."""
    assert CallError(ErrorClass.SERVER, "failed", retry=said).action == action


def test_a_failure_carries_everything_a_log_needs() -> None:
    """The value holds what the error held, and names who failed."""
    error = CallError(
        ErrorClass.RATE_LIMIT,
        "slow down",
        hint="wait",
        sent=True,
        status=429,
        code="rate_limit_exceeded",
        retry_after_s=2.0,
        request_id="req-1",
    )

    failure = error.failure("openai", "gpt")

    assert (failure.provider, failure.model) == ("openai", "gpt")
    for name in ("error_class", "message", "hint", "sent", "status", "code", "retry_after_s"):
        assert getattr(failure, name) == getattr(error, name)
    assert failure.request_id == "req-1"


def test_every_expected_error_is_one_line_with_a_next_step() -> None:
    """All share one root, a message and a hint."""
    for kind in (UsageError, ConfigError, StoreError, OutputError):
        error = kind("it is broken", hint="mend it")

        assert isinstance(error, UltraError)
        assert (str(error), error.message, error.hint) == (
            "it is broken",
            "it is broken",
            "mend it",
        )


def test_a_broken_file_lists_all_its_mistakes() -> None:
    """Problems keep their order."""
    problems = [Problem("a.yaml:1:1", "x", "bad"), Problem("a.yaml:2:1", "y", "worse")]

    assert ConfigError("two mistakes", problems=problems).problems == tuple(problems)

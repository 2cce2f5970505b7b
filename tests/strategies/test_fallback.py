"""Whom a walk in order leads to: by the class of each failure."""

from typing import Any

import pytest

from tests.support.fakes import (
    Bench,
    RecordingLedger,
    Scripts,
    fails,
    prompt,
    says,
    target,
)
from tests.support.virtual import now, virtual
from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import Refused
from ultra.core.model import Target
from ultra.core.ports import Outcome, Settings
from ultra.core.request import CallRequest
from ultra.core.stream import TextDelta
from ultra.strategies.fallback import fallback

TOO_LONG = [fails(ErrorClass.CONTEXT_LENGTH, status=400)]
FILTERED = [fails(ErrorClass.CONTENT_FILTER, status=400)]
DOWN = [fails(ErrorClass.AUTH, status=401)]


def model(name: str, window: int | None = 1000) -> Target:
    return target(name, context_window=window)


class Walk:
    """One walk over the real engine: its outcome, whom it asked, and why each attempt was made."""

    def __init__(self, scripts: dict[str, Scripts], *members: Target, **leads: Target) -> None:
        async def main() -> Outcome:
            bench = Bench(scripts)
            settings = Settings(
                on_context_length=tuple(
                    one for name, one in leads.items() if name.startswith("large")
                ),
                on_content_filter=tuple(
                    one for name, one in leads.items() if name.startswith("frank")
                ),
            )
            outcome = await fallback(prompt(), members, bench.caller, bench.emit, settings)
            bench.check()
            self.asked = [request.target.name for request in bench.provider.requests]
            self.kinds = [attempt.kind for attempt in bench.ledger.admitted]
            return outcome

        self.outcome = virtual(main())

    @property
    def text(self) -> str | None:
        answer = self.outcome.answer
        return answer.text if answer is not None and answer.ok else None

    @property
    def speaks(self) -> ErrorClass | None:
        answer = self.outcome.answer
        return answer.error.error_class if answer is not None and answer.error else None


@pytest.mark.parametrize(
    ("failure", "asked"),
    [
        (TOO_LONG, ["a", "large"]),
        (FILTERED, ["a", "frank"]),
        (DOWN, ["a", "b"]),
        ([fails(ErrorClass.INVALID_REQUEST, status=400)], ["a"]),
        ([fails(ErrorClass.TOO_LARGE, status=413)], ["a"]),
    ],
    ids=["context", "filter", "ordinary", "wrong request", "too large"],
)
def test_each_class_leads_to_its_own_list(failure: Scripts, asked: list[str]) -> None:
    """And to nobody else; a request that is wrong leads nowhere."""
    scripts: dict[str, Scripts] = {
        "a": failure,
        "b": says("b"),
        "large": says("large"),
        "frank": says("frank"),
    }
    walk = Walk(scripts, model("a"), model("b"), large=model("large", 9000), frank=model("frank"))

    assert walk.asked == asked
    assert walk.text == (asked[-1] if len(asked) > 1 else None)


@pytest.mark.parametrize("failure", [TOO_LONG, FILTERED], ids=["context", "filter"])
def test_without_a_list_the_walk_stops(failure: Scripts) -> None:
    """As for any request that another model would refuse as well."""
    walk = Walk({"a": failure, "b": says("b")}, model("a"), model("b"))

    assert walk.asked == ["a"]


def test_a_long_prompt_goes_only_where_the_window_is_known_to_be_larger() -> None:
    """Not to one that holds as much, and not to one of which nobody knows."""
    leads = {
        "large1": model("same"),
        "large2": model("unknown", None),
        "large3": model("larger", 1001),
    }
    scripts: dict[str, Scripts] = {"a": TOO_LONG, "larger": says("yes")}

    assert Walk(scripts, model("a"), **leads).asked == ["a", "larger"]
    assert Walk({"a": TOO_LONG}, model("a"), large=model("same")).speaks is (
        ErrorClass.CONTEXT_LENGTH
    )


def test_who_has_failed_is_not_asked_again_by_a_list() -> None:
    """Nor does a list lead back to the members."""
    scripts: dict[str, Scripts] = {"a": FILTERED, "b": says("b"), "frank": DOWN}
    walk = Walk(scripts, model("a"), model("b"), frank1=model("a"), frank2=model("frank"))

    assert walk.asked == ["a", "frank"]
    assert walk.speaks is ErrorClass.CONTENT_FILTER


def test_what_was_shown_is_not_made_up_for_by_anybody() -> None:
    """A filter that cuts in after the first word ends the answer."""
    walk = Walk(
        {"a": [TextDelta("I can"), *FILTERED], "frank": says("no")},
        model("a"),
        frank=model("frank"),
    )

    assert walk.asked == ["a"]
    assert walk.outcome.answer is not None
    assert walk.outcome.answer.text == "I can"


def test_the_record_says_why_each_attempt_was_made() -> None:
    """The first target's are the user's own, its second a retry, the others stand in."""
    down = [fails(ErrorClass.SERVER, status=500)]
    walk = Walk({"a": down, "b": says("b")}, model("a"), model("b"))

    assert walk.kinds == ["primary", "retry", "fallback"]


def test_the_lists_share_the_tries_of_the_request() -> None:
    """Four in all, whoever they lead to."""
    down = [fails(ErrorClass.SERVER, status=500)]

    def then_filtered(_request: CallRequest, number: int) -> Scripts:
        return down if number == 0 else FILTERED

    scripts: dict[str, Scripts] = {
        "a": down,
        "b": then_filtered,  # type: ignore[dict-item]
        "frank": says("too late"),
    }
    walk = Walk(scripts, model("a"), model("b"), frank=model("frank"))

    assert walk.asked == ["a", "a", "b", "b"]
    assert walk.outcome.reasons[-1] == "lab:model-frank was not asked (no tries are left)"
    assert walk.speaks is ErrorClass.SERVER


def shut(wait_s: float | None, kind: ErrorClass = ErrorClass.BREAKER_OPEN) -> Refused:
    return Refused(Failure(kind, f"{kind.value} says no"), wait_s=wait_s)


GATE = ErrorClass.RATE_LIMIT


@pytest.mark.parametrize(
    ("refusals", "patient", "asked", "took_s"),
    [
        ([shut(4.0), shut(30.0), shut(4.0), None], True, "a", 4.0),
        ([shut(30.0), shut(4.0), shut(4.0), None], True, "b", 4.0),
        ([shut(4.0), shut(30.0)], False, "", 0.0),
        ([shut(30.0, GATE), shut(4.0, GATE), shut(4.0, GATE), None], False, "b", 4.0),
        ([shut(4.0), shut(9.0, GATE), None], False, "b", 9.0),
        ([shut(None), shut(9.0, GATE), None], False, "b", 9.0),
        ([shut(4.0), shut(90.0), shut(100.0), shut(90.0)], True, "", 0.0),
    ],
    ids=[
        "the first",
        "the last",
        "nobody without a deadline",
        "gates",
        "a gate rather than a breaker",
        "by hand",
        "nobody beyond the deadline",
    ],
)
def test_where_all_are_held_back_the_soonest_is_waited_for(
    refusals: list[Refused | None], asked: str, took_s: float, *, patient: bool
) -> None:
    """Wherever it stands; a breaker only under a deadline of the user's own that it fits."""

    async def main() -> tuple[Outcome, float, Bench]:
        ledger = RecordingLedger(refusals=refusals)
        scripts = {name: says(name) for name in "ab"}
        bench = Bench(scripts, ledger=ledger, patient=patient, deadline_s=60.0)
        outcome = await fallback(
            prompt(),
            [model("a"), model("b")],
            bench.caller,
            bench.emit,
            Settings(patient=patient),
        )
        bench.check()
        return outcome, now(), bench

    outcome, took, bench = virtual(main())

    assert [request.target.name for request in bench.provider.requests] == list(asked)
    assert took_s <= took <= 1.1 * took_s
    assert [answer.name for answer in outcome.answers] == ["a", "b"]
    assert outcome.answer is not None
    assert outcome.answer.name == (asked or "a")


def test_who_was_waited_for_in_vain_leaves_the_next_to_be() -> None:
    """Each once: the walk ends."""

    async def main() -> tuple[Outcome, float]:
        ledger = RecordingLedger(refusals=[shut(4.0), shut(9.0), shut(4.0), None, shut(5.0)])
        scripts: dict[str, Scripts] = {
            "a": [fails(ErrorClass.AUTH, status=401)],
            "b": says("b"),
        }
        bench = Bench(scripts, ledger=ledger, patient=True, deadline_s=60.0)
        outcome = await fallback(
            prompt(), [model("a"), model("b")], bench.caller, bench.emit, Settings(patient=True)
        )
        bench.check()
        return outcome, now()

    outcome, took = virtual(main())

    assert outcome.answer is not None
    assert (outcome.answer.text, [answer.name for answer in outcome.answers]) == ("b", ["a", "b"])
    assert 9.0 <= took <= 9.9
    assert outcome.reasons == ("lab:model-a failed (auth)",)


def test_of_two_that_asked_to_wait_the_soonest_is_asked_again() -> None:
    """The last of them is no more worth waiting for than the first."""

    def limited(retry_after_s: float) -> Scripts:
        return [fails(GATE, status=429, retry_after_s=retry_after_s)]

    async def main() -> tuple[Outcome, float, Bench]:
        scripts: dict[str, Any] = {"a": [limited(3.0), says("a")], "b": limited(20.0)}
        bench = Bench(scripts)
        outcome = await fallback(
            prompt(), [model("a"), model("b")], bench.caller, bench.emit, Settings()
        )
        bench.check()
        return outcome, now(), bench

    outcome, took, bench = virtual(main())

    assert outcome.answer is not None
    assert outcome.answer.text == "a"
    assert [request.target.name for request in bench.provider.requests] == ["a", "b", "a"]
    assert took == 0.0

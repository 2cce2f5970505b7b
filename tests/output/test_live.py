"""Lines of what is under way: what they say, and that they fit."""

import pytest
from msgspec.structs import replace

from ultra.core.live import ABANDONED, Live, LiveAttempt, LiveCall, LiveRun
from ultra.core.usage import Usage
from ultra.output.live import Row, cost, facts, heading, line, rows, state, summary, tokens, tone
from ultra.output.width import cell_width

NOW = 1_000.0
ATTEMPT = LiveAttempt(
    "a-1.1", 1, "primary", 990.0, 0.0, "running", None, None, None, None, 900, None, None, None
)
ENDED = replace(
    ATTEMPT,
    status="ok",
    ended_at=995.0,
    cost_nano=700_000_000,
    usage=Usage(text_output_tokens=1_234),
)
CALL = LiveCall("a-1", "a", "member", 0, "fast", "lab", "m-1", False, "", 990.0, (ATTEMPT,))
RUN = LiveRun(
    "a", "ask", "single", "p", "e", False, "why?", "far", 7, False, 989.0, "running", None, 1
)


def over(**fields: object) -> LiveCall:
    return replace(CALL, attempts=(replace(ENDED, **fields),))


@pytest.mark.parametrize(
    ("call", "run", "said"),
    [
        (CALL, RUN, "sent"),
        (replace(CALL, text="x", characters=1), RUN, "streaming"),
        (CALL, replace(RUN, status=ABANDONED), "gone"),
        (over(), RUN, "ok"),
        (over(kind="cache"), RUN, "cached"),
        (over(status="error", error_class="rate_limit"), RUN, "may retry"),
        (over(status="error", error_class="rate_limit", ended_at=900.0), RUN, "error"),
        (over(status="error", error_class="rate_limit"), replace(RUN, status="error"), "error"),
        (over(status="error", error_class="auth"), RUN, "error"),
        (over(status="partial"), RUN, "partial"),
    ],
)
def test_what_a_call_is_at_is_said_in_a_word(call: LiveCall, run: LiveRun, said: str) -> None:
    assert state(run, call, NOW) == said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (CALL, "≤ $0.0000009"),
        (replace(CALL, attempts=(replace(ATTEMPT, charged_nano=None),)), "unknown"),
        (over(), "$0.7000"),
        (over(cost_nano=None), "unknown"),
        (replace(CALL, attempts=(ENDED, replace(ENDED, cost_nano=None))), "≥ $0.7000"),
        (over(cost_nano=0), "$0"),
        (replace(CALL, simulated=True), "simulated"),
    ],
)
def test_an_unknown_cost_is_never_nothing(call: LiveCall, said: str) -> None:
    assert cost(call) == said


def test_tokens_are_a_guess_until_they_are_counted() -> None:
    assert tokens(CALL) == ""
    assert tokens(replace(CALL, characters=9)) == "~3"
    assert tokens(over()) == "1,234"
    assert tokens(over(usage=Usage())) == ""


def test_runs_under_way_stand_first_and_what_ended_last_next() -> None:
    late = replace(RUN, run_id="late", status="ok", ended_at=999.0)
    early = replace(RUN, run_id="early", status="ok", ended_at=990.0)
    done = replace(over(), call_id="a-0")
    live = Live(
        "open",
        runs={"early": early, "late": late, "a": RUN},
        calls={"a-0": done, "a-1": CALL},
    )
    assert [row.key for row in rows(live)] == ["a", "a-1", "a-0", "late", "early"]
    assert [row.key for row in rows(live, ended=False)] == ["a", "a-1"]


@pytest.mark.parametrize("width", [20, 40, 79, 120, 200])
def test_every_line_has_the_width_it_was_given(width: int) -> None:
    strange = replace(
        RUN, prompt="\x1b[2J\u202ewhy\n" + "\u6f22" * 200, host="\x1b[31mh", mine=False
    )
    wide = replace(over(status="error", error_class="rate_limit"), model="\u6f22" * 99)
    for row in (Row(strange), Row(RUN, CALL), Row(RUN, wide), Row(replace(RUN, unpriced=1))):
        told = line(row, NOW, width)
        assert cell_width(told) <= width
        assert "\x1b" not in told
        assert "\u202e" not in told
    assert cell_width(heading(width)) <= width


def test_what_ended_fades() -> None:
    row = Row(RUN, over())
    assert tone(row, 996.0) == "call"
    assert tone(row, 1_006.0) == "faded"
    assert tone(Row(RUN, over(status="error")), 996.0) == "bad"
    assert tone(Row(RUN), NOW) == "run"


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (Live(), "nothing is logged yet: what any ultra here asks is shown as it comes"),
        (Live("older"), "the log is of an older ultra: the next run brings it up to date"),
        (Live("newer", "it is\x1b[2J newer"), "it is newer"),
        (Live("open"), "nothing is under way"),
        (
            Live("open", runs={"a": RUN}, calls={"a-1": CALL}),
            "1 call under way in 1 run of 1 process, at most $0.0000009",
        ),
        (
            Live(
                "unreadable",
                "it is locked",
                runs={"a": RUN},
                calls={"a-1": replace(CALL, attempts=(replace(ATTEMPT, charged_nano=None),))},
            ),
            "1 call under way in 1 run of 1 process, cost unknown - it is locked",
        ),
    ],
)
def test_one_line_sums_up_or_says_what_is_wrong(live: Live, said: str) -> None:
    assert summary(live) == said


def test_the_facts_of_a_call_tell_every_try() -> None:
    failed = replace(
        ENDED, status="error", error_class="server", error_message="a\x1b[2J b", ttft_s=0.5
    )
    again = replace(ATTEMPT, number=2, kind="hedge", wait_s=2.0)
    call = replace(CALL, attempts=(failed, again), parent="a-9")
    assert facts(Row(RUN, call), NOW) == [
        "lab:m-1 - member - for a-9 - sent",
        "call a-1 - pid 7 on far - ≤ $0.7000",
        "1. error 5.0 s, first token 0.50 s, server: a b",
        "2. running 10 s hedge, waited 2.0 s",
    ]
    assert facts(Row(RUN, over(kind="cache")), NOW)[2:] == ["an earlier answer served"]


def test_the_facts_of_a_run_tell_whose_it_is() -> None:
    mine = replace(RUN, mine=True, simulated=True, verdict=True)
    assert facts(Row(mine), NOW) == [
        "run a - ask single - under way",
        "here - p, e - simulated",
        "1 call, 0 failures, 11 s, a verdict",
    ]
    assert "its process is gone" in facts(Row(replace(RUN, status=ABANDONED)), NOW)[0]

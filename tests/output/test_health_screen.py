"""`ultra health` as people see it."""

import io
import json

import pytest

from tests.support.terminal import Terminal
from ultra.core.health import (
    BreakerStanding,
    Check,
    Credential,
    EndpointHealth,
    Gate,
    HealthReport,
    LastError,
    Spread,
    Traffic,
)
from ultra.core.quota import Allowance, Quota
from ultra.output.health import render_health
from ultra.output.health_screen import HealthScreen, health_document
from ultra.output.streams import Streams

NOW = 1_790_000_000.0
SLOW = LastError(NOW - 5400, "rate_limit", "slow\x1b[2J down", 429)
SORRY = LastError(NOW - 40, "server", "sorry", 500)
KEY = Credential("env:LAB_KEY", "1a2b3c4d")

REPORT = HealthReport(
    NOW,
    "work",
    "production",
    "/home/me/ultra.yaml",
    (
        EndpointHealth(
            "lab",
            "alpha",
            "https://lab.example/v1",
            "ok",
            names=("fast", "default"),
            traffic=Traffic(
                200, 196, 3, 3, NOW - 7000, Spread(0.41, 0.92, 1.42), Spread(2.1, 14.0, 123.4),
                61.2, NOW - 12, NOW - 12, SLOW,
            ),
            gate=Gate(None, Quota(Allowance(5000, 4980, 12.0), Allowance(None, 90_000)), NOW - 12),
            credential=KEY,
            check=Check(NOW - 300, True, 0.4, 82),
        ),
        EndpointHealth(
            "lab",
            "beta",
            "https://lab.example/v1",
            "down",
            "its breaker is open after `server`",
            "`ultra health reset lab:beta` lets calls through again",
            traffic=Traffic(3, 0, 3, 0, NOW - 90, last_error=SORRY),
            breaker=BreakerStanding("open", 3, NOW + 42, "server"),
            credential=KEY,
            check=Check(NOW - 300, True, 0.4, 82),
        ),
        EndpointHealth(
            "bare", "", "http://127.0.0.1:9/v1", "unknown", "nothing was heard of it",
            credential=Credential("none"),
        ),
        EndpointHealth("sim", "swift", "", "ok", "simulated: nobody is asked", simulated=True),
    ),
    ("`other` is left out: it is forbidden",),
)  # fmt: skip

WIDE = """\
work (production): 2 ok, 1 down, 1 unknown
tries of the last 24 h, 200 of each model at most; retries count

                                                first token, s         whole, s
                                     answered    50%  95%  99%    50%  95%  99%

lab  lab.example  key env:LAB_KEY (1a2b3c4d)  lists 82 models (5 min ago)
  ok       fast, default (alpha)   98% of 200   0.41 0.92  1.4    2.1 14.0  123
           61 tokens/s, last good 12 s ago, 4,980 of 5,000 requests left, 90,000 tokens left
           last error 2 h ago, rate_limit (429): slow down
  down     beta                       0% of 3      -    -    -      -    -    -
           its breaker is open after `server`; tried again in 42 s
           last error 40 s ago, server (500): sorry
           next: `ultra health reset lab:beta` lets calls through again

bare  127.0.0.1:9  no key wanted
  unknown  (no model named)
           nothing was heard of it

sim  simulated
  ok       swift
           simulated

note: `other` is left out: it is forbidden
"""


def piped() -> Streams:
    return Streams(io.StringIO(), io.StringIO(), io.StringIO(), environ={})


def test_a_pipe_gets_every_line_whole() -> None:
    """No colour, nothing cut, nothing that a terminal obeys."""
    text = "\n".join([*render_health(REPORT, streams=piped()), ""])

    assert text == WIDE


@pytest.mark.parametrize("columns", [30, 60, 72, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    """Whatever its width, every name and every hint is there."""
    with Terminal(columns, 60) as terminal:
        streams = terminal.streams(environ={"NO_COLOR": "1"})
        lines = render_health(REPORT, streams=streams)

    assert max(map(len, lines)) < columns
    flat = " ".join(" ".join(lines).split())
    for words in ("alpha", "beta", "lets calls through again", "0.41", "14.0", "98%"):
        assert words in flat


def test_the_figures_keep_their_columns_at_eighty() -> None:
    """All three ranks of both."""
    with Terminal(80, 60) as terminal:
        lines = render_health(REPORT, streams=terminal.streams(environ={"NO_COLOR": "1"}))

    assert "   0.41 0.92  1.4    2.1 14.0  123" in "\n".join(lines)


def test_colour_is_only_on_a_terminal_that_wants_it() -> None:
    """The words say the same without it."""
    with Terminal(80, 60) as terminal:
        drawn = "\n".join(render_health(REPORT, streams=terminal.streams()))

    assert "\x1b[31;1mdown" in drawn
    assert "\x1b" not in "\n".join(render_health(REPORT, streams=piped()))


def test_the_document_has_moments_and_counts() -> None:
    """ISO 8601; null is not known."""
    document = health_document(REPORT)

    assert (document["version"], document["checked_at"]) == (1, "2026-09-21T14:13:20.000Z")
    assert document["counts"] == {"ok": 2, "down": 1, "unknown": 1}
    first, second, *_ = document["endpoints"]
    assert first["traffic"]["last_ok_at"] == "2026-09-21T14:13:08.000Z"
    assert first["gate"]["shut_until_at"] is None
    assert second["breaker"]["retry_at"] == "2026-09-21T14:14:02.000Z"


def test_documents_that_follow_one_another_are_a_line_each() -> None:
    """For a program that reads them as they come."""
    streams = piped()
    screen = HealthScreen(streams, as_json=True)

    with screen.watching():
        screen.show(REPORT)
        screen.show(REPORT)

    assert isinstance(streams.stdout, io.StringIO)
    lines = streams.stdout.getvalue().splitlines()
    assert [json.loads(line)["profile"] for line in lines] == ["work", "work"]

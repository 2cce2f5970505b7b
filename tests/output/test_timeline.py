"""The attempts of a run along its time."""

from typing import Any

import pytest

from tests.support.runs import HOSTILE, call_document, run_document
from ultra.core.errors import ErrorClass, Failure
from ultra.core.records import AttemptDocument
from ultra.output.timeline import timeline
from ultra.output.width import cell_width


def attempt(number: int, second: float, duration_s: float | None, **more: Any) -> AttemptDocument:
    values: dict[str, Any] = {
        "attempt_id": f"a.{number}", "number": number, "status": "ok",
        "started_at": f"2026-05-01T12:03:{4.5 + second:06.3f}Z", "ended_at": None,
        "duration_s": duration_s, "ttft_s": 0.25, "finish_reason": "stop", "usage": None,
        "usage_source": None, "cost_nano": None, "charged_nano": None, "provider_cost_nano": None,
        "price_source": None, "request_id": None, "error": None,
    }  # fmt: skip
    return AttemptDocument(**{**values, **more})


BUSY = Failure(ErrorClass.OVERLOADED, f"busy {HOSTILE}", provider="openai")


def lines(width: int) -> list[str]:
    tries = [
        attempt(1, 0.0, 0.5, status="error", ttft_s=None, error=BUSY),
        attempt(2, 1.0, 1.0, wait_s=0.4),
    ]
    refused = call_document(2, attempts=[], status="error", error=BUSY)
    return timeline(run_document(call_document(1, attempts=tries), refused, duration_s=2.0), width)


def test_a_retry_stands_after_what_failed_with_its_wait() -> None:
    """The bar is where it was in the run, and an unknown cost is no zero."""
    first, error, second, refused = lines(120)

    assert "━━━" in first
    assert first.index("━") < second.index("━")
    assert "+0.00 s · try 1 · 0.50 s · error" in first
    assert error.strip().startswith("overloaded: busy")
    assert "+1.0 s · try 2 · 1.0 s · after a wait of 0.40 s · first word 0.25 s · ok" in second
    assert "unknown" in second
    assert "not tried: busy" in refused


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_timeline_is_as_wide_as_the_screen_and_inert(width: int) -> None:
    """Where there is no room beside the words, the bar stands above them."""
    told = lines(width)

    assert max(map(cell_width, told)) <= width
    assert "\x1b" not in "".join(told)


def test_a_run_under_way_has_a_timeline() -> None:
    """An attempt that has not ended is no error."""
    running = attempt(1, 0.0, None, status="running", ttft_s=None)
    told = timeline(run_document(call_document(1, attempts=[running]), duration_s=None), 80)

    assert any("running" in line for line in told)

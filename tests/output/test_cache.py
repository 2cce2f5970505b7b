"""What the answer cache has to say of itself, and answers of having come from it."""

import pytest

from tests.support.runs import Script, call_document, replaced, run_document
from ultra.core.answer import Answer
from ultra.core.events import CallFinished
from ultra.core.records import CacheStats
from ultra.output.cache import render_cache, size
from ultra.output.documents import Format, render_run
from ultra.output.figures import savings
from ultra.output.receipt import Receipt

STATS = CacheStats(3, 1_234, 1, 700_000, 0, 0, "2026-05-01T12:03:04.500Z")


def test_what_is_known_of_savings_is_a_lower_bound_beside_what_is_not() -> None:
    """Unknown is never 0."""
    assert savings([], 3) == ""
    assert savings([None], 1) == "cached"
    assert savings([2_000_000_000], 1) == "cached, saved $2.00"
    assert savings([2_000_000_000, None], 3) == "2 of 3 cached, saved at least $2.00"


def test_stats_are_a_fact_a_line() -> None:
    """With what is unknown, and what was never money."""
    told = render_cache(STATS)
    mixed = render_cache(replaced(STATS, hits=1_200, unpriced=2, simulated=7))

    assert told.splitlines() == [
        "answers  3",
        "size     1.2 kB",
        "oldest   2026-05-01T12:03:04.500Z",
        "served   once",
        "saved    $0.0007",
    ]
    assert "served   1,200 times, 7 of them simulated" in mixed
    assert "saved    at least $0.0007, 2 calls of unknown price beside it" in mixed


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (256_000_000, "256.0 MB"),
        (3 * 10**9, "3.0 GB"),
    ],
)
def test_sizes_read_in_powers_of_a_thousand(amount: int, words: str) -> None:
    """As `max_mb` is meant."""
    assert size(amount) == words


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_every_document_for_people_says_who_was_cached(format_: Format) -> None:
    """And what that saved."""
    served = call_document(1, cached=True, saved_nano=12_300_000, cost_nano=0, ttft_s=None)
    document = run_document(served, call_document(2))

    told = render_run(document, format_)

    assert "1 of 2 cached, saved $0.0123" in told
    assert told.count("cached") >= 2


def test_the_receipt_counts_no_tokens_of_what_was_served() -> None:
    """They were used up when it was asked."""
    script = Script().begin("fast").call(1).text(1, "hi")
    answer: Answer = replaced(
        script.answer(1, "ok"), cached=True, saved_nano=5_000_000, cost_nano=0, attempts=0
    )
    script.say(CallFinished(answer), script.id(1)).conclude(1).end(cost_nano=0)
    receipt = Receipt()

    for event in script.events:
        receipt.take(event)

    assert receipt.line() == "fast · 2.1 s · $0 · cached, saved $0.005 · run ab12cd34"

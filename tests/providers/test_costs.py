"""What providers say they charged is read to the nano-dollar, from the text they sent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.protocols import read
from ultra.core.stream import UsageReported
from ultra.providers.protocols.costs import dollars_nano, ticks_nano


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        (b"0.00005952", 59_520),
        (b"8.1e-05", 81_000),
        (b"0.1", 100_000_000),
        (b"1234567.891234567", 1_234_567_891_234_567),
        (b"0.000000001", 1),
        (b"0.0000000001", 1),
        (b"0.00005952000000000001", 59_520),
        (b"0", 0),
        (b"0.0", 0),
        (b'"0.00200875"', 2_008_750),
        (b'{"total_cost": 0.00939, "request_cost": 0.005}', 9_390_000),
        (b'{"usd": 2.55e-6, "diem": 0}', 2_550),
        (b" 0.5 ", 500_000_000),
        (b"1e-99999999", 0),
        (b"-0.1", None),
        (b"1e7", None),
        (b"1e999999999", None),
        (b'"free"', None),
        (b'"NaN"', None),
        (b'"Infinity"', None),
        (b"null", None),
        (b"[1]", None),
        (b"{}", None),
        (b'{"total_cost": {"a": 1}}', None),
        (b"true", None),
        (b"", None),
        (b"9" * 100_000, None),
        ('"\u0661"'.encode(), None),
    ],
)
def test_dollars_become_nano_dollars(text: bytes, nano: int | None) -> None:
    """Half a nano-dollar is rounded up, a float's noise is not, and nonsense is no cost."""
    assert dollars_nano(text) == nano


@given(st.integers(0, 10**15))
def test_every_nano_dollar_is_kept(nano: int) -> None:
    """No float stands between the text and the integer."""
    assert dollars_nano(str(Decimal(nano).scaleb(-9)).encode()) == nano


@pytest.mark.parametrize(
    ("ticks", "nano"), [(2071251, 207_126), (10, 1), (0, None), (None, None), (-5, None)]
)
def test_ticks_become_nano_dollars(ticks: int | None, nano: int | None) -> None:
    """Ten of xAI's ticks are one; the 0 that Azure sends for its Grok says nothing."""
    assert ticks_nano(ticks) == nano


@pytest.mark.parametrize("noise", [float("inf"), 1e300])
def test_ticks_without_end_are_no_cost(noise: float) -> None:
    """A hostile number is taken as not said."""
    assert ticks_nano(noise) is None


@pytest.mark.parametrize(
    ("field", "nano"),
    [
        (b'"cost":8.1e-05', 81_000),
        (b'"cost":{"total_cost":0.00501}', 5_010_000),
        (b'"cost_in_usd_ticks":1087500', 108_750),
        (b'"estimated_cost":0.0000123', 12_300),
        (b'"cost":null,"estimated_cost":0.0000123', 12_300),
        (b'"cost":[1]', None),
        (b'"cost":"free"', None),
    ],
    ids=["openrouter", "perplexity", "xai", "deepinfra", "both", "a list", "a word"],
)
def test_every_vendors_own_field_is_read(field: bytes, nano: int | None) -> None:
    """Whatever stands there never costs the answer."""
    body = (
        b'{"model":"m","choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":1,"completion_tokens":1,' + field + b"}}"
    )

    events = read("openai-chat", body, streamed=False)

    assert [event.cost_nano for event in events if isinstance(event, UsageReported)] == [nano]


@pytest.mark.parametrize("streamed", [True, False])
def test_a_cost_beside_the_usage_is_read(streamed: bool) -> None:
    """Venice puts it into the body itself."""
    usage = b'"usage":{"prompt_tokens":1,"completion_tokens":1},"cost":{"usd":2.55e-6,"diem":0}'
    word = b'"delta"' if streamed else b'"message"'
    said = (
        b'{"model":"m","choices":[{"index":0,'
        + word
        + b':{"content":"hi"},"finish_reason":"stop"}]'
    )
    body = said + b"," + usage + b"}"
    if streamed:
        body = b"data: " + said + b'}\n\ndata: {"choices":[],' + usage + b"}\n\ndata: [DONE]\n\n"

    events = read("openai-chat", body, streamed=streamed)

    assert [event.cost_nano for event in events if isinstance(event, UsageReported)] == [2_550]

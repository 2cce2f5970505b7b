"""What every family's headers say of its limits, in seconds from now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ultra.core.quota import Allowance, Quota
from ultra.providers.quota import duration_s, exhausted_s, quota

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z

GOLDEN: dict[str, tuple[dict[str, str], Quota | None]] = {
    "openai": (
        {
            "x-ratelimit-limit-requests": "10000",
            "x-ratelimit-remaining-requests": "9999",
            "x-ratelimit-reset-requests": "6ms",
            "x-ratelimit-limit-tokens": "150000",
            "x-ratelimit-remaining-tokens": "149977",
            "x-ratelimit-reset-tokens": "1h2m3.5s",
        },
        Quota(Allowance(10000, 9999, 0.006), Allowance(150000, 149977, 3723.5)),
    ),
    "openai, nothing used": (
        {
            "x-ratelimit-limit-requests": "500",
            "x-ratelimit-remaining-requests": "500",
            "x-ratelimit-reset-requests": "0s",
        },
        Quota(Allowance(500, 500, 0.0)),
    ),
    "groq": (
        {
            "x-ratelimit-limit-requests": "1000",
            "x-ratelimit-remaining-requests": "993",
            "x-ratelimit-reset-requests": "10m4.5s",
            "x-ratelimit-limit-tokens": "12000",
            "x-ratelimit-remaining-tokens": "11420",
            "x-ratelimit-reset-tokens": "2.9s",
        },
        Quota(Allowance(1000, 993, 604.5), Allowance(12000, 11420, 2.9)),
    ),
    "azure": (
        {
            "x-ratelimit-limit-requests": "10000",
            "x-ratelimit-remaining-requests": "119",
            "x-ratelimit-reset-requests": "1",
            "x-ratelimit-limit-tokens": "-1",
            "x-ratelimit-remaining-tokens": "-1",
            "x-ratelimit-reset-tokens": "0",
            "x-ratelimit-renewalperiod-tokens": "60",
            "x-ratelimit-abusepenalty-active": "False",
        },
        Quota(Allowance(10000, 119, 1.0)),
    ),
    "azure, not known": (
        {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-remaining-requests": "-1"},
        None,
    ),
    "anthropic": (
        {
            "anthropic-ratelimit-requests-limit": "1000",
            "anthropic-ratelimit-requests-remaining": "999",
            "anthropic-ratelimit-requests-reset": "2027-01-15T08:00:01Z",
            "anthropic-ratelimit-tokens-limit": "540000",
            "anthropic-ratelimit-tokens-remaining": "530000",
            "anthropic-ratelimit-tokens-reset": "2027-01-15T08:00:02Z",
            "anthropic-ratelimit-input-tokens-limit": "450000",
            "anthropic-ratelimit-input-tokens-remaining": "450000",
            "anthropic-ratelimit-input-tokens-reset": "2027-01-15T08:00:00Z",
            "anthropic-ratelimit-output-tokens-limit": "90000",
            "anthropic-ratelimit-output-tokens-remaining": "9000",
            "anthropic-ratelimit-output-tokens-reset": "2027-01-15T09:00:30+01:00",
        },
        Quota(Allowance(1000, 999, 1.0), Allowance(90000, 9000, 30.0)),
    ),
    "anthropic, a subscription": (
        {
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": "1800007999",
            "anthropic-ratelimit-unified-5h-utilization": "1.0",
            "anthropic-ratelimit-unified-5h-status": "rejected",
            "anthropic-ratelimit-unified-fallback-percentage": "0.5",
        },
        Quota(Allowance(None, 0, 7999.0)),
    ),
    "anthropic, a subscription with room": (
        {
            "anthropic-ratelimit-unified-status": "allowed",
            "anthropic-ratelimit-unified-reset": "1800007999",
        },
        None,
    ),
    "openrouter": (
        {
            "x-ratelimit-limit": "20",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": "1800000042000",
        },
        Quota(Allowance(20, 0, 42.0)),
    ),
    "an epoch in seconds": (
        {"x-rate-limit-remaining": "3", "x-rate-limit-reset": "1800000060"},
        Quota(Allowance(None, 3, 60.0)),
    ),
    "together": (
        {
            "x-ratelimit": "false",
            "x-ratelimit-limit": "10",
            "x-ratelimit-remaining": "1",
            "x-ratelimit-reset": "2",
            "x-ratelimit-limit-tokens": "3000",
            "x-ratelimit-remaining-tokens": "2910",
        },
        Quota(Allowance(10, 1, 2.0), Allowance(3000, 2910)),
    ),
    "xai": (
        {
            "x-ratelimit-limit-requests": "1800",
            "x-ratelimit-remaining-requests": "1800",
            "x-ratelimit-limit-tokens": "10000000",
            "x-ratelimit-remaining-tokens": "10000000",
        },
        Quota(Allowance(1800, 1800), Allowance(10000000, 10000000)),
    ),
    "mistral": (
        {
            "x-ratelimit-limit-req-minute": "120",
            "x-ratelimit-remaining-req-minute": "119",
            "x-ratelimit-limit-tokens-minute": "2000000",
            "x-ratelimit-remaining-tokens-minute": "1000000",
            "x-ratelimit-limit-tokens-month": "10000000000",
            "x-ratelimit-remaining-tokens-month": "9999999370",
            "x-ratelimit-tokens-query-cost": "104",
        },
        Quota(Allowance(120, 119), Allowance(2000000, 1000000)),
    ),
    "mistral by size": (
        {
            "ratelimitbysize-limit": "500000",
            "ratelimitbysize-remaining": "307190",
            "ratelimitbysize-reset": "46",
            "ratelimitbysize-query-cost": "32010",
            "x-ratelimitbysize-limit-month": "1000000000",
            "x-ratelimitbysize-remaining-month": "997278920",
        },
        Quota(None, Allowance(500000, 307190, 46.0)),
    ),
    "cerebras": (
        {
            "x-ratelimit-limit-requests-day": "1440000",
            "x-ratelimit-remaining-requests-day": "1439968",
            "x-ratelimit-reset-requests-day": "24473.814165592194",
            "x-ratelimit-limit-tokens-minute": "1000000",
            "x-ratelimit-remaining-tokens-minute": "1000000",
            "x-ratelimit-reset-tokens-minute": "0.032625675201416016",
        },
        Quota(
            Allowance(1440000, 1439968, 24473.814165592194),
            Allowance(1000000, 1000000, 0.032625675201416016),
        ),
    ),
    "ietf, one header": (
        {"ratelimit": "limit=100, remaining=50, reset=30", "ratelimit-policy": "100;w=60"},
        Quota(Allowance(100, 50, 30.0)),
    ),
    "ietf, three headers": (
        {
            "ratelimit-limit": "100, 100;w=60;burst=1000",
            "ratelimit-remaining": "50",
            "ratelimit-reset": "30",
        },
        Quota(Allowance(100, 50, 30.0)),
    ),
    "ietf, named": (
        {"ratelimit": '"default";r=50;t=30, "tokens";r=7', "ratelimit-policy": '"default";q=9;w=1'},
        Quota(Allowance(None, 50, 30.0), Allowance(None, 7)),
    ),
    "nothing": ({"content-type": "text/event-stream", "retry-after": "3"}, None),
    "nonsense": (
        {
            "x-ratelimit-limit-requests": "many",
            "x-ratelimit-remaining-requests": "nan",
            "x-ratelimit-reset-requests": "soon",
            "x-ratelimit-remaining-tokens": "9" * 400,
            "ratelimit": "yes",
        },
        None,
    ),
    "a reset of nonsense": (
        {"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1e300"},
        Quota(Allowance(None, 5)),
    ),
    "a reset that is past": (
        {"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "1700000000"},
        Quota(Allowance(None, 5, 0.0)),
    ),
}


@pytest.mark.parametrize(("headers", "expected"), GOLDEN.values(), ids=GOLDEN)
def test_every_family_is_understood(headers: dict[str, str], expected: Quota | None) -> None:
    """Counts as they are, moments and durations as seconds from now, what is not known as None."""
    assert quota(headers, NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1h2m3.5s", 3723.5),
        ("0s", 0.0),
        ("1d", 86_400.0),
        ("250µs", 0.00025),
        ("", None),
        ("12", None),
        ("-1s", None),
        ("1s later", None),
        ("9999999999d", None),
    ],
)
def test_durations_are_those_of_go(text: str, expected: float | None) -> None:
    """Several units, fractions, and nothing else."""
    assert duration_s(text) == (None if expected is None else pytest.approx(expected))


def test_what_is_used_up_longest_decides_when_to_come_back() -> None:
    """A kind that has something left does not count, nor one of which nobody says when."""
    assert exhausted_s(Quota(Allowance(9, 0, 3.0), Allowance(9, 0, 7.0))) == 7.0
    assert exhausted_s(Quota(Allowance(9, 1, 30.0), Allowance(9, 0, 7.0))) == 7.0
    assert exhausted_s(Quota(Allowance(9, 0, None))) is None
    assert exhausted_s(None) is None


_NAMES = st.one_of(
    st.sampled_from(sorted({name for headers, _ in GOLDEN.values() for name in headers})),
    st.from_regex(r"(x-|anthropic-)?rate-?limit(bysize)?(-[a-z0-9]{1,9}){0,4}", fullmatch=True),
)
_VALUES = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.from_regex(r"(\d{1,14}(\.\d{1,3})?(ns|ms|s|m|h|d)){1,3}", fullmatch=True),
    st.from_regex(r'"[a-z]{1,6}";r=\d{1,20};t=\d{1,20}', fullmatch=True),
)


@given(st.dictionaries(_NAMES, _VALUES, max_size=8), st.floats(0.0, 1e10))
def test_no_header_does_harm(headers: dict[str, str], now_s: float) -> None:
    """Whatever a server writes: counts are not negative, waits are bounded, nothing raises."""
    told = quota(headers, now_s)

    for left in (told.requests, told.tokens) if told else ():
        if left is not None:
            assert left.limit is None or left.limit > 0
            assert left.remaining is None or left.remaining >= 0
            assert left.reset_s is None or 0.0 <= left.reset_s <= 400 * 86_400

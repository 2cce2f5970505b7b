"""What an answer's headers say is left of the provider's limits, whatever family they are of.

Read by the words of their names, since the families share those: `limit`, `remaining` and `reset`
of `requests` or `tokens`, perhaps per `minute` or `day`. Sources:
platform.openai.com/docs/guides/rate-limits (OpenAI; Groq, Azure, xAI, Fireworks and Together write
the same), docs.claude.com/en/api/rate-limits (Anthropic),
inference-docs.cerebras.ai/support/rate-limits, openrouter.ai/docs/api-reference/limits, and
draft-ietf-httpapi-ratelimit-headers 3 to 10. Mistral documents none; its names are those of
recorded answers.
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from ultra.core.quota import Allowance, Quota

_NAME = re.compile(r"(?:x-|anthropic-)?ratelimit(bysize)?((?:-[a-z0-9]+)*)")
_FIELDS = frozenset({"limit", "remaining", "reset"})
_KINDS = {"requests": False, "request": False, "req": False, "tokens": True, "token": True}
"""What is limited, and whether it is tokens; a name that does not say speaks of requests."""

_QUALIFIERS = frozenset({*_KINDS, "input", "output", "second", "minute", "hour", "day", "month"})
"""All that a name may say beside its field; another word makes it another matter."""

_COUNT = re.compile(r"\s*(\d{1,15})(?:\.\d*)?\s*(?:[,;]|$)")
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{0,12})?)(ns|us|µs|ms|s|m|h|d)")
_UNITS_S = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0
}  # fmt: skip

_EPOCH_S = 1e9
"""Plain numbers from here on are moments (2001 and later), from `_EPOCH_MS` on in milliseconds."""

_EPOCH_MS = 1e11
_LONGEST_S = 400 * 86_400.0
"""No limit takes longer to be whole again than a year and some; beyond it is nonsense."""


class _Series(Struct):
    """One limit as its headers tell it: the words that its names share, and its three values."""

    of_tokens: bool
    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None

    def allowance(self) -> Allowance | None:
        """What it comes to; None when it says nothing to go by."""
        limit = self.limit or None
        remaining = self.remaining
        # Azure writes 0 and -1 for what it does not know.
        if remaining == 0 and limit is None and self.reset_s is None:
            remaining = None
        if limit is None and remaining is None:
            return None
        return Allowance(limit, remaining, self.reset_s)


def quota(headers: Mapping[str, str], now_s: float) -> Quota | None:
    """What is left, of the scarcest kind where there are several; None when nothing is said.

    Header names are lower case; `now_s` is UTC seconds since the epoch. What is no number, no
    duration and no moment is taken as not said. Never raises.
    """
    told: dict[tuple[str, ...], _Series] = {}
    for name, value in headers.items():
        if "ratelimit" in name or "rate-limit" in name:
            _take(told, name.replace("rate-limit", "ratelimit"), value, now_s)
    if not told:
        return None
    requests = _scarcest(series for series in told.values() if not series.of_tokens)
    tokens = _scarcest(series for series in told.values() if series.of_tokens)
    return Quota(requests, tokens) if requests or tokens else None


def exhausted_s(left: Quota | None) -> float | None:
    """Seconds until what is used up is whole again; None when nothing is, or nobody says when."""
    kinds = (left.requests, left.tokens) if left else ()
    waits = [kind.reset_s for kind in kinds if kind and kind.remaining == 0 and kind.reset_s]
    return max(waits, default=None)


def duration_s(text: str) -> float | None:
    """Seconds of a duration as Go writes it: `6m0s`, `1h2m3.5s`, `12ms`; None for anything else."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    total = sum(float(number) * _UNITS_S[unit] for number, unit in parts)
    return total if total <= _LONGEST_S else None


def _take(told: dict[tuple[str, ...], _Series], name: str, value: str, now_s: float) -> None:
    match = _NAME.fullmatch(name)
    if match is None:
        return
    words = match[2].split("-")[1:]
    if words[:1] == ["unified"]:
        _unified(told, words, value, now_s)
        return
    if not words:
        _structured(told, value, now_s)
        return
    field = next((word for word in words if word in _FIELDS), None)
    rest = tuple(word for word in words if word != field)
    if field is None or not _QUALIFIERS.issuperset(rest):
        return
    key = (match[1] or "", *rest)
    if key not in told:
        of_tokens = bool(match[1]) or any(_KINDS.get(word) for word in rest)
        told[key] = _Series(of_tokens)
    _set(told[key], field, value, now_s)


def _set(series: _Series, field: str, value: str, now_s: float) -> None:
    if field == "reset":
        series.reset_s = _reset_s(value.strip(), now_s)
        return
    found = _COUNT.match(value)
    count = int(found[1]) if found else None
    if field == "limit":
        series.limit = count
    else:
        series.remaining = count


def _unified(
    told: dict[tuple[str, ...], _Series], words: list[str], value: str, now_s: float
) -> None:
    """Anthropic's subscriptions say only whether, and until when, they refuse."""
    series = told.setdefault(("unified",), _Series(of_tokens=False))
    if words == ["unified", "reset"]:
        series.reset_s = _reset_s(value.strip(), now_s)
    elif words == ["unified", "status"] and value.strip().lower() == "rejected":
        series.remaining = 0


def _structured(told: dict[tuple[str, ...], _Series], value: str, now_s: float) -> None:
    """IETF's one header: `limit=10, remaining=5, reset=3`, later `"name";r=5;t=3`."""
    plain = dict(re.findall(r"\b(limit|remaining|reset)\s*=\s*(\d{1,15})", value))
    if plain:
        series = told.setdefault(("ietf",), _Series(of_tokens=False))
        for field, number in plain.items():
            _set(series, field, number, now_s)
        return
    for place, item in enumerate(value.split(",")[:8]):
        terms = dict(re.findall(r";\s*(r|t)\s*=\s*(\d{1,15})", item))
        if "r" in terms:
            series = told.setdefault(("ietf", str(place)), _Series(of_tokens="token" in item))
            _set(series, "remaining", terms["r"], now_s)
            _set(series, "reset", terms.get("t", ""), now_s)


def _reset_s(text: str, now_s: float) -> float | None:
    """Seconds until a moment or after a duration, in any of the ways that families write one."""
    if (after := duration_s(text)) is not None:
        return after
    try:
        number = float(text)
    except ValueError:
        return _moment_s(text, now_s)
    if not math.isfinite(number) or number <= 0.0:
        return None
    if number >= _EPOCH_S:
        number = number / (1000.0 if number >= _EPOCH_MS else 1.0) - now_s
    return max(0.0, number) if number <= _LONGEST_S else None


def _moment_s(text: str, now_s: float) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        at_s = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, at_s - now_s) if at_s - now_s <= _LONGEST_S else None


def _scarcest(told: Iterable[_Series]) -> Allowance | None:
    """The one with the smallest share left; of equals the largest: estimates count all tokens."""
    known = [left for series in told if (left := series.allowance()) is not None]
    return min(known, key=_share, default=None)


def _share(left: Allowance) -> tuple[float, float]:
    if left.remaining is None:
        return math.inf, 0.0
    share = left.remaining / left.limit if left.limit else float(left.remaining > 0)
    return share, -float(left.limit or 0)

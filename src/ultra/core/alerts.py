"""Rules that tell somebody: what is measured, when it has crossed, and when it may cross again.

A rule is told once per crossing. It is armed again when its value has fallen to nine tenths of the
threshold, so that one that hovers there does not tell at every run; spending is armed again by the
next day, week or month.
"""

import hashlib
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from ultra.core.cost import usd
from ultra.core.hosts import url_is_loopback
from ultra.core.model import KeyRef

Measure = Literal["spend", "budget", "errors", "breaker", "duration", "first_token"]
"""`spend` in nano-dollars, `budget` and `errors` as shares, `duration` and `first_token` in seconds
that 95% of the answers stay within; a `breaker` is open or not."""

Position = Literal["over", "between", "under"]

ARMED_AGAIN = 0.9
"""The part of its threshold at which a value that had crossed is armed again."""


WINDOW_S, MIN_CALLS = 900.0, 10
"""How far back errors and times are looked at unless a rule says, and of how many calls at least:
fewer say little of a share, and less of what 95% stay within."""


class Rule(Struct, frozen=True, omit_defaults=True):
    """One alert of a profile: a condition, and a command or a webhook that is told of it.

    `scope` is written as budgets have it; of a budget rule it names which budgets, `all` for each.
    `per` is the window of spending; `window_s` how far back errors and times are looked at, of
    `min_calls` at least. `webhook` is a URL or `env:NAME`, and may be a secret, as `key` is one
    that goes into the header. `timeout_s` is how long telling may take, None for the usual.
    """

    name: str
    measure: Measure
    over: float = 0.0
    scope: str = "all"
    per: str = "day"
    window_s: float = WINDOW_S
    min_calls: int = MIN_CALLS
    timeout_s: float | None = None
    command: tuple[str, ...] = ()
    webhook: str = ""
    key: KeyRef | None = None
    header: str = "Authorization"

    @property
    def key_of_state(self) -> str:
        """What its state is kept under: a rule whose condition changes begins anew."""
        said = (self.measure, self.over, self.scope, self.per, self.window_s, self.min_calls)
        return f"{self.name}#{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:12]}"

    @property
    def words(self) -> str:
        """Its condition as people read it."""
        where = "" if self.scope == "all" else f" of `{self.scope}`"
        match self.measure:
            case "spend":
                return f"spend{where} over {usd(round(self.over))} a {self.per}"
            case "budget":
                which = "a budget" if self.scope == "all" else f"the budget of `{self.scope}`"
                return f"{which} used to {self.over:.0%}"
            case "breaker":
                return f"a breaker{where} opens"
            case "errors":
                return f"errors{where} at {self.over:.0%} or more{self._back}"
            case "duration" | "first_token":
                what = "answers" if self.measure == "duration" else "first tokens"
                return f"95% of {what}{where} take over {self.over:g} s{self._back}"

    @property
    def _back(self) -> str:
        return f" of {self.min_calls} calls within {_span(self.window_s)}"


class Reading(Struct, frozen=True):
    """What one rule measures of one subject: a budget, a provider, or all that its scope holds.

    `words` say it for people; `window` is the window of spending that it belongs to.
    """

    subject: str
    value: float
    position: Position
    words: str
    window: str = ""


class State(Struct, frozen=True):
    """What is remembered of a rule and a subject; the row of `alerts` without its rule.

    `told_at` None is that nobody could be told yet; `claimed_until` is how long whoever tells has.
    """

    subject: str
    window: str
    crossed: bool
    words: str
    since: float
    told_at: float | None
    claimed_until: float


class Watched(Struct, frozen=True):
    """One rule as it stands: what it measures now, and what of it was told."""

    rule: Rule
    readings: list[Reading]
    states: list[State]


class Crossing(Struct, frozen=True):
    """A crossing that is to be told; `since` is when it was met, in UTC seconds since the epoch."""

    rule: Rule
    subject: str
    words: str
    since: float


def position(value: float, over: float) -> Position:
    """Where a value stands to its threshold. What reaches it has crossed it."""
    if value >= over:
        return "over"
    return "between" if value > ARMED_AGAIN * over else "under"


def wrong_webhook(url: str, *, local_only: bool) -> str | None:
    """What is wrong with a URL, which the words never repeat; None where it may be posted to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not url.isascii() or any(character.isspace() or character == "\\" for character in url):
        return "holds characters that no URL has"
    if parts.scheme not in ("http", "https") or not host:
        return "is not an `https` URL with a host"
    if parts.scheme == "http" and not url_is_loopback(url):
        return "goes over plain http, where anybody on the way can read it"
    if local_only and not url_is_loopback(url):
        return "leads to another host, and `guardrails.local_only` lets nothing leave this machine"
    return None


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"

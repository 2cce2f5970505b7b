"""What is known of the endpoints of a profile: how they fared lately, and whether they can be used.

Names that end in `_at` are UTC seconds since the epoch, those in `_s` seconds; None is not known.
"""

from typing import Literal

from msgspec import Struct

from ultra.core.breaker import Standing as BreakerWord
from ultra.core.model import Environment
from ultra.core.quota import Quota

Standing = Literal["ok", "limited", "down", "unknown", "misconfigured"]
"""Whether an endpoint can be used.

`limited` can: a rate limit holds calls back for a moment. `down` failed by the latest evidence or
has an open breaker. `misconfigured` cannot work until the user changes something: a key that is
missing or refused, an address that is none.
"""

FRESH_S = 600.0
"""How long evidence counts as such: ten minutes."""

WINDOW_S = 86_400.0
"""How far back figures look: a day."""

MOST_TRIES = 200
"""How many tries of an endpoint figures are made of at most, newest first."""


class Spread(Struct, frozen=True):
    """Seconds that half, 95 % and 99 % of the answers stayed within (nearest rank)."""

    p50: float
    p95: float
    p99: float


class LastError(Struct, frozen=True):
    """The newest failure. `message` is empty where the words of its run were not kept."""

    failed_at: float
    error_class: str
    message: str = ""
    status: int | None = None


class Traffic(Struct, frozen=True):
    """How the latest tries of an endpoint ended, of `MOST_TRIES` at most and no older than a day.

    A try is one request as it left: retries hide nothing here. `tries` counts those that say
    something of the endpoint: not what was cancelled, served by the cache or stopped by limits of
    our own, and not requests that it was right to refuse. `since_at` is the oldest of them;
    `fresh_tries` and `fresh_answered` are those of the last ten minutes. `last_ok_at` may be older
    than the window; `heard_at` is when anything at all came back last, with the key of today.
    """

    tries: int = 0
    answered: int = 0
    fresh_tries: int = 0
    fresh_answered: int = 0
    since_at: float | None = None
    ttft_s: Spread | None = None
    duration_s: Spread | None = None
    output_tokens_per_s: float | None = None
    last_ok_at: float | None = None
    heard_at: float | None = None
    last_error: LastError | None = None

    @property
    def success(self) -> float | None:
        """The share (0..1) of the tries that were answered whole; None without any."""
        return self.answered / self.tries if self.tries else None


class BreakerStanding(Struct, frozen=True):
    """A breaker as it stands; `retry_at` is when a call is let through to try it again."""

    state: BreakerWord = "closed"
    failures: int = 0
    retry_at: float | None = None
    last_class: str | None = None


class Check(Struct, frozen=True):
    """What came of asking a provider for its models, which is free.

    `models` is how many it lists; `error_class` empty when it did.
    """

    checked_at: float
    ok: bool
    duration_s: float | None = None
    models: int | None = None
    error_class: str = ""
    message: str = ""


class Credential(Struct, frozen=True):
    """The key of an endpoint. `source` None is that there is none; `problem` says why."""

    source: str | None = None
    fingerprint: str = ""
    problem: str = ""
    hint: str = ""
    breaker: BreakerStanding = BreakerStanding()


class Gate(Struct, frozen=True):
    """What holds calls back. `shut_until_at` None is an open gate; `quota` is what was left."""

    shut_until_at: float | None = None
    quota: Quota | None = None
    seen_at: float | None = None


class EndpointHealth(Struct, frozen=True):
    """One model at one provider. `names` are the profile's own; `model` empty is the provider only.

    `reason` says in a line why it stands so, `hint` what to do next; both may be empty.
    """

    provider: str
    model: str
    base_url: str
    standing: Standing
    reason: str = ""
    hint: str = ""
    names: tuple[str, ...] = ()
    simulated: bool = False
    traffic: Traffic = Traffic()
    breaker: BreakerStanding = BreakerStanding()
    gate: Gate = Gate()
    credential: Credential = Credential()
    check: Check | None = None


class HealthReport(Struct, frozen=True):
    """Every endpoint of a profile. `trouble` are things that kept something from being known."""

    checked_at: float
    profile: str
    environment: Environment
    source: str
    endpoints: tuple[EndpointHealth, ...]
    trouble: tuple[str, ...] = ()
    window_s: float = WINDOW_S
    most_tries: int = MOST_TRIES

    @property
    def counts(self) -> dict[str, int]:
        """How many endpoints stand how, in the order of the words."""
        words = ("ok", "limited", "down", "unknown", "misconfigured")
        standings = [one.standing for one in self.endpoints]
        return {word: standings.count(word) for word in words if word in standings}


Level = Literal["ok", "warning", "problem"]


class Finding(Struct, frozen=True):
    """What one check found; `hint` is the next step, empty when there is none to take."""

    area: str
    level: Level
    message: str
    hint: str = ""


class Checkup(Struct, frozen=True):
    """What `ultra doctor` found, in the order of its page."""

    checked_at: float
    version: str
    findings: tuple[Finding, ...]

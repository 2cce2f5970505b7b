"""When an endpoint or a credential is left alone, and who tries it again: rules on frozen values.

An endpoint's model is left alone after failures of its own; a credential as soon as it is refused.
Time and chance are parameters. Results of attempts that began before the last change are told by
their generation and ignored.
"""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.errors import ErrorClass
from ultra.core.ledger import AttemptResult
from ultra.core.profile import BreakerRules

BreakerKind = Literal["endpoint", "credential"]
BreakerPosition = Literal["closed", "open", "half_open", "forced_open"]

Standing = Literal["closed", "open", "due", "probing", "forced"]
"""What a breaker means for the next attempt. `due` lets one through, as the probe; `probing` waits
for that one; `forced` was opened by hand and stays so."""

Outcome = Literal["good", "bad", "answered", "nothing"]
"""What an attempt says of an endpoint or a credential. `answered` is somebody who is there but said
no: that proves a probe and counts for nothing else."""

ENDPOINT_FAULTS = frozenset(
    {
        ErrorClass.NETWORK,
        ErrorClass.TIMEOUT,
        ErrorClass.SERVER,
        ErrorClass.OVERLOADED,
        ErrorClass.BAD_RESPONSE,
    }
)
CREDENTIAL_FAULTS = frozenset({ErrorClass.AUTH, ErrorClass.QUOTA})

FIRST_OPEN_S, LONGEST_OPEN_S = 15.0, 300.0
"""How long the first opening lasts, and the longest of those that follow, each twice the last."""

LONGEST_S = 600.0
"""How long a credential is left alone, and how far ahead an end is believed: a clock may jump."""

DECAY_S = 600.0
"""Time without a failure after which an earlier opening is forgotten."""

LEAST_CALLS, WORST_SHARE = 10, 0.5
"""Of so many calls in the last minute so large a share of failures opens a breaker as well."""

BUCKET_S, BUCKETS = 10.0, 6

LEASE_SPARE_S = 5.0
"""How much longer than its attempt may take a probe is waited for."""


class Bucket(Struct, frozen=True):
    """Calls in one step of ten seconds; `t10` counts such steps since the epoch."""

    t10: int
    ok: int = 0
    bad: int = 0


class BreakerState(Struct, frozen=True):
    """One breaker. Times are UTC seconds since the epoch, None or 0 for never.

    `model` is empty for a credential, and for an endpoint that was opened by hand as a whole;
    `provider` is the profile's name for it when it last changed. `fails` counts failures in a row
    since `first_fail`, which leaves out the time spent on waiting for them. `opens` is how often it
    opened of late. `last_message` None is that its words were not to be kept.
    """

    kind: BreakerKind
    provider: str
    base_url: str
    model: str = ""
    key_fp: str = ""
    state: BreakerPosition = "closed"
    fails: int = 0
    first_fail: float | None = None
    opens: int = 0
    open_until: float = 0.0
    probe_owner: str | None = None
    probe_until: float = 0.0
    gen: int = 0
    last_class: str | None = None
    last_message: str | None = None
    last_fail: float | None = None
    updated: float = 0.0
    buckets: tuple[Bucket, ...] = ()

    @property
    def key(self) -> str:
        """What tells it from every other breaker."""
        return breaker_key(self.kind, self.base_url, self.model or self.key_fp)


class Seen(Struct, frozen=True):
    """How an attempt ended, as far as a breaker is concerned. Durations in seconds.

    `gen` is the breaker's generation when the attempt was let go.
    """

    outcome: Outcome
    at: float
    gen: int = 0
    duration_s: float = 0.0
    error_class: str = ""
    message: str | None = None
    retry_after_s: float | None = None


def breaker_key(kind: BreakerKind, base_url: str, what: str) -> str:
    """The key of a breaker; `what` is the endpoint's model or the credential's fingerprint."""
    return f"{kind}|{base_url}|{what}"


def endpoint_outcome(result: AttemptResult) -> Outcome:
    """What an attempt says of its endpoint.

    An answer that the user's own cap ended is nobody's fault. Without an answer from the other
    side, cancels, deadlines and limits of our own say nothing.
    """
    failure = result.failure
    if failure is None:
        return "good" if result.status == "ok" else _heard(result)
    if failure.error_class not in ENDPOINT_FAULTS:
        return "answered" if failure.status is not None else _heard(result)
    return "answered" if result.finish_reason == "length" else "bad"


def credential_outcome(result: AttemptResult) -> Outcome:
    """What an attempt says of the key it went with."""
    failure = result.failure
    if failure is not None and failure.error_class in CREDENTIAL_FAULTS:
        return "bad"
    return "good" if result.status == "ok" else _heard(result)


def _heard(result: AttemptResult) -> Outcome:
    return "answered" if result.ttft_s is not None else "nothing"


def standing(state: BreakerState, now: float) -> Standing:
    """What the breaker means for an attempt at this moment.

    A credential whose time is over is closed, since one more refusal opens it again.
    """
    match state.state:
        case "closed":
            return "closed"
        case "forced_open":
            return "forced"
        case "open" if _ahead(state.open_until, now):
            return "open"
        case "half_open" if _ahead(state.probe_until, now):
            return "probing"
        case _:
            return "due" if state.kind == "endpoint" else "closed"


def _ahead(until: float, now: float) -> bool:
    return now < until <= now + LONGEST_S


def take(
    state: BreakerState, now: float, *, owner: str, lease_s: float, eager: bool = False
) -> BreakerState:
    """The breaker once an attempt was let go: the one that finds it due is its probe.

    `lease_s` is how long the attempt may be under way, in seconds; `eager` are those that may probe
    before their time.
    """
    found = standing(state, now)
    if found != "due" and not (eager and found == "open"):
        return state
    until = now + min(lease_s + LEASE_SPARE_S, LONGEST_S)
    return replace(
        state,
        state="half_open",
        probe_owner=owner,
        probe_until=until,
        gen=state.gen + 1,
        updated=now,
    )


def note(state: BreakerState, seen: Seen, rules: BreakerRules, draw: float) -> BreakerState:
    """The breaker after an attempt has ended; the same when that changes nothing.

    `draw` is a random number in 0..1, which spreads those that come back.
    """
    if seen.gen < state.gen or state.state == "forced_open":
        return state
    if state.state == "half_open":
        return _probed(state, seen, draw)
    if state.state == "open" and standing(state, seen.at) != "closed":
        return state
    if seen.outcome == "good":
        return _succeeded(state, seen)
    return _failed(state, seen, rules, draw) if seen.outcome == "bad" else state


def _probed(state: BreakerState, seen: Seen, draw: float) -> BreakerState:
    """After the probe: closed, open for longer, or due again where it said nothing."""
    state = replace(state, probe_owner=None, probe_until=0.0, updated=seen.at)
    if seen.outcome == "nothing":
        return replace(state, state="open")
    if seen.outcome == "bad":
        return _opened(state, _failing(state, seen, state.fails + 1), seen, draw)
    return closed(state, seen.at)


def closed(state: BreakerState, now: float) -> BreakerState:
    """The breaker with everything let through again; how often it opened is not forgotten."""
    return replace(
        state,
        state="closed",
        fails=0,
        first_fail=None,
        open_until=0.0,
        probe_owner=None,
        probe_until=0.0,
        updated=now,
        buckets=(),
    )


def _succeeded(state: BreakerState, seen: Seen) -> BreakerState:
    """Nothing to say unless there were failures just now: a healthy call writes nothing."""
    if state.kind == "credential":
        return closed(state, seen.at) if state.state != "closed" or state.fails else state
    recent = state.last_fail is not None and 0.0 <= seen.at - state.last_fail <= BUCKET_S * BUCKETS
    if not (state.fails or recent):
        return state
    buckets = _counted(state.buckets, seen.at, ok=1)
    return replace(state, fails=0, first_fail=None, updated=seen.at, buckets=buckets)


def _failed(state: BreakerState, seen: Seen, rules: BreakerRules, draw: float) -> BreakerState:
    began = state.first_fail
    if began is not None:
        began = min(seen.at, began + seen.duration_s)
    if began is None or seen.at - began > rules.window_s:
        told = replace(_failing(state, seen, 1), first_fail=seen.at)
    else:
        told = replace(_failing(state, seen, state.fails + 1), first_fail=began)
    if state.kind == "credential":
        return _opened(state, told, seen, draw)
    told = replace(told, buckets=_counted(state.buckets, seen.at, bad=1))
    return _opened(state, told, seen, draw) if _trips(told, rules) else told


def _failing(state: BreakerState, seen: Seen, fails: int) -> BreakerState:
    return replace(
        state,
        fails=fails,
        last_class=seen.error_class,
        last_message=seen.message,
        last_fail=seen.at,
        updated=seen.at,
    )


def _trips(state: BreakerState, rules: BreakerRules) -> bool:
    """Whether so many failed in a row, or too many of the last minute's calls.

    Calls of that minute are counted from its first failure on: before it nothing was written.
    """
    if state.fails >= rules.failures:
        return True
    bad = sum(bucket.bad for bucket in state.buckets)
    calls = bad + sum(bucket.ok for bucket in state.buckets)
    return calls >= max(LEAST_CALLS, rules.failures) and bad >= WORST_SHARE * calls


def _counted(
    buckets: tuple[Bucket, ...], at: float, *, ok: int = 0, bad: int = 0
) -> tuple[Bucket, ...]:
    """The last minute's buckets with one more call; what a clock put into the future is dropped."""
    now = int(at // BUCKET_S)
    kept = {one.t10: one for one in buckets if now - BUCKETS < one.t10 <= now}
    here = kept.get(now, Bucket(now))
    kept[now] = Bucket(now, here.ok + ok, here.bad + bad)
    return tuple(kept[t10] for t10 in sorted(kept))


def _opened(before: BreakerState, told: BreakerState, seen: Seen, draw: float) -> BreakerState:
    quiet = seen.at - (before.last_fail if before.last_fail is not None else seen.at)
    opens = max(0, before.opens - max(0, int(quiet // DECAY_S))) + 1
    return replace(
        told,
        state="open",
        opens=opens,
        open_until=seen.at + _open_s(told.kind, opens, seen, draw),
        buckets=(),
    )


def _open_s(kind: BreakerKind, opens: int, seen: Seen, draw: float) -> float:
    """How long to stay open: what the server asked for is the least, ten minutes the most."""
    asked = seen.retry_after_s or 0.0
    asked = min(asked, LONGEST_S) if asked > 0.0 else 0.0
    if kind == "credential":
        return asked or LONGEST_S
    drawn = min(LONGEST_OPEN_S, FIRST_OPEN_S * 2.0 ** min(opens - 1, 10)) * (0.8 + 0.4 * draw)
    return max(drawn, asked)


def forced(state: BreakerState, now: float) -> BreakerState:
    """The breaker opened by hand: it stays so until it is reset."""
    return replace(released(state, now), state="forced_open")


def released(state: BreakerState, now: float) -> BreakerState:
    """The breaker as if nothing had happened; what is still under way is not counted."""
    return replace(closed(state, now), opens=0, last_fail=None, gen=state.gen + 1)

"""What alerts measure, and which of their crossings were told: once, whichever process meets one.

A rule is measured again inside the transaction that claims its crossing: whoever measured before
another process told it would arm it again with a value that is no longer so.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import structs

from ultra.core.alerts import Crossing, Position, Reading, Rule, State, Watched, position
from ultra.core.breaker import LONGEST_S
from ultra.core.budget import Limit
from ultra.core.cost import usd
from ultra.core.errors import StoreError
from ultra.core.totals import Filter, Span
from ultra.core.windows import begins, window_at
from ultra.store.book import current, gauges_in
from ultra.store.database import Place, open_database
from ultra.store.reading import reading
from ultra.store.totals import conditions, sums, totals, within

CLAIM_S = 60.0
"""How long a crossing is left to who claimed it, longer than telling may take: then whoever comes
next takes a process that died in the midst for what it is."""

# As `core.breaker.standing` reads them; a provider without a URL is simulated.
_RED = """
SELECT provider, kind, max(state = 'forced_open') FROM breaker
WHERE base_url != '' AND (state = 'forced_open'
  OR state = 'open' AND open_until > :now AND open_until <= :now + :longest
  OR state = 'half_open' AND probe_until > :now AND probe_until <= :now + :longest)
  AND (:provider = '' OR provider = :provider)
GROUP BY provider, kind"""

_CHARGED = "SELECT ifnull(sum(t.charged_nano), 0) FROM call_totals t WHERE {where}"

_STATES = """
SELECT subject, window_id, crossed, value, since, told_at, claimed_until FROM alerts
WHERE rule = ?"""


class AlertBook:
    """The alerts of the log at `path`. `now` tells UTC seconds since the epoch.

    `limits` are those of the profile, which count as budgets beside those of the store; `place`
    says how it is opened. Every method raises `StoreError` when the file cannot be used.
    """

    def __init__(
        self,
        path: Path,
        now: Callable[[], float],
        limits: Sequence[Limit] = (),
        *,
        place: Place | None = None,
    ) -> None:
        self._path = path
        self._place = place or Place(path)
        self._now = now
        self._limits = limits

    def watch(self, rules: Sequence[Rule]) -> list[Watched]:
        """Every rule as it stands; nothing is claimed."""
        with reading(self._path) as connection:
            # The next run renews the log of an older ultra.
            if connection is None or not current(connection):
                return [Watched(rule, [], []) for rule in rules]
            return [self._watched(connection, rule) for rule in rules]

    def claim(self, rules: Sequence[Rule]) -> list[Crossing]:
        """The crossings that this process is to tell now; nobody else is given them meanwhile.

        Where nothing has changed, nothing is written.
        """
        now = self._now()
        moving = [one.rule for one in self.watch(rules) if _moves(one, now)]
        if not moving:
            return []
        found: list[Crossing] = []
        with self._writing() as connection:
            for rule in moving:
                found += _moved(connection, self._watched(connection, rule), self._now())
        return found

    def settle(self, crossing: Crossing, *, told: bool) -> None:
        """Say whether a claimed crossing was told; one that was not is claimed by the next run."""
        place = (crossing.rule.key_of_state, crossing.subject)
        with self._writing() as connection:
            connection.execute(
                "UPDATE alerts SET told_at = ?, claimed_until = 0 WHERE rule = ? AND subject = ?",
                (self._now() if told else None, *place),
            )

    def _watched(self, connection: sqlite3.Connection, rule: Rule) -> Watched:
        readings = measured(connection, rule, self._limits, self._now())
        rows = connection.execute(_STATES, (rule.key_of_state,)).fetchall()
        return Watched(rule, readings, [State(*row) for row in rows])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(open_database(self._place, self._now()).connection) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"the log `{self._path}` cannot be written: {error}") from error


def measured(
    connection: sqlite3.Connection, rule: Rule, limits: Sequence[Limit], now: float
) -> list[Reading]:
    """What a rule measures now: one reading, or one for each budget or provider that it meets."""
    match rule.measure:
        case "spend":
            return [_spend(connection, rule, now)]
        case "budget":
            return _budgets(connection, rule, limits, now)
        case "breaker":
            return _breakers(connection, rule, now)
        case "errors":
            return [_errors(connection, rule, now)]
        case "duration" | "first_token":
            return [_slow(connection, rule, now)]


def _spend(connection: sqlite3.Connection, rule: Rule, now: float) -> Reading:
    window = window_at(rule.per, now, None)
    where = conditions(within(Span(begins(window, None))), filter=_calls(rule.scope))
    (spent,) = connection.execute(_CHARGED.format(where=where.sql), where.values).fetchone()
    words = f"{usd(spent)} was charged this {rule.per}"
    if rule.scope != "all":
        words += f" for `{rule.scope}`"
    return Reading(rule.scope, spent, position(spent, rule.over), words, window)


def _budgets(
    connection: sqlite3.Connection, rule: Rule, limits: Sequence[Limit], now: float
) -> list[Reading]:
    found = []
    for gauge in gauges_in(connection, limits, now):
        limit = gauge.limit
        if not gauge.window or rule.scope not in ("all", limit.scope):
            continue
        share = gauge.used_nano / max(1, limit.limit_nano)
        words = f"{share:.0%} of the {limit.words} is used"
        subject = f"{limit.scope} {limit.period} {gauge.source}"
        found.append(Reading(subject, share, position(share, rule.over), words, gauge.window))
    return found


def _breakers(connection: sqlite3.Connection, rule: Rule, now: float) -> list[Reading]:
    provider = rule.scope.partition(":")[2]
    told = {"now": now, "longest": LONGEST_S, "provider": provider}
    rows = connection.execute(_RED, told)
    return [
        Reading(
            f"{name} {kind}",
            1.0,
            "over",
            f"the key of `{name}` is refused"
            if kind == "credential"
            else f"the breaker of `{name}` is open{' by hand' if forced else ''}",
        )
        for name, kind, forced in rows
    ]


def _errors(connection: sqlite3.Connection, rule: Rule, now: float) -> Reading:
    groups = sums(connection, Span(now - rule.window_s), _calls(rule.scope))
    failed = sum(group.totals.failed for group in groups)
    asked = failed + sum(group.totals.answered - group.totals.cached for group in groups)
    share = failed / asked if asked else 0.0
    words = f"{failed} of {asked} calls failed"
    return Reading(rule.scope, share, _of_enough(rule, share, asked), words)


def _slow(connection: sqlite3.Connection, rule: Rule, now: float) -> Reading:
    groups = totals(connection, Span(now - rule.window_s), _calls(rule.scope))
    both = [(group.totals.duration_s, group.totals.ttft_s) for group in groups]
    spread = next((one[rule.measure == "first_token"] for one in both), None)
    seconds, calls = (spread.p95, spread.calls) if spread else (0.0, 0)
    what = "answers" if rule.measure == "duration" else "first tokens"
    words = f"95% of {calls} {what} came within {seconds:.1f} s"
    return Reading(rule.scope, seconds, _of_enough(rule, seconds, calls), words)


def _of_enough(rule: Rule, value: float, calls: int) -> Position:
    """Where a figure of some calls stands: too few of them neither cross nor arm again."""
    return "between" if 0 < calls < rule.min_calls else position(value, rule.over)


def _calls(scope: str) -> Filter:
    """The calls of a scope, none of them simulated."""
    kind, _, name = scope.partition(":")
    match kind:
        case "provider":
            return Filter(provider=(name,), simulated=False)
        case "profile":
            return Filter(profile=(name,), simulated=False)
        case "cost_center":
            return Filter(cost_center=(name,), simulated=False)
        case "tag":
            tag, _, value = name.partition("=")
            return Filter(tags={tag: value}, simulated=False)
        case _:
            return Filter(simulated=False)


def _moves(watched: Watched, now: float) -> bool:
    """Whether there is anything to write: a crossing to claim, or one that is over."""
    return bool(_steps(watched, now))


def _moved(connection: sqlite3.Connection, watched: Watched, now: float) -> list[Crossing]:
    """Write what has changed of a rule; the crossings that were claimed."""
    steps, rule = _steps(watched, now), watched.rule
    for state in steps:
        connection.execute(
            "INSERT OR REPLACE INTO alerts (rule, subject, window_id, crossed, value, since,"
            " told_at, claimed_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                rule.key_of_state,
                state.subject,
                state.window,
                int(state.crossed),
                state.words,
                state.since,
                state.told_at,
                state.claimed_until,
            ),
        )
    return [
        Crossing(rule, state.subject, state.words, state.since) for state in steps if state.crossed
    ]


def _steps(watched: Watched, now: float) -> list[State]:
    """The states that follow where one changes: claimed crossings, and those that are over.

    A crossing that nobody could be told of yet is told first, even if it is over by now.
    """
    readings = {one.subject: one for one in watched.readings}
    known = {one.subject: one for one in watched.states}
    found = []
    for subject in (*readings, *(name for name in known if name not in readings)):
        reading_, state = readings.get(subject), known.get(subject)
        pending = state is not None and state.crossed and state.told_at is None
        if state is not None and pending:
            if state.claimed_until <= now:
                found.append(structs.replace(state, claimed_until=now + CLAIM_S))
        elif reading_ is not None and reading_.position == "over":
            if state is None or not state.crossed or state.window != reading_.window:
                found.append(
                    State(
                        subject,
                        reading_.window,
                        True,
                        reading_.words,
                        now,
                        None,
                        now + CLAIM_S,
                    )
                )
        elif state is not None and state.crossed and _armed(reading_, state):
            found.append(structs.replace(state, crossed=False))
    return found


def _armed(found: Reading | None, state: State) -> bool:
    """Whether a crossing that was told is over."""
    return found is None or found.position == "under" or found.window != state.window

"""How endpoints fared in the log, and what came of asking providers for their models."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from statistics import median

from msgspec import Struct

from ultra.core.errors import ErrorClass, StoreError
from ultra.core.health import FRESH_S, MOST_TRIES, WINDOW_S, Check, LastError, Spread, Traffic
from ultra.store.database import Place, open_database
from ultra.store.experience import OWN
from ultra.store.rows import without_credentials

REFUSED_RIGHTLY = frozenset(
    {
        ErrorClass.INVALID_REQUEST,
        ErrorClass.CONTEXT_LENGTH,
        ErrorClass.CONTENT_FILTER,
        ErrorClass.TOO_LARGE,
    }
)
"""Failures of the request: the endpoint was there, took the key, and said no."""

_OURS = ", ".join(f"'{one.value}'" for one in sorted(OWN))

MOST_SHOWN = 60
"""Answers that a curve is drawn of at most, the newest of a day."""

_TRIES = f"""
SELECT a.status, a.error_class, a.error_message, a.error_status, a.started_at, a.ended_at,
  a.ttft_s, a.duration_s, a.finish_reason,
  a.text_output_tokens, a.reasoning_tokens, a.audio_output_tokens, a.key_fp
FROM calls c JOIN attempts a ON a.call_id = c.call_id
WHERE c.provider = ? AND c.model = ? AND c.base_url = ? AND c.started_at >= ?
  AND a.kind != 'cache' AND (a.status = 'ok'
    OR (a.status IN ('error', 'partial') AND a.error_class NOT IN ({_OURS})))
ORDER BY c.started_at DESC, a.number DESC LIMIT {MOST_TRIES}
"""  # noqa: S608  (words and a number of our own)
"""What ended by the user's doing or by ultra's says nothing of an endpoint."""

_LAST_OK = """
SELECT a.ended_at FROM calls c JOIN attempts a ON a.call_id = c.call_id
WHERE c.provider = ? AND c.model = ? AND c.base_url = ?
  AND a.kind != 'cache' AND a.status = 'ok'
ORDER BY c.started_at DESC LIMIT 1
"""

_LATELY = f"""
SELECT a.ttft_s, a.duration_s FROM calls c JOIN attempts a ON a.call_id = c.call_id
WHERE c.provider = ? AND c.model = ? AND c.base_url = ? AND c.started_at >= ?
  AND a.kind != 'cache' AND a.status = 'ok'
ORDER BY c.started_at DESC, a.number DESC LIMIT {MOST_SHOWN}
"""  # noqa: S608  (a number of our own)

_MODELS = """
WITH RECURSIVE asked(model) AS (
  SELECT min(model) FROM calls WHERE provider = :provider
  UNION ALL
  SELECT (SELECT min(c.model) FROM calls c WHERE c.provider = :provider AND c.model > asked.model)
  FROM asked WHERE asked.model IS NOT NULL
)
SELECT model FROM asked WHERE model IS NOT NULL AND EXISTS (
  SELECT 1 FROM calls c WHERE c.provider = :provider AND c.model = asked.model
    AND c.started_at >= :since AND c.base_url = :base_url)
"""
"""From one model to the next through the index: a million calls cost as much as a few."""

_CHECK = """
SELECT checked_at, ok, duration_s, models, error_class, message FROM health_check
WHERE provider = ? AND base_url = ? AND key_fp = ?
"""

_REMEMBER = """
INSERT INTO health_check
  (provider, base_url, key_fp, checked_at, ok, duration_s, models, error_class, message)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (provider, base_url, key_fp) DO UPDATE SET checked_at = excluded.checked_at,
  ok = excluded.ok, duration_s = excluded.duration_s, models = excluded.models,
  error_class = excluded.error_class, message = excluded.message
"""


class Where(Struct, frozen=True):
    """An endpoint as the log knows it; `base_url` holds no login."""

    provider: str
    base_url: str

    @classmethod
    def of(cls, provider: str, base_url: str) -> "Where":
        """The endpoint with the login of its URL taken out."""
        return cls(provider, without_credentials(base_url))


class _Try(Struct, frozen=True):
    status: str
    error_class: str | None
    message: str | None
    http_status: int | None
    started_at: float
    ended_at: float | None
    ttft_s: float | None
    duration_s: float | None
    finish_reason: str | None
    text_tokens: int | None
    reasoning_tokens: int | None
    audio_tokens: int | None
    key_fp: str | None

    @property
    def speed(self) -> float | None:
        """Output tokens per second from the first one on; None when either is not known."""
        counts = (self.text_tokens, self.reasoning_tokens, self.audio_tokens)
        tokens = sum(count for count in counts if count is not None)
        writing_s = (self.duration_s or 0.0) - (self.ttft_s or 0.0)
        return tokens / writing_s if tokens and writing_s > 0.0 else None

    @property
    def when(self) -> float:
        """When it ended; when it began for one whose end nobody saw."""
        return self.started_at if self.ended_at is None else self.ended_at


def traffic(
    connection: sqlite3.Connection, where: Where, model: str, now: float, key_fp: str = ""
) -> Traffic:
    """How the latest tries of a model ended. `now` is UTC seconds since the epoch.

    With the fingerprint of a key, only what was heard with that key was heard at all.
    """
    place = (where.provider, model, where.base_url)
    found = [_Try(*row) for row in connection.execute(_TRIES, (*place, now - WINDOW_S))]
    telling = [one for one in found if not _rightly(one)]
    answered = [one for one in telling if one.status == "ok"]
    failed = [one for one in telling if one.status != "ok"]
    fresh = [one for one in telling if now - one.when <= FRESH_S]
    last_ok = connection.execute(_LAST_OK, place).fetchone()
    heard = [
        one.when
        for one in found
        if (one.status == "ok" or _rightly(one)) and one.key_fp in (key_fp or one.key_fp, None)
    ]
    speeds = [one.speed for one in answered if one.speed is not None]
    return Traffic(
        tries=len(telling),
        answered=len(answered),
        fresh_tries=len(fresh),
        fresh_answered=sum(one.status == "ok" for one in fresh),
        since_at=min((one.started_at for one in telling), default=None),
        ttft_s=_spread(one.ttft_s for one in answered),
        duration_s=_spread(one.duration_s for one in answered),
        output_tokens_per_s=median(speeds) if speeds else None,
        last_ok_at=last_ok[0] if last_ok else None,
        heard_at=max(heard, default=None),
        last_error=_last_error(failed),
    )


def lately(
    connection: sqlite3.Connection, where: Where, model: str, now: float
) -> tuple[list[float], list[float]]:
    """Seconds to the first token, and in all, of the last answers of a model, in their order."""
    place = (where.provider, model, where.base_url, now - WINDOW_S)
    found = connection.execute(_LATELY, place).fetchall()[::-1]
    first, whole = ([row[place] for row in found if row[place] is not None] for place in (0, 1))
    return first, whole


def models_asked(connection: sqlite3.Connection, where: Where, since: float) -> list[str]:
    """The models that were asked of an endpoint since then, by name."""
    values = {"provider": where.provider, "base_url": where.base_url, "since": since}
    return [model for (model,) in connection.execute(_MODELS, values)]


def check_of(connection: sqlite3.Connection, where: Where, key_fp: str) -> Check | None:
    """What came of asking it for its models last; None when nobody has."""
    row = connection.execute(_CHECK, (where.provider, where.base_url, key_fp)).fetchone()
    if row is None:
        return None
    checked_at, ok, duration_s, models, error_class, message = row
    return Check(checked_at, bool(ok), duration_s, models, error_class or "", message or "")


def remember(place: Place, checks: Sequence[tuple[Where, str, Check]], now: float) -> None:
    """Keep what came of asking, by endpoint and key's fingerprint, in one transaction.

    Raises `StoreError` when the log cannot be written.
    """
    rows = [
        (
            where.provider,
            where.base_url,
            key_fp,
            check.checked_at,
            int(check.ok),
            check.duration_s,
            check.models,
            check.error_class or None,
            check.message or None,
        )
        for where, key_fp, check in checks
    ]
    try:
        with closing(open_database(place, now).connection) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_REMEMBER, rows)
            connection.execute("COMMIT")
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the log `{place.path}` cannot be written: {error}") from error


def _rightly(one: _Try) -> bool:
    """Whether it failed by the request: a cap that leaves no room for words is the user's too."""
    by_request = one.error_class in REFUSED_RIGHTLY or one.finish_reason == "length"
    return one.status != "ok" and by_request


def _last_error(failed: Sequence[_Try]) -> LastError | None:
    if not failed:
        return None
    last = max(failed, key=lambda one: one.when)
    return LastError(last.when, last.error_class or "", last.message or "", last.http_status)


def _spread(seconds: Iterable[float | None]) -> Spread | None:
    """The ranks of what is known; None when nothing is."""
    known = sorted(value for value in seconds if value is not None)
    if not known:
        return None
    p50, p95, p99 = (known[max(0, -(-len(known) * part // 100) - 1)] for part in (50, 95, 99))
    return Spread(p50, p95, p99)

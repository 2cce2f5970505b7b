"""What calls came to, told apart by whatever one likes, from the narrow rows of those that ended.

Rows are found by time, which they are clustered by: a window of the calendar is one range of them,
however long a day of that zone is.
"""

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, fsum, inf
from typing import Any

from msgspec import Struct, structs

from ultra.core.errors import StoreError
from ultra.core.totals import (
    PERIODS,
    TRAITS,
    Dimension,
    Filter,
    Group,
    Latency,
    Span,
    Tag,
    Totals,
)
from ultra.core.usage import Usage
from ultra.core.windows import windows, zone_named

TOLD_SINCE = 8
"""The version of the file from which it has these rows."""

KINDS = Usage.__struct_fields__

_OUTPUT = "ifnull(t.text_output_tokens, 0) + ifnull(t.reasoning_tokens, 0)"
_OUTPUT += " + ifnull(t.audio_output_tokens, 0)"

# What was called off after some text had come has no error of its own.
_CANCELLED = "(t.status = 'cancelled' OR t.status = 'partial' AND t.error_class IS NULL)"

_MEASURED = "t.status = 'ok' AND NOT t.cached"
_PACED = f"{_MEASURED} AND t.duration_s > t.ttft_s AND {_OUTPUT} > 1"

_SUMS = f"""count(*), sum(t.status = 'ok'), sum(t.cached), sum({_CANCELLED}),
  sum(t.attempts), {", ".join(f"sum(t.{kind})" for kind in KINDS)}, sum(t.known_nano),
  sum(t.unpriced > 0), sum(t.charged_nano), ifnull(sum(t.saved_nano), 0),
  sum(t.cached AND t.saved_nano IS NULL),
  sum({_OUTPUT} - 1) FILTER (WHERE {_PACED})
    / sum(t.duration_s - t.ttft_s) FILTER (WHERE {_PACED})"""
"""The pace is that of `Answer.output_tokens_per_s`, of all answers together."""

_MODEL = "? IN (t.name, t.model, t.provider || ':' || t.model, t.provider)"
_TAG = """EXISTS (SELECT 1 FROM run_tags g
  WHERE g.run_id = t.run_id AND g.name = ? AND g.value = ?)"""

_EXTENT = """SELECT (SELECT min(started_at) FROM call_totals WHERE started_at >= ?),
  (SELECT max(started_at) FROM call_totals WHERE started_at < ?)"""

_NO_FILTER = Filter()

Key = tuple[Any, ...]
"""Values of the dimensions, a window by its place, and last whether it was simulated."""


class Condition(Struct, frozen=True):
    """SQL over the row `t` of `call_totals`, and what is bound to it."""

    sql: str
    values: list[Any]


def totals(
    connection: sqlite3.Connection,
    span: Span,
    filter: Filter = _NO_FILTER,  # noqa: A002 - the word for it everywhere
    by: Sequence[Dimension] = (),
) -> list[Group]:
    """What the calls that began in a span and pass the filter came to, times included.

    In the order of time where a window is among what they are told apart by, else those of which
    there are most first; what was simulated comes last. Raises `StoreError` for the log of an
    older ultra, which the next run renews.
    """
    query = _query(connection, span, filter, by)
    measured = _latencies(connection, query)
    none: tuple[None, None] = (None, None)
    return [
        structs.replace(
            group,
            totals=structs.replace(
                group.totals,
                ttft_s=measured.get(key, none)[0],
                duration_s=measured.get(key, none)[1],
            ),
        )
        for key, group in _sums(connection, query)
    ]


def sums(
    connection: sqlite3.Connection,
    span: Span,
    filter: Filter = _NO_FILTER,  # noqa: A002
    by: Sequence[Dimension] = (),
) -> list[Group]:
    """The same without times, which takes a quarter of it."""
    return [group for _, group in _sums(connection, _query(connection, span, filter, by))]


def extent(connection: sqlite3.Connection, span: Span) -> tuple[float, float] | None:
    """When the first and the last call of a span began; None without any."""
    last = inf if span.end is None else span.end
    found = connection.execute(_EXTENT, (span.begin, last)).fetchone()
    return found if None not in found and found[0] <= found[1] else None


def within(span: Span) -> Condition:
    """What a row must be to lie in a span."""
    if span.end is None:
        return Condition("t.started_at >= ?", [span.begin])
    return Condition("t.started_at >= ? AND t.started_at < ?", [span.begin, span.end])


def conditions(*more: Condition, filter: Filter) -> Condition:  # noqa: A002
    """What a row must be to pass a filter, and more."""
    said = list(more)
    if filter.model:
        said.append(Condition(" OR ".join([_MODEL] * len(filter.model)), list(filter.model)))
    for trait in TRAITS:
        values = getattr(filter, trait)
        if values and trait != "model":
            slots = ", ".join("?" * len(values))
            said.append(Condition(f"t.{trait} IN ({slots})", list(values)))
    said += [Condition(_TAG, [name, value]) for name, value in filter.tags.items()]
    if filter.simulated is not None:
        said.append(Condition("t.simulated = ?", [int(filter.simulated)]))
    whole = " AND ".join(f"({one.sql})" for one in said)
    return Condition(whole or "TRUE", [value for one in said for value in one.values])


def check_told(connection: sqlite3.Connection) -> None:
    """Raise `StoreError` for the log of an older ultra, which the next run renews."""
    if connection.execute("PRAGMA user_version").fetchone()[0] < TOLD_SINCE:
        raise StoreError(
            "the log is of an older ultra, which kept no totals of calls",
            hint="the next run adds them: `ultra ask` anything",
        )


class _Query(Struct, frozen=True):
    """What is asked: `windows` are the names of windows by their places."""

    by: tuple[Dimension, ...]
    keys: str
    source: Condition
    where: Condition
    windows: tuple[str, ...]

    def rows(
        self, connection: sqlite3.Connection, columns: str, more: str = "", grouped: str = ""
    ) -> Iterator[tuple[Any, ...]]:
        """Keys and columns of the rows, or of their groups."""
        source, where = self.source.sql, self.where.sql
        sql = f"SELECT {self.keys}, {columns} FROM {source} WHERE {where}"  # noqa: S608  (our words)
        values = [*self.source.values, *self.where.values]
        return connection.execute(f"{sql}{more}{grouped}", values)

    @property
    def width(self) -> int:
        return len(self.by) + 1

    def grouped(self, more: int = 0) -> str:
        return " GROUP BY " + ", ".join(str(n + 1) for n in range(self.width + more))

    def key(self, key: Key) -> tuple[str, ...]:
        """The key with windows by their names."""
        named = zip(self.by, key, strict=False)
        return tuple(self.windows[said] if one in PERIODS else said for one, said in named)


def _query(
    connection: sqlite3.Connection,
    span: Span,
    filter: Filter,  # noqa: A002
    by: Sequence[Dimension],
) -> _Query:
    check_told(connection)
    names: list[str] = []
    columns: list[str] = []
    source = Condition("call_totals t", [])
    joins = Condition("", [])
    for place, one in enumerate(by):
        if isinstance(one, Tag):
            columns.append(f"ifnull(g{place}.value, '')")
            joins = Condition(
                f"{joins.sql} LEFT JOIN run_tags g{place} ON g{place}.run_id = t.run_id"
                f" AND g{place}.name = ?",
                [*joins.values, one.name],
            )
        elif one in PERIODS:
            columns.append("w.key")
            names, ranges = _windows(connection, one, span)
            source = Condition(
                "json_each(?) w CROSS JOIN call_totals t"
                " ON t.started_at >= json_extract(w.value, '$[0]')"
                " AND t.started_at < json_extract(w.value, '$[1]')",
                [json.dumps(ranges)],
            )
        else:
            columns.append("t.provider || ':' || t.model" if one == "model" else f"t.{one}")
    keys = ", ".join((*columns, "t.simulated"))
    source = Condition(source.sql + joins.sql, [*source.values, *joins.values])
    # Windows are cut to the span already, and its bounds would be taken for those of the range.
    timely = any(one in PERIODS for one in by)
    where = conditions(*([] if timely else [within(span)]), filter=filter)
    return _Query(tuple(by), keys, source, where, tuple(names))


def _windows(
    connection: sqlite3.Connection, period: str, span: Span
) -> tuple[list[str], list[tuple[float, float]]]:
    """The names and ranges of the windows that have calls between them, cut to the span."""
    between = extent(connection, span)
    if between is None:
        return [], []
    last = inf if span.end is None else span.end
    found = list(windows(period, between[0], between[1] + 1e-3, zone_named(span.zone)))
    ranges = [(max(begin, span.begin), min(end, last)) for _, begin, end in found]
    return [name for name, _, _ in found], ranges


def _sums(connection: sqlite3.Connection, query: _Query) -> list[tuple[Key, Group]]:
    errors: dict[Key, dict[str, int]] = {}
    classes = "ifnull(t.error_class, 'unknown'), count(*)"
    failed = f" AND t.status != 'ok' AND NOT {_CANCELLED}"
    for *several, name, count in query.rows(connection, classes, failed, query.grouped(1)):
        errors.setdefault(tuple(several), {})[name] = count
    found: list[tuple[Key, Group]] = []
    for row in query.rows(connection, _SUMS, grouped=query.grouped()):
        key = tuple(row[: query.width])
        told = _totals(row[query.width :], errors.get(key, {}))
        found.append((key, Group(query.key(key), bool(key[-1]), told)))
    timely = bool(query.windows)
    return sorted(
        found, key=lambda one: (one[0][-1], () if timely else -one[1].totals.calls, one[0])
    )


def _totals(row: Sequence[Any], errors: dict[str, int]) -> Totals:
    calls, answered, cached, cancelled, attempts, *rest = row
    tokens, (known, unpriced, charged, saved, unsaved, pace) = (
        rest[: len(KINDS)],
        rest[len(KINDS) :],
    )
    by_count = dict(sorted(errors.items(), key=lambda one: (-one[1], one[0])))
    return Totals(
        calls=calls,
        answered=answered,
        cached=cached,
        cancelled=cancelled,
        attempts=attempts,
        errors=by_count,
        usage=Usage(*tokens),
        known_nano=known,
        unpriced=unpriced,
        charged_nano=charged,
        saved_nano=saved,
        unsaved=unsaved,
        tokens_per_s=pace,
    )


def _latencies(
    connection: sqlite3.Connection, query: _Query
) -> dict[Key, tuple[Latency | None, Latency | None]]:
    """Times to the first token and of whole answers by key.

    All of them are fetched, at 8 bytes each, and sorted here: of a million calls that takes a fifth
    of the time that SQLite's `row_number() OVER` does, which sorts rows for each of the two.
    """
    found: dict[Key, tuple[array[float], array[float]]] = {}
    rows = query.rows(connection, "t.ttft_s, t.duration_s", f" AND {_MEASURED}")
    for *several, ttft_s, duration_s in rows:
        key = tuple(several)
        own = found.get(key)
        if own is None:
            own = found[key] = (array("d"), array("d"))
        if ttft_s is not None:
            own[0].append(ttft_s)
        if duration_s is not None:
            own[1].append(duration_s)
    return {key: (_latency(first), _latency(whole)) for key, (first, whole) in found.items()}


def _latency(seconds: Iterable[float]) -> Latency | None:
    ranked = sorted(seconds)
    if not ranked:
        return None
    several = len(ranked)
    p50, p95, p99 = (ranked[ceil(share * several / 100) - 1] for share in (50, 95, 99))
    return Latency(several, fsum(ranked) / several, ranked[0], ranked[-1], p50, p95, p99)

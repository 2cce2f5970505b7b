"""Budgets on a screen: what bounds, what is gone, what is left, and until when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ultra.core.gauges import Gauge, Uncertain
from ultra.output.figures import calls, count, usd
from ultra.output.moments import iso
from ultra.output.streams import Streams
from ultra.output.tables import Column, table

_COLUMNS = (
    Column("scope", shrink=True),
    Column("per"),
    Column("limit", right=True),
    Column("mode"),
    Column("spent", right=True),
    Column("reserved", right=True, spare=1),
    Column("uncertain", right=True, spare=2),
    Column("left", right=True),
    Column("used", right=True),
    Column("until"),
)
_UNCERTAIN = (
    Column("attempt"),
    Column("model", shrink=True),
    Column("began"),
    Column("charged", right=True),
    Column("came", right=True, spare=2),
    Column("counts in", shrink=True, spare=1),
)


def render_gauges(gauges: Sequence[Gauge], *, streams: Streams) -> str:
    """A line for each limit, and what is uncertain or unpriced in words below."""
    text = table(_COLUMNS, [_row(gauge) for gauge in gauges], streams=streams)
    return text + "".join(f"{line}\n" for line in _remarks(gauges))


def gauges_document(gauges: Sequence[Gauge]) -> list[dict[str, Any]]:
    """The limits as plain data: nano-dollars, and times in ISO 8601, null for a budget per run."""
    return [
        {
            "scope": gauge.limit.scope,
            "period": gauge.limit.period,
            "mode": gauge.limit.mode,
            "source": gauge.source,
            "timezone": gauge.limit.timezone or None,
            "limit_nano": gauge.limit.limit_nano,
            "spent_nano": gauge.spent_nano,
            "reserved_nano": gauge.reserved_nano,
            "uncertain_nano": gauge.uncertain_nano,
            "left_nano": gauge.left_nano,
            "overdraft_nano": gauge.overdraft_nano,
            "unpriced": gauge.unpriced,
            "window": gauge.window or None,
            "begins_at": None if gauge.begins_at is None else iso(gauge.begins_at),
            "ends_at": None if gauge.ends_at is None else iso(gauge.ends_at),
        }
        for gauge in gauges
    ]


def render_uncertain(items: Sequence[Uncertain], *, streams: Streams) -> str:
    """The attempts whose cost nobody knows."""
    rows = [
        [
            item.attempt_id,
            f"{item.provider}:{item.model}" if item.model else "no longer in the log",
            _moment(item.started_at),
            usd(item.charged_nano),
            f"{count(item.characters)} characters",
            item.budgets or "-",
        ]
        for item in items
    ]
    return table(_UNCERTAIN, rows, streams=streams)


def uncertain_document(items: Sequence[Uncertain]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [
        {
            "attempt_id": item.attempt_id,
            "run_id": item.run_id,
            "provider": item.provider,
            "model": item.model,
            "started_at": None if item.started_at is None else iso(item.started_at),
            "status": item.status,
            "charged_nano": item.charged_nano,
            "characters": item.characters,
            "budgets": item.budgets.split(", ") if item.budgets else [],
        }
        for item in items
    ]


def _row(gauge: Gauge) -> list[str]:
    limit = gauge.limit
    scope = limit.scope if gauge.source == "store" else f"{limit.scope} (in the profile)"
    if not gauge.window:
        return [scope, limit.period, usd(limit.limit_nano), limit.mode, *["-"] * 6]
    return [
        scope,
        limit.period,
        usd(limit.limit_nano),
        limit.mode,
        usd(gauge.spent_nano),
        usd(gauge.reserved_nano),
        usd(gauge.uncertain_nano),
        usd(gauge.left_nano) if gauge.left_nano >= 0 else f"-{usd(-gauge.left_nano)}",
        _share(gauge),
        _moment(gauge.ends_at, limit.timezone),
    ]


def _share(gauge: Gauge) -> str:
    if gauge.limit.limit_nano == 0:
        return "-"
    return f"{gauge.used_nano * 100 // gauge.limit.limit_nano}%"


def _remarks(gauges: Sequence[Gauge]) -> list[str]:
    lines = [
        f"`{gauge.limit.scope}` per {gauge.limit.period}: {calls(gauge.unpriced)} of unknown"
        " price in none of this"
        for gauge in gauges
        if gauge.unpriced
    ]
    lines += [
        f"`{gauge.limit.scope}` per {gauge.limit.period}: providers charged"
        f" {usd(gauge.overdraft_nano)} more than was set aside"
        for gauge in gauges
        if gauge.overdraft_nano
    ]
    if any(gauge.uncertain_nano for gauge in gauges):
        lines.append("what is uncertain was under way when a process died: see `reconcile`")
    return lines


def _moment(seconds: float | None, timezone: str = "") -> str:
    """A moment to the minute, in a named zone, else in the machine's own."""
    if seconds is None:
        return "-"
    if not timezone:
        return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
    from ultra.core.windows import zone_named  # noqa: PLC0415 - only a named zone needs it

    return f"{datetime.fromtimestamp(seconds, zone_named(timezone)):%Y-%m-%d %H:%M} {timezone}"

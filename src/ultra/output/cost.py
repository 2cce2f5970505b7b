"""`ultra cost` on a screen and as documents: spent, how fast, where that leads, and the budgets."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ultra.core.costs import (
    BudgetPace,
    CostReport,
    CostWindow,
    Part,
    Spent,
    added,
)
from ultra.core.forecast import Pace
from ultra.core.windows import windows, zone_named
from ultra.output.budgets import gauges_document
from ultra.output.charts import Bar, lying, standing
from ultra.output.documents import csv_cell
from ultra.output.figures import count, share, usd
from ultra.output.moments import iso
from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.tables import Column, prose, table

_FIGURES = (
    Column("calls", right=True, spare=2),
    Column("in", right=True, spare=3),
    Column("out", right=True, spare=3),
    Column("spent", right=True),
    Column("uncertain", right=True, spare=4),
    Column("saved", right=True, spare=4),
)
_AHEAD = (Column("rate", right=True, spare=1), Column("forecast", right=True))
_BUDGETS = (
    Column("budget", shrink=True),
    Column("per"),
    Column("limit", right=True),
    Column("left", right=True),
    Column("used", right=True),
    Column("at this rate"),
)
_PLOT_ROWS = 12

_NOW = {"day": "today", "week": "this week", "month": "this month"}


def render_cost(report: CostReport, *, streams: Streams) -> str:
    """A line for each window or part of one, the budgets, and what the figures leave out."""
    heads, rows = _table(report)
    text = table(heads, rows, streams=streams)
    bounded = [one for one in report.budgets if one.pace is not None]
    if bounded:
        rows = [_budget(one, report.zone) for one in bounded]
        text += "\n" + table(_BUDGETS, rows, streams=streams)
    return text + prose(["", *_remarks(report)], streams=streams)


def plot_cost(report: CostReport, *, streams: Streams) -> str:
    """What is known to be spent as bars: along time, or beside the parts of all windows."""
    if report.by:
        whole = added(part for window in report.windows for part in window.parts)
        bars = [Bar(" ".join(part.key).strip() or "-", part.spent.known_nano) for part in whole]
        lines = lying(bars, streams.width - 1, _amount)
    else:
        lines = standing(_along(report), (streams.width - 1, _PLOT_ROWS), _amount)
    return "".join(f"{line}\n" for line in lines)


def _along(report: CostReport) -> list[Bar]:
    """Every window from the first to the last, those without a call too."""
    if not report.windows:
        return []
    first, last, zone = report.windows[0], report.windows[-1], zone_named(report.zone)
    spent = {window.window: window.spent.known_nano for window in report.windows}
    every = windows(first.period, first.begins_at, last.ends_at, zone)
    return [Bar(name, spent.get(name, 0)) for name, _, _ in every]


def _amount(nano: float) -> str:
    return usd(round(nano))


def cost_markdown(report: CostReport) -> str:
    """The same table as Markdown, the remarks below it."""
    heads, rows = _table(report)
    lines = [
        _row([head.name for head in heads]),
        _row(["---:" if head.right else "---" for head in heads]),
        *(_row([cell(text).replace("|", "\\|") for text in row]) for row in rows),
        "",
        *(f"- {line}" for line in _remarks(report)),
    ]
    return "".join(f"{line}\n" for line in lines)


def cost_csv(report: CostReport) -> str:
    """A row for each window and part, in dollars; empty for what is not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            *("period", "window", *report.by, "calls", "input_tokens", "output_tokens"),
            *("known_usd", "charged_usd", "unpriced", "saved_usd", "forecast_usd"),
        ]
    )
    for window in report.windows:
        whole = [Part(("",) * len(report.by), window.spent)]
        for part in (window.parts if report.by else whole) or whole:
            one = part.spent
            ahead = window.pace if not report.by else None
            writer.writerow(
                [
                    *(window.period, window.window, *map(csv_cell, part.key), one.calls),
                    *(one.usage.input_tokens, one.usage.output_tokens),
                    *(_dollars(one.known_nano), _dollars(one.charged_nano), one.unpriced),
                    *(_dollars(one.saved_nano), _dollars(ahead.forecast_nano) if ahead else ""),
                ]
            )
    return text.getvalue()


def cost_document(report: CostReport) -> dict[str, Any]:
    """The report as plain data: nano-dollars, times in ISO 8601, null for what is not known."""
    return {
        "type": "cost",
        "made_at": iso(report.made_at),
        "timezone": report.zone or None,
        "since": iso(report.since),
        "until": None if report.until is None else iso(report.until),
        "by": list(report.by),
        "windows": [_window(window) for window in report.windows],
        "budgets": [
            {**told, **_ahead(one.pace, one)}
            for told, one in zip(
                gauges_document([one.gauge for one in report.budgets]), report.budgets, strict=True
            )
        ],
        "unpriced": [{"model": model, "calls": calls} for model, calls in report.unpriced],
        "prices_of": report.priced_on,
    }


def _table(report: CostReport) -> tuple[list[Column], list[list[str]]]:
    ahead = any(window.pace for window in report.windows) and not report.by
    heads = [
        Column("window"),
        *(Column(name, shrink=True) for name in report.by),
        *_FIGURES,
        *(_AHEAD if ahead else ()),
    ]
    rows = []
    for window in report.windows:
        name = _name(window, report)
        if not report.by:
            rows.append([name, *_figures(window.spent), *(_leads(window) if ahead else ())])
            continue
        rows += [
            [name, *(text or "-" for text in part.key), *_figures(part.spent)]
            for part in window.parts or (Part(("",) * len(report.by), window.spent),)
        ]
    return heads, rows


def _name(window: CostWindow, report: CostReport) -> str:
    said = window.window[:7] if window.period == "month" else window.window
    if window.pace is not None:
        return f"{_NOW[window.period]} ({said})"
    return f"week of {said}" if window.period == "week" else said


def _figures(spent: Spent) -> list[str]:
    uncertain = spent.uncertain_nano
    return [
        count(spent.calls),
        count(spent.usage.input_tokens),
        count(spent.usage.output_tokens),
        _at_least(spent.known_nano, spent),
        usd(uncertain) if uncertain else "-",
        usd(spent.saved_nano) if spent.cached else "-",
    ]


def _leads(window: CostWindow) -> tuple[str, str]:
    if window.pace is None:
        return "-", "-"
    return _rate(window.pace, window.period), _at_least(window.pace.forecast_nano, window.spent)


def _at_least(nano: int, spent: Spent) -> str:
    return f"at least {usd(nano)}" if spent.unpriced else usd(nano)


def _rate(pace: Pace, period: str) -> str:
    unit, seconds = ("h", 3_600) if period == "day" else ("d", 86_400)
    return f"{usd(round(pace.nano_per_s * seconds))}/{unit}"


def _budget(one: BudgetPace, zone: str) -> list[str]:
    gauge = one.gauge
    limit, left = gauge.limit, gauge.left_nano
    return [
        limit.scope if gauge.source == "store" else f"{limit.scope} (in the profile)",
        limit.period,
        usd(limit.limit_nano),
        usd(left) if left >= 0 else f"-{usd(-left)}",
        share(gauge.used_nano / limit.limit_nano) if limit.limit_nano else "-",
        _end(one, zone),
    ]


def _end(one: BudgetPace, zone: str) -> str:
    if one.gauge.left_nano <= 0:
        return "used up"
    if one.exhausted_at is not None:
        moment = datetime.fromtimestamp(one.exhausted_at, UTC).astimezone(zone_named(zone))
        return f"used up {moment:%Y-%m-%d %H:%M}"
    return f"{usd(one.pace.forecast_nano)} by its end" if one.pace else "-"


def _remarks(report: CostReport) -> list[str]:
    lines = [
        f"{_NOW[window.period]}: {_rate(window.pace, window.period)},"
        f" {_at_least(window.pace.forecast_nano, window.spent)} by its end"
        for window in report.windows
        if report.by and window.pace is not None
    ]
    if report.unpriced:
        calls = sum(calls for _, calls in report.unpriced)
        models = ", ".join(
            f"`{cell(model, 80)}` ({count(calls)})" for model, calls in report.unpriced
        )
        plural = "call has" if calls == 1 else "calls have"
        lines.append(
            f"from below: {count(calls)} {plural} a part whose cost is not known: {models}"
        )
    if any(window.spent.uncertain_nano for window in report.windows):
        lines.append(
            "uncertain was charged by estimate, for calls that were cut short; rates, forecasts"
            " and budgets count it"
        )
    lines.append(f"prices of {report.priced_on}; `ultra models --refresh-prices` takes newer ones")
    return lines


def _window(window: CostWindow) -> dict[str, Any]:
    return {
        "period": window.period,
        "window": window.window,
        "begins_at": iso(window.begins_at),
        "ends_at": iso(window.ends_at),
        "running": window.pace is not None,
        **_told(window.spent),
        **_ahead(window.pace),
        "parts": [{"key": list(part.key), **_told(part.spent)} for part in window.parts]
        if window.parts and window.parts[0].key
        else [],
    }


def _told(spent: Spent) -> dict[str, Any]:
    return {
        "calls": spent.calls,
        "cached": spent.cached,
        "input_tokens": spent.usage.input_tokens,
        "output_tokens": spent.usage.output_tokens,
        "cost_nano": spent.cost_nano,
        "known_nano": spent.known_nano,
        "uncertain_nano": spent.uncertain_nano,
        "charged_nano": spent.charged_nano,
        "unpriced": spent.unpriced,
        "saved_nano": spent.saved_nano,
    }


def _ahead(pace: Pace | None, budget: BudgetPace | None = None) -> dict[str, Any]:
    hourly = None if pace is None else round(pace.nano_per_s * 3_600)
    told: dict[str, Any] = {
        "nano_per_hour": hourly,
        "nano_per_day": None if pace is None else round(pace.nano_per_s * 86_400),
        "forecast_nano": None if pace is None else pace.forecast_nano,
    }
    if budget is not None:
        end = budget.exhausted_at
        told["exhausted_at"] = None if end is None else iso(end)
    return told


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _dollars(nano: int) -> str:
    return f"{nano / 1e9:.9f}"

"""What calls came to, as a table, JSON, CSV, Markdown and plots."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ultra.core.totals import PERIODS, Group, Latency, Totals, TotalsReport, word_of
from ultra.core.usage import Usage
from ultra.output.charts import Bar, lying, standing
from ultra.output.documents import csv_cell
from ultra.output.figures import count, lower_bound, rate, seconds, share, usd
from ultra.output.markdown_page import grid
from ultra.output.moments import iso
from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.tables import Column, plain_table, prose, table
from ultra.output.width import cell_width, clip, wrap

_COLUMNS = (
    Column("calls", right=True),
    Column("answered", right=True, spare=1),
    Column("cached", right=True, spare=6),
    Column("first token", right=True, spare=5),
    Column("p50", right=True, spare=3),
    Column("p95", right=True, spare=2),
    Column("p99", right=True, spare=8),
    Column("max", right=True, spare=9),
    Column("in", right=True, spare=4),
    Column("out", right=True, spare=4),
    Column("tokens/s", right=True, spare=7),
    Column("cost", right=True),
)
_LATENCY = ("avg", "min", "max", "p50", "p95", "p99")
_CSV_HEAD = (
    *("simulated", "calls", "answered", "cancelled", "failed", "errors", "attempts", "cached"),
    *("cache_hit_rate", *Usage.__struct_fields__, "input_tokens", "output_tokens"),
    *("output_tokens_per_s", *(f"ttft_{name}_s" for name in _LATENCY)),
    *(f"duration_{name}_s" for name in _LATENCY),
    *("cost_usd", "known_usd", "unpriced", "charged_usd", "saved_usd", "unsaved"),
)
_ADDED = (
    *("calls", "answered", "cancelled", "cached", "saved_nano", "unsaved", "known_nano"),
    "unpriced",
)
_NAME = 32
"""Columns of a name from which it may be cut though there are figures that could be left out."""

_SIMULATED = "simulated, no model was asked:"
PLOT_WIDTH, PLOT_HEIGHT = 80, 8
"""Of a plot that no terminal shows, and rows of one that stands along time."""


def render_totals(report: TotalsReport, streams: Streams | None) -> str:
    """A table of what models did and one of what was simulated, each with what it adds up to.

    Without streams it is for a file: nothing is cut.
    """
    text = []
    for simulated, groups in _apart(report):
        columns = _columns(report)
        rows = [_row(group) for group in groups]
        drawn = table(columns, rows, streams=streams) if streams else _plain(columns, rows)
        told = ["", *_remarks([group.totals for group in groups])]
        head = _prose([_SIMULATED], streams) if simulated else ""
        text.append(head + drawn + _prose(told, streams))
    return "\n".join(text)


def render_plots(report: TotalsReport, streams: Streams | None) -> str:
    """Calls, cost and how long answers take: along time, or beside what they are told apart by."""
    width = streams.width - 1 if streams else PLOT_WIDTH
    plain = streams.dumb if streams else False
    lines: list[str] = []
    for simulated, groups in _apart(report):
        if simulated:
            lines += [*wrap(_SIMULATED, width), ""]
        for name, own in _series(report, groups):
            for title, told, merge, amount in _PLOTS:
                head = f"{name}: {title}" if name else title
                bars = [Bar(label, None if one is None else amount(one)) for label, one in own]
                if all(bar.value is None for bar in bars):
                    continue
                drawn = (
                    standing(bars, (width, PLOT_HEIGHT), told, merge=merge, plain=plain)
                    if report.windows
                    else lying(bars, width, told, plain=plain)
                )
                lines += [clip(cell(head), width), *drawn, ""]
    return "".join(f"{line}\n" for line in lines[:-1])


def totals_document(report: TotalsReport) -> dict[str, Any]:
    """The report as plain data: nano-dollars, seconds, ISO 8601, null for what is not known."""
    words = [word_of(one) for one in report.by]
    begin, end = report.span.begin, report.span.end
    return {
        "type": "stats",
        "since": iso(begin) if begin > 0.0 else None,
        "until": None if end is None else iso(end),
        "timezone": report.span.zone,
        "by": words,
        "groups": [
            {"key": dict(zip(words, group.key, strict=True)), "simulated": group.simulated}
            | _document(group.totals)
            for group in report.groups
        ],
    }


def totals_csv(report: TotalsReport) -> str:
    """A row for each group, in dollars and seconds; empty for what is not known."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*(word_of(one) for one in report.by), *_CSV_HEAD])
    for group in report.groups:
        one = group.totals
        writer.writerow(
            [
                *map(csv_cell, group.key),
                *(str(group.simulated).lower(), one.calls, one.answered, one.cancelled),
                *(one.failed, _errors(one.errors), one.attempts, one.cached, _hits(one)),
                *(getattr(one.usage, kind) for kind in Usage.__struct_fields__),
                *(one.usage.input_tokens, one.usage.output_tokens, one.tokens_per_s),
                *_spread(one.ttft_s),
                *_spread(one.duration_s),
                *(_dollars(one.cost_nano), _dollars(one.known_nano), one.unpriced),
                *(_dollars(one.charged_nano), _dollars(one.saved_nano), one.unsaved),
            ]
        )
    return text.getvalue()


def totals_markdown(report: TotalsReport) -> str:
    """The tables as Markdown, what they add up to below each."""
    parts = []
    for simulated, groups in _apart(report):
        if simulated:
            parts.append("## Simulated")
        parts.append(grid(_columns(report), [_row(group) for group in groups]))
        told = _remarks([group.totals for group in groups])
        parts.append("\n".join(f"- {line}" for line in told))
    return "\n\n".join([*parts, ""])[:-1] if parts else ""


def _apart(report: TotalsReport) -> Iterator[tuple[bool, list[Group]]]:
    for simulated in (False, True):
        groups = [group for group in report.groups if group.simulated is simulated]
        if groups:
            yield simulated, groups


def _columns(report: TotalsReport) -> list[Column]:
    """Figures give way to names: two models that are cut alike would say nothing."""
    columns = []
    for place, one in enumerate(report.by):
        longest = max((cell_width(group.key[place]) for group in report.groups), default=0)
        # A window is known by its whole name.
        columns.append(
            Column(word_of(one), shrink=one not in PERIODS, least=min(max(longest, 8), _NAME))
        )
    return [*columns, *_COLUMNS]


def _row(group: Group) -> list[str]:
    one = group.totals
    whole = one.duration_s
    return [
        *(text or "-" for text in group.key),
        count(one.calls),
        share(one.answered / one.calls),
        count(one.cached),
        seconds(one.ttft_s.p50 if one.ttft_s else None),
        *(
            seconds(value)
            for value in ((whole.p50, whole.p95, whole.p99, whole.max) if whole else (None,) * 4)
        ),
        count(one.usage.input_tokens),
        count(one.usage.output_tokens),
        rate(one.tokens_per_s),
        lower_bound(one.cost_nano, one.known_nano),
    ]


def _prose(lines: Sequence[str], streams: Streams | None) -> str:
    return prose(lines, streams=streams) if streams else "".join(f"{line}\n" for line in lines)


def _plain(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    return plain_table(columns, [[cell(text) for text in row] for row in rows])


def _remarks(several: Sequence[Totals]) -> list[str]:
    """What all of them came to: how they ended, what the cache saved, what it cost."""
    calls, answered, cancelled, cached, saved, unsaved, known, unpriced = (
        sum(getattr(one, name) for one in several) for name in _ADDED
    )
    errors: dict[str, int] = {}
    for one in several:
        for name, times in one.errors.items():
            errors[name] = errors.get(name, 0) + times
    ended = f"{count(calls)} {_plural(calls)}, {count(answered)} answered"
    if cancelled:
        ended += f", {count(cancelled)} cancelled"
    if errors:
        ranked = sorted(errors.items(), key=lambda one: (-one[1], one[0]))
        ended += "; failed: " + ", ".join(f"{cell(name)} {count(times)}" for name, times in ranked)
    lines = [ended]
    if cached:
        worth = lower_bound(None if unsaved else saved, saved)
        lines.append(f"{count(cached)} cached ({share(cached / calls)}), saved {worth}")
    cost = f"cost {lower_bound(None if unpriced else known, known)}"
    if unpriced:
        cost += f"; {count(unpriced)} {_plural(unpriced)} of unknown price"
    return [*lines, cost]


def _plural(calls: int) -> str:
    return "call" if calls == 1 else "calls"


def _hits(one: Totals) -> float:
    """The share (0..1) of all calls that the cache served."""
    return one.cached / one.calls


def _document(one: Totals) -> dict[str, Any]:
    return {
        "calls": one.calls,
        "answered": one.answered,
        "cancelled": one.cancelled,
        "failed": one.failed,
        "errors": one.errors,
        "attempts": one.attempts,
        "cached": one.cached,
        "cache_hit_rate": _hits(one),
        "usage": one.usage,
        "input_tokens": one.usage.input_tokens,
        "output_tokens": one.usage.output_tokens,
        "output_tokens_per_s": one.tokens_per_s,
        "ttft_s": one.ttft_s,
        "duration_s": one.duration_s,
        "cost_nano": one.cost_nano,
        "known_nano": one.known_nano,
        "unpriced": one.unpriced,
        "charged_nano": one.charged_nano,
        "saved_nano": one.saved_nano,
        "unsaved": one.unsaved,
    }


def _errors(errors: Mapping[str, int]) -> str:
    return " ".join(f"{name}={calls}" for name, calls in errors.items())


def _spread(latency: Latency | None) -> list[float | None]:
    told = msgspec.to_builtins(latency) if latency else {}
    return [told.get(name) for name in _LATENCY]


def _dollars(nano: int | None) -> str:
    return "" if nano is None else f"{nano / 1e9:.9f}"


def _series(
    report: TotalsReport, groups: Sequence[Group]
) -> Iterator[tuple[str, list[tuple[str, Totals | None]]]]:
    """What is plotted, by the name of each plot: windows that have no calls are there as None."""
    if not report.windows:
        yield (
            "",
            [(" · ".join(text or "-" for text in one.key) or "all", one.totals) for one in groups],
        )
        return
    place = next(at for at, one in enumerate(report.by) if one in PERIODS)
    apart: dict[str, dict[str, Totals]] = {}
    for group in groups:
        others = _label([text for at, text in enumerate(group.key) if at != place])
        apart.setdefault(others, {})[group.key[place]] = group.totals
    for name, found in apart.items():
        yield name, [(window, found.get(window)) for window in report.windows]


def _label(key: Sequence[str]) -> str:
    return " · ".join(text or "-" for text in key)


def _usual(one: Totals) -> float | None:
    return one.duration_s.p95 if one.duration_s else None


def _known(one: Totals) -> float | None:
    return float(one.known_nano) if one.known_nano or not one.unpriced else None


Merge = Callable[[Sequence[float]], float]

_PLOTS: tuple[tuple[str, Callable[[float], str], Merge, Callable[[Totals], float | None]], ...] = (
    ("calls", lambda value: count(round(value)), sum, lambda one: float(one.calls)),
    ("known cost", lambda value: usd(round(value)), sum, _known),
    ("p95 of whole answers", seconds, max, _usual),
)

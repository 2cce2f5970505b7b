"""An A/B experiment on a screen and as Markdown: the verdict, and every figure behind it."""

import math
from collections.abc import Sequence

from ultra.core.cost import NANO
from ultra.core.experiments import ArmFigures, Metric, Prospect, Report
from ultra.output.figures import count, lower_bound, seconds, usd
from ultra.output.markdown_page import plain
from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.tables import Column, prose, table

_ARMS = (
    Column("arm"),
    Column("name", shrink=True),
    Column("model", shrink=True, spare=2),
    Column("found", right=True),
    Column("interval"),
    Column("missing", right=True),
    Column("cost", right=True),
    Column("an answer", right=True, spare=1),
)
_FIGURES = (Column("figure"), Column("value"))
_LIST = (
    Column("name"),
    Column("A", shrink=True),
    Column("B", shrink=True),
    Column("metric", spare=1),
    Column("prompts", right=True),
    Column("verdict"),
    Column("registered", spare=2),
)

_WORDS: dict[Metric, tuple[str, str]] = {
    "pass": ("passes more often than", "pass as often"),
    "preference": ("is preferred to", "are liked as well"),
    "latency": ("is faster than", "take as long"),
    "cost": ("is cheaper than", "cost as much"),
}
_FOUND: dict[Metric, str] = {
    "pass": "share of answers as expected",
    "preference": "share of judgements won",
    "latency": "geometric mean of seconds",
    "cost": "dollars an answer",
}


def render_report(report: Report, *, streams: Streams) -> str:
    """The verdict, a line for each arm, and the figures."""
    arms = table(_ARMS, [_arm(report, one) for one in report.arms], streams=streams)
    figures = table(_FIGURES, _figures(report), streams=streams)
    return f"{prose([headline(report)], streams=streams)}\n{arms}\n{figures}"


def report_markdown(report: Report) -> str:
    """The same as Markdown."""
    parts = [
        f"# A/B `{report.name}`",
        plain(headline(report)),
        _markdown(_ARMS, [_arm(report, one) for one in report.arms]),
        _markdown(_FIGURES, _figures(report)),
    ]
    return "\n\n".join(parts) + "\n"


def render_list(reports: Sequence[Report], *, streams: Streams) -> str:
    """A line for each experiment."""
    rows = [
        (
            one.name,
            one.arms[0].name,
            one.arms[1].name,
            one.registration.design.metric,
            f"{one.pairs} of {one.planned}",
            one.verdict or one.stage,
            one.registered_at,
        )
        for one in reports
    ]
    return table(_LIST, rows, streams=streams)


def headline(report: Report) -> str:
    """What came of it in one sentence; one that is under way says nothing of how it goes."""
    a, b = (f"{one.arm} ({cell(one.name, 80)})" for one in report.arms)
    better, alike = _WORDS[report.registration.design.metric]
    match report.verdict:
        case "A":
            said = f"{a} {better} {b}"
        case "B":
            said = f"{b} {better} {a}"
        case "equivalent":
            said = f"{a} and {b} {alike}, within {_smallest(report)}"
        case None:
            said = f"{a} against {b}: no verdict yet"
        case verdict:
            said = f"{a} against {b}: {verdict}"
    made_up = " (simulated)" if report.registration.simulated else ""
    return f"{report.name}{made_up}: {said}; {report.why}"


def told_prospect(prospect: Prospect, report: Report) -> list[str]:
    """What an experiment can find and may cost, a line each."""
    design = report.registration.design
    judged = f" and {count(prospect.ballots)} ballots" if prospect.ballots else ""
    asked = f"{count(prospect.answers)} answers{judged} to ask for"
    about, most = usd(prospect.expected_nano), usd(prospect.at_most_nano)
    lines = [
        f"{count(prospect.prompts)} prompts, {asked}: about {about}, at most {most}",
        *_finds(prospect),
    ]
    short = {parted: n for parted, n in prospect.needed.items() if n > prospect.prompts}
    if short:
        needs = " or ".join(f"{count(n)} ({_percent(parted)})" for parted, n in short.items())
        lines.append(
            f"to find the {_smallest(report)} that matter takes {needs} prompts four times in five,"
            " at a fixed number"
        )
    if design.sequential:
        lines.append("it ends as soon as the evidence is enough")
    return lines


def underpowered(prospect: Prospect, report: Report) -> str:
    """In words, that so few prompts cannot find what matters; empty where they can."""
    needed = min(prospect.needed.values(), default=0)
    if needed <= prospect.prompts:
        return ""
    return (
        f"{count(prospect.prompts)} prompts can only find giants: to find {_smallest(report)} four"
        f" times in five takes {count(needed)} or more"
    )


def _finds(prospect: Prospect) -> list[str]:
    lines = []
    for parted, found in prospect.finds.items():
        if parted == "sd":
            least = "none" if found is None else f"{found:.2f} standard deviations"
            lines.append(f"found four times in five: a difference of {least}")
        else:
            least = "no difference at all" if found is None else f"{_points(found)} points or more"
            lines.append(f"found four times in five: {least}, if the arms part {_percent(parted)}")
    return lines


def _percent(parted: str) -> str:
    return f"on {float(parted):.0%} of prompts"


def _arm(report: Report, one: ArmFigures) -> tuple[str, ...]:
    metric = report.registration.design.metric
    each = None if one.cost_nano is None or not one.asked else one.cost_nano // one.asked
    span = "-"
    if one.low is not None and one.high is not None:
        span = f"{one.low:.2f} to {one.high:.2f} (Wilson)"
    return (
        one.arm,
        one.name,
        ", ".join(one.models),
        _mean(metric, one.mean),
        span,
        f"{count(one.missing)} of {count(one.asked)}",
        lower_bound(one.cost_nano, one.known_nano),
        usd(each),
    )


def _mean(metric: Metric, mean: float | None) -> str:
    if mean is None:
        return "-"
    if metric == "latency":
        return seconds(mean)
    return usd(round(mean * NANO)) if metric == "cost" else f"{mean:.3f}"


def _figures(report: Report) -> list[tuple[str, str]]:
    """Every figure that there is, by name."""
    registration = report.registration
    design = registration.design
    direction = f"{registration.better} is better"
    rows = [
        ("metric", f"{design.metric}: {_FOUND[design.metric]}, {direction}"),
        ("n", f"{count(report.pairs)} prompts of {count(report.planned)}"),
        *_statistics(report),
        ("smallest that matters", _smallest(report)),
        ("stops", f"{registration.stopping}; alpha {design.alpha:g}"),
    ]
    if registration.judge_models:
        judges = ", ".join(registration.judge_models)
        rows.append(("judges", f"{judges}: {usd(report.judging_nano)}"))
    rows += [(f"missing: {times}", cell(why, 200)) for why, times in report.losses.items()]
    rows.append(("registered", f"{report.registered_at}, prompts {registration.prompts_sha[:12]}"))
    return rows


def _statistics(report: Report) -> list[tuple[str, str]]:
    """What is known of which arm does better; nothing before it may be looked at."""
    if report.only_a is None or report.only_b is None:
        return []
    rows = [
        ("b (A did better)", count(report.only_a)),
        ("c (B did better)", count(report.only_b)),
        *_estimates(report),
    ]
    design = report.registration.design
    if report.p is not None:
        always = ", always valid" if design.sequential else ""
        rows.append(("p", f"{report.p:.4g} ({report.registration.test}{always})"))
    if report.e is not None:
        rows.append(("e", f"{report.e:.4g}, enough at {1.0 / design.alpha:g}"))
    if report.verdict is not None:
        rows.append(("found at 80% power", _detectable(report)))
    return rows


def _estimates(report: Report) -> list[tuple[str, str]]:
    level = f"{1.0 - report.registration.design.alpha:.0%}"
    rows = []
    if report.difference is not None:
        rows.append(("difference A - B", _difference(report, report.difference)))
    if report.low is not None and report.high is not None:
        ends = (report.low, report.high)
        # Less is better for time and money: what favours A most is then the lower end.
        ordered = ends if report.registration.better == "higher" else ends[::-1]
        span = " to ".join(_difference(report, end) for end in ordered)
        rows.append((f"{level} interval", f"{span} ({report.interval})"))
    if report.share_low is not None and report.share_high is not None:
        share = "-" if report.share is None else f"{report.share:.2f}"
        span = f"{share}, {report.share_low:.2f} to {report.share_high:.2f}"
        rows.append((f"A's share of b + c, {level}", f"{span} ({report.interval})"))
    return rows


def _detectable(report: Report) -> str:
    if report.detectable is None:
        return "no difference at all"
    fixed = " at a fixed number of prompts" if report.registration.design.sequential else ""
    return f"{_size(report, report.detectable)}{fixed}"


def _points(value: float) -> str:
    return f"{100.0 * value:.1f}".removesuffix(".0")


def _difference(report: Report, value: float) -> str:
    """A difference in favour of A, in the words of the metric."""
    match report.registration.design.metric:
        case "latency":
            return f"{math.exp(-value) - 1.0:+.1%} time"
        case "cost":
            sign = "-" if value > 0.0 else "+"
            return f"{sign}{usd(abs(round(value * NANO)))}"
        case _:
            return f"{100.0 * value:+.1f} points"


def _size(report: Report, value: float) -> str:
    match report.registration.design.metric:
        case "latency":
            return f"{math.expm1(value):.1%} of the time"
        case "cost":
            return usd(round(value * NANO))
        case _:
            return f"{_points(value)} points"


def _smallest(report: Report) -> str:
    design = report.registration.design
    if design.metric == "latency":
        return f"{design.smallest:.1%} of the time"
    return _size(report, design.smallest)


def _markdown(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    lines = [[column.name for column in columns], ["---"] * len(columns)]
    lines += [[plain(text) for text in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)

"""`ultra health` on a screen: providers, the models below them, and what each is to be told of."""

from itertools import groupby
from urllib.parse import urlsplit

from msgspec import Struct

from ultra.core.health import EndpointHealth, HealthReport, Spread
from ultra.core.quota import Allowance
from ultra.output.figures import count, rate, share
from ultra.output.moments import ago, ahead
from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.width import cell_width, pad, wrap

_COLOURS = {
    "ok": ("green",),
    "limited": ("yellow",),
    "down": ("red", "bold"),
    "unknown": ("dim",),
    "misconfigured": ("red", "bold"),
}
_FIGURE = 4
"""Columns of one figure: `0.41`, `12.3`, `123`."""

_ANSWERED = 11
"""Columns of `100% of 200`."""

_LEAST_NAME = 12
_MOST_NAME = 32
_LADDER: tuple[tuple[str, ...], ...] = (("50%", "95%", "99%"), ("50%", "95%"), ())
"""Which figures stand in columns: fewer on a narrow terminal, where the rest goes below the row."""


class _Plan(Struct, frozen=True):
    """How wide the columns are. `width` None lets every line be as long as it is."""

    width: int | None
    word: int
    name: int
    ranks: tuple[str, ...]

    @property
    def indent(self) -> int:
        """Where names, and what stands below them, begin."""
        return self.word + 4


def render_health(report: HealthReport, *, streams: Streams) -> list[str]:
    """The report as lines: cut and wrapped to a terminal's width, whole for a pipe."""
    plan = _plan(report, streams.width - 1 if streams.stdout_is_tty else None)
    lines = [*_head(report, plan, streams), *_wrapped(_window(report), 0, plan)]
    if plan.ranks and any(one.traffic.tries for one in report.endpoints):
        lines += ["", *_headings(plan)]
    for _, group in groupby(report.endpoints, key=lambda one: one.provider):
        models = list(group)
        lines += ["", *_provider(models[0], report.checked_at, plan, streams)]
        for one in models:
            lines += _model(one, report.checked_at, plan, streams)
    told = [f"note: {cell(line)}" for line in report.trouble]
    return [
        *lines,
        *([""] if told else []),
        *(part for line in told for part in _wrapped(line, 0, plan)),
    ]


def endpoint_lines(one: EndpointHealth, now: float) -> list[str]:
    """All that is to be said of one endpoint, a line each: where it is, its key, how it fares."""
    where = [] if one.simulated else [one.base_url, _key(one), *_check(one, now)]
    names = [_name(one, 1_000), one.standing]
    told = [cell("  ".join(part for part in parts if part)) for parts in (names, where)]
    return [line for line in (*told, *_details(one, now, _Plan(None, 0, 0, ()))) if line]


def _plan(report: HealthReport, width: int | None) -> _Plan:
    word = max((cell_width(one.standing) for one in report.endpoints), default=2)
    name = max((cell_width(_name(one)) for one in report.endpoints), default=0)
    if width is None:
        return _Plan(None, word, name, _LADDER[0])
    for ranks in _LADDER:
        taken = word + 4 + (_ANSWERED + 2 + 2 * (2 + len(ranks) * (_FIGURE + 1)) if ranks else 0)
        room = width - taken
        if room >= min(name, _LEAST_NAME) or not ranks:
            return _Plan(width, word, max(1, min(name, room, _MOST_NAME)), ranks)
    raise AssertionError("the last rung always fits")


def _head(report: HealthReport, plan: _Plan, streams: Streams) -> list[str]:
    name, counts = cell(report.profile, 60), report.counts
    told = ", ".join(f"{number} {word}" for word, number in counts.items()) or "nothing to ask"
    first, *rest = _wrapped(f"{name} ({report.environment}): {told}", 0, plan)
    if rest:
        return [first, *rest]
    styled = ", ".join(
        f"{number} {_styled(streams, word, word)}" for word, number in counts.items()
    )
    return [f"{_bold(streams, name)} ({report.environment}): {styled or told}"]


def _window(report: HealthReport) -> str:
    hours = f"{report.window_s / 3600:.0f} h"
    return f"tries of the last {hours}, {report.most_tries} of each model at most; retries count"


def _headings(plan: _Plan) -> list[str]:
    before = " " * (plan.indent + plan.name)
    span = len(plan.ranks) * (_FIGURE + 1) - 1
    ranks = " ".join(pad(rank, _FIGURE, right=True) for rank in plan.ranks)
    titles = ("first token, s", "whole, s") if span >= 14 else ("first, s", "whole, s")
    above = "   ".join(pad(title, span, right=True) for title in titles)
    blank = " " * (_ANSWERED + 2)
    below = f"{pad('answered', _ANSWERED + 2, right=True)}   {ranks}   {ranks}"
    return [f"{before}{blank}   {above}", f"{before}{below}"]


def _provider(one: EndpointHealth, now: float, plan: _Plan, streams: Streams) -> list[str]:
    told = [urlsplit(one.base_url).netloc or one.base_url]
    if one.simulated:
        told = ["simulated"]
    else:
        told += [_key(one), *_check(one, now)]
    words = "  ".join(cell(part) for part in told if part)
    name = cell(one.provider, 40)
    first, *rest = _wrapped(f"{name}  {words}", 0, plan, hanging=4)
    return [first.replace(name, _bold(streams, name), 1), *rest]


def _key(one: EndpointHealth) -> str:
    key = one.credential
    if key.problem or key.source is None:
        return "no key"
    if key.source == "none":
        return "no key wanted"
    mark = f" ({key.fingerprint})" if key.fingerprint else ""
    stopped = {"forced": ", put aside by hand", "open": ", refused"}.get(key.breaker.state, "")
    return f"key {key.source}{mark}{stopped}"


def _check(one: EndpointHealth, now: float) -> list[str]:
    check = one.check
    if check is None:
        return []
    when = ago(check.checked_at, now)
    if not check.ok:
        return [f"no list of models ({check.error_class}, {when})"]
    return [f"lists {count(check.models)} model{'' if check.models == 1 else 's'} ({when})"]


def _model(one: EndpointHealth, now: float, plan: _Plan, streams: Streams) -> list[str]:
    word = _styled(streams, one.standing, pad(one.standing, plan.word))
    row = f"  {word}  {pad(_name(one, plan.name), plan.name)}{_figures(one, plan)}".rstrip()
    below = [
        line for told in _details(one, now, plan) for line in _wrapped(told, plan.indent, plan)
    ]
    return [row, *(_dim(streams, line) if one.standing == "ok" else line for line in below)]


def _figures(one: EndpointHealth, plan: _Plan) -> str:
    traffic = one.traffic
    if not (plan.ranks and traffic.tries):
        return ""
    answered = f"{share(traffic.success)} of {count(traffic.tries)}"
    spreads = "   ".join(_ranked(spread, plan) for spread in (traffic.ttft_s, traffic.duration_s))
    return f"{pad(answered, _ANSWERED + 2, right=True)}   {spreads}"


def _ranked(spread: Spread | None, plan: _Plan) -> str:
    values = ("-", "-", "-") if spread is None else tuple(map(_seconds, _values(spread)))
    shown = values[: len(plan.ranks)]
    return " ".join(pad(value, _FIGURE, right=True) for value in shown)


def _details(one: EndpointHealth, now: float, plan: _Plan) -> list[str]:
    """What stands below a row, a line each: who it is and how it goes, what is wrong, what next."""
    traffic, error = one.traffic, one.traffic.last_error
    facts = [
        "" if one.model in _name(one, plan.name) else cell(one.model),
        "simulated" if one.simulated else "",
        *_spelt(one, plan),
        f"{rate(traffic.output_tokens_per_s)} tokens/s" if traffic.output_tokens_per_s else "",
        f"last good {ago(traffic.last_ok_at, now)}" if traffic.last_ok_at else "",
        *_quota(one, now),
        _breaker(one),
    ]
    lines = [", ".join(fact for fact in facts if fact)]
    if one.reason and not one.simulated:
        lines.append(cell(one.reason + _until(one, now)))
    if error is not None:
        number = f" ({error.status})" if error.status else ""
        said = f": {cell(error.message, 200)}" if error.message else ""
        if error.message and error.message in one.reason:
            said = ""
        lines.append(f"last error {ago(error.failed_at, now)}, {error.error_class}{number}{said}")
    if one.hint:
        lines.append(f"next: {cell(one.hint)}")
    return [line for line in lines if line]


def _spelt(one: EndpointHealth, plan: _Plan) -> list[str]:
    """The figures that have no column."""
    traffic = one.traffic
    if not traffic.tries:
        return []
    told = [] if plan.ranks else [f"{share(traffic.success)} of {traffic.tries} answered"]
    if len(plan.ranks) == len(_LADDER[0]):
        return told
    pairs = (("first token", traffic.ttft_s), ("whole", traffic.duration_s))
    return told + [
        f"{name} {' / '.join(map(_seconds, _values(spread)))} s (50 / 95 / 99%)"
        for name, spread in pairs
        if spread is not None
    ]


def _quota(one: EndpointHealth, now: float) -> list[str]:
    quota = one.gate.quota
    if quota is None:
        return []
    kinds = (("requests", quota.requests), ("tokens", quota.tokens))
    told = [_left(kind, allowance) for kind, allowance in kinds if allowance is not None]
    return [line for line in told if line]


def _left(kind: str, allowance: Allowance) -> str:
    if allowance.remaining is None:
        return ""
    of = f" of {count(allowance.limit)}" if allowance.limit is not None else ""
    return f"{count(allowance.remaining)}{of} {kind} left"


def _breaker(one: EndpointHealth) -> str:
    """A breaker that stops nothing but has something to say."""
    breaker = one.breaker
    if breaker.state == "due":
        return "its breaker lets the next call try it"
    if breaker.state == "closed" and breaker.failures:
        return f"{breaker.failures} failed in a row"
    return ""


def _until(one: EndpointHealth, now: float) -> str:
    moment = {
        "limited": one.gate.shut_until_at,
        "down": one.breaker.retry_at or one.credential.breaker.retry_at,
        "misconfigured": one.credential.breaker.retry_at,
    }.get(one.standing)
    return "" if moment is None else f"; tried again {ahead(moment, now)}"


def _name(one: EndpointHealth, most: int = _MOST_NAME) -> str:
    """The profile's names with the model they stand for, if there is room for both."""
    names, model = cell(", ".join(one.names), 60), cell(one.model, 80)
    if names == model:
        names = ""
    both = f"{names} ({model})" if names else model or "(no model named)"
    return both if not names or cell_width(both) <= most else names


def _values(spread: Spread) -> tuple[float, float, float]:
    return spread.p50, spread.p95, spread.p99


def _seconds(value: float) -> str:
    if value < 1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _wrapped(text: str, indent: int, plan: _Plan, *, hanging: int = 0) -> list[str]:
    """The text in lines of the plan's width; further lines stand `hanging` columns deeper."""
    if plan.width is None:
        return [" " * indent + text]
    first, *rest = wrap(text, max(8, plan.width - indent))
    if not rest:
        return [" " * indent + first]
    again = wrap(text[len(first) :].lstrip(), max(8, plan.width - indent - hanging))
    return [" " * indent + first, *(" " * (indent + hanging) + line for line in again)]


def _styled(streams: Streams, standing: str, text: str) -> str:
    return _style(streams, text, *_COLOURS[standing])


def _bold(streams: Streams, text: str) -> str:
    return _style(streams, text, "bold")


def _dim(streams: Streams, text: str) -> str:
    return _style(streams, text, "dim")


def _style(streams: Streams, text: str, *names: str) -> str:
    return text if streams.out_screen is None else streams.out_screen.style(text, *names)

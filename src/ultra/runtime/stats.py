"""`ultra stats`: what calls came to, and which models answer best, from the log."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from math import inf
from typing import TypeVar

from msgspec.structs import replace

from ultra.core.contests import Ranking
from ultra.core.errors import UsageError
from ultra.core.moments import own_zone
from ultra.core.scope import Scope
from ultra.core.tags import Marks
from ultra.core.totals import (
    PERIODS,
    Dimension,
    Group,
    Period,
    Span,
    Tag,
    TotalsReport,
)
from ultra.core.windows import begins, windows, zone_named
from ultra.evaluation.contests import rankings
from ultra.runtime.runtime import Runtime
from ultra.store.contests import contests, timed
from ultra.store.reading import reading
from ultra.store.totals import extent, totals

_LONGEST_S: tuple[tuple[float, Period], ...] = (
    (3 * 86_400.0, "hour"),
    (120 * 86_400.0, "day"),
    (3 * 366 * 86_400.0, "week"),
    (inf, "month"),
)
"""Which windows a plot is of: at most 160 of them."""

Item = TypeVar("Item")


def counted(
    runtime: Runtime, scope: Scope, by: Sequence[Dimension], *, timely: bool = False
) -> TotalsReport:
    """What calls came to. `timely` tells them apart by windows that suit the time they span.

    Raises `StoreError`, and `UsageError` for a time that is none.
    """
    span = scope.span(runtime.clock.time())
    by = tuple(by)
    with reading(runtime.paths.database) as connection:
        if connection is None:
            groups: list[Group] = []
        else:
            by = (*by, _suited(*(extent(connection, span) or (0.0, 0.0)))) if timely else by
            groups = totals(connection, span, scope.filter, by)
    named = replace(span, zone=scope.timezone or own_zone())
    return TotalsReport(named, by, tuple(groups), tuple(_windows(span, by, groups)))


def ranked(runtime: Runtime, scope: Scope, tag: str = "") -> dict[str, list[Ranking]]:
    """Models by what was found of their answers, for each value of a tag where one is named.

    Under the empty value where there is none. Raises `StoreError` and `UsageError`.
    """
    span = scope.span(runtime.clock.time())
    last = inf if span.end is None else span.end
    if len(scope.filter.cost_center) > 1:
        raise UsageError("`--rank` takes one `--cost-center`")
    marks = Marks("".join(scope.filter.cost_center), scope.filter.tags)
    with reading(runtime.paths.database) as connection:
        found = contests(connection, span.begin, marks, until=last) if connection else []
        answers = timed(connection, span.begin, marks, until=last) if connection and found else []
    took = _by_tag(answers, lambda one: one.tags, tag)
    parts = _by_tag(found, lambda one: one.tags, tag)
    return {value: rankings(own, took.get(value, [])) for value, own in parts.items()}


def unknown_tags(report: TotalsReport) -> list[str]:
    """Tags that calls were to be told apart by and that none of them has."""
    return [
        one.name
        for place, one in enumerate(report.by)
        if isinstance(one, Tag) and not any(group.key[place] for group in report.groups)
    ]


def _suited(first: float, last: float) -> Period:
    return next(period for most, period in _LONGEST_S if last - first <= most)


def _windows(span: Span, by: Sequence[Dimension], groups: Sequence[Group]) -> Iterator[str]:
    place = next((at for at, one in enumerate(by) if one in PERIODS), None)
    if place is None or not groups:
        return iter(())
    period, zone = str(by[place]), zone_named(span.zone)

    def begin(name: str) -> float:
        return datetime.fromisoformat(name).timestamp() if "T" in name else begins(name, zone)

    names = {group.key[place] for group in groups}
    first, last = min(map(begin, names)), max(map(begin, names))
    return (name for name, _, _ in windows(period, first, last + 1.0, zone))


def _by_tag(
    items: Sequence[Item], tags: Callable[[Item], Mapping[str, str]], name: str
) -> dict[str, list[Item]]:
    """The items by the value of a tag, in alphabetical order; those without it come first."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(tags(item).get(name, "") if name else "", []).append(item)
    return dict(sorted(found.items()))

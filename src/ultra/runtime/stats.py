"""`ultra stats`: what models were asked for, and which of them answer best, from the log."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from ultra.core.contests import Ranking, Usage
from ultra.core.model import ENSEMBLE
from ultra.core.moments import span_s
from ultra.core.tags import Marks
from ultra.evaluation.contests import rankings, usage
from ultra.runtime.runtime import Runtime
from ultra.store.contests import contests, uses
from ultra.store.reading import reading

MEASURING = ("answer", "member", "writer")
"""Calls whose times are those of answers: no analysis, judge or probe."""

Item = TypeVar("Item")


class Scope(Struct, frozen=True):
    """Which runs are looked at: `since` is a span such as `30d`, None for all there are.

    `by` is the name of a tag whose values are told apart, empty for all together.
    """

    since: str | None = None
    marks: Marks = Marks()
    by: str = ""


def used(runtime: Runtime, scope: Scope) -> dict[str, list[Usage]]:
    """Calls by model for each value of the scope's tag; under the empty one where there is none.

    Ensembles are left out: what they ask for is there under the models that were asked. Raises
    `StoreError`, and `UsageError` for a span that is none.
    """
    begin = _begin(runtime, scope)
    with reading(runtime.paths.database) as connection:
        found = uses(connection, begin, scope.marks) if connection else []
    found = [one for one in found if one.model.partition(":")[0] != ENSEMBLE]
    parts = _by_tag(found, lambda one: one.tags, scope.by)
    return {value: usage(own) for value, own in parts.items()}


def ranked(runtime: Runtime, scope: Scope) -> dict[str, list[Ranking]]:
    """Models by what was found of their answers, likewise."""
    begin = _begin(runtime, scope)
    with reading(runtime.paths.database) as connection:
        found = contests(connection, begin, scope.marks) if connection else []
        calls = uses(connection, begin, scope.marks) if connection and found else []
    answers = [one for one in calls if one.role in MEASURING]
    timed = _by_tag(answers, lambda one: one.tags, scope.by)
    parts = _by_tag(found, lambda one: one.tags, scope.by)
    return {value: rankings(own, timed.get(value, [])) for value, own in parts.items()}


def _begin(runtime: Runtime, scope: Scope) -> float:
    return 0.0 if scope.since is None else runtime.clock.time() - span_s(scope.since)


def _by_tag(
    items: Sequence[Item], tags: Callable[[Item], Mapping[str, str]], name: str
) -> dict[str, list[Item]]:
    """The items by the value of a tag, in alphabetical order; those without it come first."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(tags(item).get(name, "") if name else "", []).append(item)
    return dict(sorted(found.items()))

"""Every strategy by its name on the command line, as data: one more is one more row."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean

Knob = Literal[
    "synthesizer",
    "judges",
    "criteria",
    "reference",
    "duels",
    "self_judging",
    "extract",
    "tolerance",
    "min_share",
    "escalate",
    "accuracies",
    "options",
    "layers",
    "revisions",
    "one_call",
    "cite",
    "sources_only",
    "expect",
]
"""What may be said of how a strategy goes about it, under the name that profiles have for it."""


class StrategyRow(Struct, frozen=True):
    """Where a strategy stands and what it needs.

    `calls` is the formula of the calls it makes of N members, as `--dry-run` shows it. `writes`
    says that one model turns the answers into one, `in_order` that a later member is asked only
    when the one before was not good enough, `judged` that it needs judges, `counts` that it has to
    know what to compare. `members` is the fewest it works with, `most` the most, None for any
    number. `most_judges` is how many of its judges it asks at the most, None for all of them.
    `knobs` are what it goes by; anything else would be said in vain. Of a plug-in, `each` and
    `after` are how often each member and then the synthesizer are asked at the most.
    """

    module: str
    function: str
    summary: str
    calls: str
    members: int = 1
    most: int | None = None
    writes: bool = False
    in_order: bool = False
    one_answer: bool = True
    judged: bool = False
    most_judges: int | None = None
    counts: bool = False
    knobs: tuple[Knob, ...] = ()
    each: int = 1
    after: int = 0


STRATEGIES: dict[str, StrategyRow] = {
    "single": StrategyRow("single", "single", "one model answers", "1", most=1, in_order=True),
    "first": StrategyRow("first", "first", "a race: the first complete answer wins", "N"),
    "fallback": StrategyRow(
        "fallback", "fallback", "in order, the next when one fails", "1 to N", in_order=True
    ),
    "fusion": StrategyRow(
        "fusion",
        "fusion",
        "members answer, one compares, one writes",
        "N + 2 or 3",
        members=2,
        writes=True,
        most_judges=1,
        knobs=("synthesizer", "judges", "extract", "one_call", "cite", "sources_only"),
    ),
    "vote": StrategyRow(
        "vote",
        "vote",
        "what the answers come to is counted",
        "N",
        members=2,
        knobs=(
            "synthesizer",
            "extract",
            "tolerance",
            "min_share",
            "escalate",
            "accuracies",
            "options",
        ),
    ),
    "best-of": StrategyRow(
        "best_of",
        "best_of",
        "judges rank the answers, the best is given word for word",
        "N + judges x orders",
        members=2,
        judged=True,
        knobs=("judges", "criteria", "reference", "duels", "self_judging"),
    ),
    "council": StrategyRow(
        "council",
        "council",
        "members answer and rank each other, a chairman writes",
        "2N + 1",
        members=3,
        writes=True,
        knobs=("synthesizer", "criteria", "reference", "cite", "sources_only"),
    ),
    "usc": StrategyRow(
        "usc",
        "usc",
        "one model says which answer agrees most with the others",
        "N + 2",
        members=2,
        most_judges=1,
        knobs=("synthesizer", "judges"),
    ),
    "pipeline": StrategyRow(
        "pipeline",
        "pipeline",
        "one model answers, a safety and a quality gate let it through or send it back",
        "3 to 9",
        most=1,
        judged=True,
        knobs=("judges", "criteria", "revisions"),
    ),
    "cascade": StrategyRow(
        "cascade",
        "cascade",
        "cheap models first, the next when the check fails",
        "1 to 2N - 1 + judges",
        in_order=True,
        knobs=("extract", "expect", "judges", "criteria", "reference", "self_judging"),
    ),
    "debate": StrategyRow(
        "debate",
        "debate",
        "members answer, read each other, answer again, vote (experimental)",
        "N to 3N",
        members=2,
        counts=True,
        knobs=("extract", "tolerance", "min_share", "accuracies", "options", "reference"),
    ),
    "moa": StrategyRow(
        "moa",
        "moa",
        "members answer, answer again after reading all, one model writes",
        "(L - 1)N + 1",
        members=2,
        most=8,
        writes=True,
        knobs=("synthesizer", "layers", "cite", "sources_only"),
    ),
    "all": StrategyRow(
        "all",
        "all_members",
        "every answer, side by side",
        "N + judges x orders",
        one_answer=False,
        knobs=("judges", "criteria", "reference", "duels", "self_judging", "extract"),
    ),
}


def offered() -> list[str]:
    """The strategies of ours that give one answer, and so can be an ensemble's."""
    return [name for name, row in STRATEGIES.items() if row.one_answer]


OWN = {
    "probe": StrategyRow("probe", "probe", "each model once, to see it", "N", one_answer=False),
    "replay": StrategyRow(
        "replay",
        "replay",
        "one model, beside a logged answer",
        "1 + 2J",
        most=1,
        one_answer=False,
        knobs=("judges", "criteria", "self_judging", "extract", "expect"),
    ),
}
"""What ultra itself runs; nobody can ask for it by name."""


def strategy_row(name: str) -> StrategyRow:
    """The row of a strategy, a plug-in's where ultra has none of the name.

    Raises `UsageError` for an unknown one, naming the nearest, and `ConfigError` for a plug-in that
    cannot be loaded.
    """
    row = STRATEGIES.get(name) or OWN.get(name)
    if row is not None:
        return row
    from ultra.core.plugins import plugin, plugin_names  # noqa: PLC0415 - importlib.metadata: 39 ms

    found = plugin(name)
    if found is not None:
        return found.row
    raise unknown(name, plugin_names())


def unknown(name: str, more: Sequence[str] = ()) -> UsageError:
    """What to say to a user who asks for a strategy that there is not; `more` are plug-ins."""
    known = [*STRATEGIES, *more]
    return UsageError(
        f"there is no strategy `{name}`",
        hint=did_you_mean(name, known) or f"there are: {', '.join(known)}",
    )

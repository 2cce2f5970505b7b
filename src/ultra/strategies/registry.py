"""Every strategy by its name on the command line: one more is one more row."""

from importlib import import_module
from typing import cast

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.ports import Strategy
from ultra.core.text import did_you_mean
from ultra.strategies.checked import checked


class StrategyRow(Struct, frozen=True):
    """Where a strategy stands and what it needs.

    `calls` is the formula of the calls it makes of N members, as `--dry-run` shows it. `writes`
    says that it adds an analysis, its repair and a writer to its members' calls, `in_order` that a
    later member is asked only when the one before failed, `judged` that it needs judges. `members`
    is the fewest it works with.
    """

    module: str
    function: str
    summary: str
    calls: str
    members: int = 1
    writes: bool = False
    in_order: bool = False
    one_answer: bool = True
    judged: bool = False


STRATEGIES: dict[str, StrategyRow] = {
    "single": StrategyRow("single", "single", "one model answers", "1", in_order=True),
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
    ),
    "vote": StrategyRow("vote", "vote", "what the answers come to is counted", "N", members=2),
    "best-of": StrategyRow(
        "best_of",
        "best_of",
        "judges rank the answers, the best is given word for word",
        "N + judges x orders",
        members=2,
        judged=True,
    ),
    "council": StrategyRow(
        "council",
        "council",
        "members answer and rank each other, a chairman writes",
        "2N + 1",
        members=3,
        writes=True,
    ),
    "usc": StrategyRow(
        "usc", "usc", "one model says which answer agrees most with the others", "N + 2", members=2
    ),
    "pipeline": StrategyRow(
        "pipeline",
        "pipeline",
        "one model answers, a safety and a quality gate let it through or send it back",
        "3 to 9",
        judged=True,
    ),
    "cascade": StrategyRow(
        "cascade", "cascade", "cheap models first, the next when the check fails", "1 to 2N - 1"
    ),
    "debate": StrategyRow(
        "debate",
        "debate",
        "members answer, read each other, answer again, vote (experimental)",
        "N to 3N",
        members=2,
    ),
    "moa": StrategyRow(
        "moa",
        "moa",
        "members answer, answer again after reading all, one model writes",
        "(L - 1)N + 1",
        members=2,
        writes=True,
    ),
    "all": StrategyRow("all", "all_members", "every answer, side by side", "N", one_answer=False),
}


OWN = {"probe": StrategyRow("probe", "probe", "each model once, to see it", "N", one_answer=False)}
"""What ultra itself runs; nobody can ask for it by name."""


def strategy_row(name: str) -> StrategyRow:
    """The row of a strategy. Raises `UsageError` for an unknown one, naming the nearest."""
    if name in OWN:
        return OWN[name]
    if name not in STRATEGIES:
        raise UsageError(
            f"there is no strategy `{name}`",
            hint=did_you_mean(name, STRATEGIES) or f"there are: {', '.join(STRATEGIES)}",
        )
    return STRATEGIES[name]


def load_strategy(name: str) -> Strategy:
    """The strategy itself, imported when it is first wanted, with answers held to their schema."""
    row = strategy_row(name)
    module = import_module(f"ultra.strategies.{row.module}")
    return checked(cast("Strategy", vars(module)[row.function]))

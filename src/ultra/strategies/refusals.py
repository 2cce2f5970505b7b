"""What a strategy cannot do anything with, found out before anything is spent."""

from collections.abc import Sequence

from ultra.core.errors import UsageError
from ultra.core.model import Method, Target
from ultra.core.strategies import strategy_row

MOST_LAYERS = 3
"""More cost more and change less. Source: arXiv 2406.04692, which stops at three."""


def check_method(strategy: str, members: Sequence[Target], method: Method) -> None:
    """Raise `UsageError` for members and a method that do not make sense together."""
    row = strategy_row(strategy)
    if len(members) < row.members:
        raise UsageError(
            f"strategy `{strategy}` needs at least {row.members} models, not {len(members)}",
            hint=_more(strategy, len(members)),
        )
    if row.most is not None and len(members) > row.most:
        raise UsageError(
            f"strategy `{strategy}` takes {_one_or(row.most, 'model')}, not {len(members)}",
            hint="`--strategy first` races them, `fallback` takes them in order",
        )
    if row.judged and not method.judges:
        raise UsageError(
            f"strategy `{strategy}` needs a judge",
            hint="name one that is no member with `--judge`, or in the profile's `defaults.judge`",
        )
    if row.most_judges is not None and len(method.judges) > row.most_judges:
        raise UsageError(
            f"strategy `{strategy}` asks {_one_or(row.most_judges, 'judge')},"
            f" not {len(method.judges)}",
            hint="several judges rank answers with `--strategy best-of`",
        )
    if row.counts and method.extract is None:
        raise UsageError(
            f"strategy `{strategy}` has to know what to compare",
            hint="say it with `--extract`: number, choice, exact, json:PATH or regex:PATTERN",
        )
    if "layers" in row.knobs and not 2 <= method.layers <= MOST_LAYERS:
        raise UsageError(f"`--layers` takes 2 to {MOST_LAYERS}, not `{method.layers}`")
    if "min_share" in row.knobs and not 0 <= method.min_share <= 1:
        raise UsageError(f"`--min-share` takes a share from 0 to 1, not `{method.min_share:g}`")
    _check_people(strategy, members, method)


def check_passable(
    strategy: str, members: Sequence[Target], method: Method, *, schema: bool
) -> None:
    """Raise `UsageError` for a cascade that could not tell a good answer from a bad one.

    And for an answer of a schema that is to cite as well.
    """
    if strategy == "cascade":
        from ultra.strategies.cascade import check_verifiable  # noqa: PLC0415 - judges, as below

        check_verifiable(members, method, schema=schema)
    elif method.cite and schema:
        from ultra.strategies.writing import check_writable  # noqa: PLC0415 - for writers alone

        check_writable(method, schema=schema)


def _check_people(strategy: str, members: Sequence[Target], method: Method) -> None:
    """Whether everybody who is to judge has something left to judge."""
    judging = strategy == "best-of" or (strategy == "all" and method.judges)
    if judging and not method.self_judging:
        # Judges know the evaluation of ballots, which a plain run has no use for.
        from ultra.strategies.panels import check_judges  # noqa: PLC0415

        check_judges(method.judges, members)
    elif strategy == "council":
        from ultra.strategies.council import check_council  # noqa: PLC0415

        check_council(members)
    elif strategy == "pipeline":
        from ultra.strategies.pipeline import check_gates  # noqa: PLC0415

        check_gates(method.judges, members[0], self_judging=method.self_judging)


def _one_or(most: int, what: str) -> str:
    return f"one {what}" if most == 1 else f"at most {most} {what}s"


def _more(strategy: str, members: int) -> str:
    if strategy == "council" and members == 2:
        return "two answers are for `--strategy best-of` with a `--judge`, or for `fusion`"
    return "name more with `-m`; the same model twice gives two samples"

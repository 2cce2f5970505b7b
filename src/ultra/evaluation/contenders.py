"""The models behind the answers: each counts as one, however many samples it gave.

Whatever repeats (orders, rotations, samples) is averaged before any statistic sees it, so that an
interval is over things that were drawn apart: the judges, or the samples of one model.
"""

from collections.abc import Sequence
from math import fsum, isclose
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.verdict import Ballot, Check, Contender
from ultra.evaluation.ballots import leaders, standings

if TYPE_CHECKING:
    from ultra.evaluation.statistics import Interval

ONE_JUDGE = "one judge on one prompt tells no interval"
ALIKE = "judges that all say the same tell no interval: there is no spread to reckon it from"


class Field(Struct, frozen=True):
    """All contenders, best first where judged; `unmeasured` says why a score has no interval."""

    contenders: tuple[Contender, ...]
    unmeasured: str = ""


def field_of(
    answers: Sequence[Answer],
    ballots: Sequence[Ballot],
    checks: Sequence[Check],
    *,
    intervals: bool = True,
) -> Field:
    """The models of some usable answers, with what judges and expectations made of them."""
    scores = {
        judge: {one.call_id: one.score for one in standings(list(own))}
        for judge, own in _by_judge(ballots).items()
    }
    field = [_judged(_checked(one, checks), list(scores.values())) for one in by_model(answers)]
    field, unmeasured = _with_intervals(field, scores) if intervals else (field, "")
    return Field(tuple(sorted(field, key=lambda one: -(one.score or 0.0))), unmeasured)


def by_model(answers: Sequence[Answer]) -> list[Contender]:
    """The models with the calls of their samples, in the order asked for."""
    calls: dict[tuple[str, str], list[str]] = {}
    for answer in answers:
        who = (answer.name, f"{answer.provider}:{answer.model}")
        calls.setdefault(who, []).append(answer.call_id)
    return [Contender(name, model, tuple(own)) for (name, model), own in calls.items()]


def winner_of(field: Field, ballots: Sequence[Ballot]) -> str | None:
    """The call of the model that the judges put first; None without ballots and in a tie.

    Of models with equal scores the one that more ballots prefer leads; of a model's samples the
    best one speaks for it.
    """
    judged = [one for one in field.contenders if one.score is not None]
    if not judged:
        return None
    best = judged[0].score or 0.0
    ahead = [one for one in judged if isclose(one.score or 0.0, best)]
    if len(ahead) > 1:
        leading = set(leaders(ballots))
        ahead = [one for one in ahead if leading & set(one.call_ids)]
    if len(ahead) != 1:
        return None
    return next(one.call_id for one in standings(ballots) if one.call_id in ahead[0].call_ids)


def agreement_of(groups: Sequence[Sequence[str]], answers: Sequence[Answer]) -> float:
    """The share of the models, 0..1, that come to what most come to; abstentions count as apart.

    Each model counts as one, its samples as parts of it. `groups` are ids of calls.
    """
    models = by_model(answers)
    weight = {call: 1.0 / len(one.call_ids) for one in models for call in one.call_ids}
    return max((fsum(weight[call] for call in group) for group in groups), default=0.0) / len(
        models
    )


def _by_judge(ballots: Sequence[Ballot]) -> dict[str, list[Ballot]]:
    found: dict[str, list[Ballot]] = {}
    for ballot in ballots:
        found.setdefault(ballot.judge, []).append(ballot)
    return found


def _checked(contender: Contender, checks: Sequence[Check]) -> Contender:
    met: dict[str, bool] = {}
    for check in checks:
        if check.call_id in contender.call_ids:
            met[check.call_id] = met.get(check.call_id, True) and check.met
    return replace(contender, passed=sum(met.values()), checked=len(met))


def _of_judges(contender: Contender, scores: Sequence[dict[str, float]]) -> list[float]:
    """What each judge gives the samples of a model on average, for those that judged any."""
    given = [[own[call] for call in contender.call_ids if call in own] for own in scores]
    return [fsum(values) / len(values) for values in given if values]


def _judged(contender: Contender, scores: Sequence[dict[str, float]]) -> Contender:
    means = _of_judges(contender, scores)
    score = fsum(means) / len(means) if means else None
    return replace(contender, score=score, judges=len(means))


def _with_intervals(
    field: Sequence[Contender], scores: dict[str, dict[str, float]]
) -> tuple[list[Contender], str]:
    """The field with intervals, where there is enough to reckon them from; else why not."""
    repeated = any(one.checked > 1 for one in field)
    if not repeated and len(scores) < 2:
        return list(field), ONE_JUDGE if scores else ""
    try:
        # scipy takes a second to import, which only who judges or repeats has a use for.
        from ultra.evaluation.statistics import mean_interval, wilson  # noqa: PLC0415
    except UsageError as error:
        return list(field), f"no intervals without scipy: {error.hint}"
    measured = []
    for one in field:
        share = wilson(one.passed, one.checked) if one.checked > 1 else None
        given = _of_judges(one, list(scores.values()))
        score = mean_interval(given) if max(given, default=0.0) > min(given, default=0.0) else None
        measured.append(_measured(one, share, score))
    if len(scores) == 1:
        return measured, ONE_JUDGE
    alike = any(one.judges > 1 and one.low is None for one in measured)
    return measured, ALIKE if alike else ""


def _measured(one: Contender, share: "Interval | None", score: "Interval | None") -> Contender:
    return replace(
        one,
        low=max(0.0, score.low) if score else None,
        high=min(1.0, score.high) if score else None,
        pass_low=share.low if share else None,
        pass_high=share.high if share else None,
    )

"""What picks, ballots and expectations come to for the models behind the answers."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import fsum

from msgspec.structs import replace

from ultra.core.candidates import TIERS, USUAL_TIER, Judged
from ultra.core.contests import Contest, Entry, Meeting, Ranked, Ranking, Timed
from ultra.core.errors import UsageError
from ultra.core.estimates import quantile
from ultra.core.verdict import Ballot
from ultra.evaluation.ballots import leaders

ENOUGH = 30
"""Prompts from which models are ranked; below, an interval is all that is said of a strength."""

LEAST = 15
"""Prompts from which there are intervals. Simulated, for two models judged in both orders: those of
15 prompts cover the truth in 0.92 of cases, those of 10 in 0.83, where 0.95 is what they say."""


CHECKED = 10
"""Prompts with expectations from which a model's accuracy is taken for measured."""


def meetings(contest: Contest) -> list[Meeting]:
    """Every pair of answers of two models that something parted, or found alike."""
    return [*_picks(contest), *_ballots(contest), *_checks(contest)]


def accepted(contest: Contest) -> dict[str, bool]:
    """Whether each answer was good enough, by its call: the user's word goes before all others.

    Where nobody picked, the expectations; where there are none, who leads by the judges' ballots,
    and that of a tie nobody. Answers about which nothing of this is known are left out.
    """
    if contest.picked is not None:
        return {one.call_id: one.call_id == contest.picked for one in contest.entries}
    checked = {one.call_id: one.met for one in contest.entries if one.met is not None}
    if checked:
        return checked
    best = leaders(contest.ballots)
    shown = {call for ballot in contest.ballots for call in ballot.display_order}
    return {call: best == [call] for call in shown}


def worths(contests: Iterable[Contest], tiers: Mapping[str, float]) -> dict[str, Judged]:
    """What a model's answers are worth, 0 to 1 each, by model; each prompt counts once.

    An answer held to expectations is worth 1 or 0. Where answers were preferred to one another only
    the differences are known: they are laid around the mean of what the tiers say of those who met,
    as least squares has it for shares that are linear in strength; the sum is kept within its
    bounds. The user's word goes before expectations, and these before judges, as in `accepted`.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for contest in contests:
        for model, worth in _worths(contest, tiers).items():
            found.setdefault((model, contest.prompt), []).append(worth)
    total: dict[str, Judged] = {}
    for (model, _), several in found.items():
        before = total.get(model, Judged())
        good = before.good + fsum(several) / len(several)
        total[model] = Judged(good, before.prompts + 1)
    return {
        model: Judged(min(float(one.prompts), max(0.0, one.good)), one.prompts)
        for model, one in total.items()
    }


def accuracies(contests: Iterable[Contest]) -> dict[str, float]:
    """How often (0..1) each model's answers met their expectations, of those held to enough.

    Each prompt counts once; the share is that of Laplace's rule of succession, so that ten of ten
    is not certainty.
    """
    found: dict[str, dict[str, list[bool]]] = {}
    for contest in contests:
        for one in contest.entries:
            if one.met is not None:
                prompts = found.setdefault(one.model, {})
                prompts.setdefault(contest.prompt, []).append(one.met)
    return {
        model: (1 + fsum(sum(met) / len(met) for met in prompts.values())) / (2 + len(prompts))
        for model, prompts in found.items()
        if len(prompts) >= CHECKED
    }


def _worths(contest: Contest, tiers: Mapping[str, float]) -> dict[str, float]:
    held = [one for one in contest.entries if one.met is not None]
    if contest.picked is None and held:
        met: dict[str, list[bool]] = {}
        for one in held:
            met.setdefault(one.model, []).append(bool(one.met))
        return {model: sum(several) / len(several) for model, several in met.items()}
    shares: dict[str, list[float]] = {}
    for row in _picks(contest, others=True) if contest.picked else _ballots(contest):
        shares.setdefault(row.first, []).append(row.share)
        shares.setdefault(row.second, []).append(1.0 - row.share)
    if not shares:
        return {}
    middle = fsum(tiers.get(model, TIERS[USUAL_TIER]) for model in shares) / len(shares)
    part = (len(shares) - 1) / len(shares)
    return {
        model: middle + (fsum(several) / len(several) - 0.5) * part
        for model, several in shares.items()
    }


def rankings(contests: Sequence[Contest], timed: Sequence[Timed]) -> list[Ranking]:
    """The models ranked, apart for groups that never met each other, the largest group first."""
    took: dict[str, list[float]] = {}
    for one in timed:
        took.setdefault(one.model, []).append(one.duration_s)
    slow = {model: quantile(durations, 0.95) for model, durations in took.items()}
    met = [(contest, meetings(contest)) for contest in contests]
    groups = _groups(contests, [one for _, several in met for one in several])
    found = []
    for group in groups:
        own = [one for one in contests if any(entry.model in group for entry in _known(one))]
        rows = [one for _, several in met for one in several if one.first in group]
        models = [_figures(model, own, rows, slow.get(model)) for model in sorted(group)]
        found.append(_measured(models, rows))
    return sorted(found, key=lambda one: (-one.prompts, -len(one.models)))


def _picks(contest: Contest, *, others: bool = False) -> list[Meeting]:
    """The answer that was chosen against each of the others, as they were shown.

    With `others` these are level with each other, of whom nothing else is known.
    """
    place = {one.call_id: at for at, one in enumerate(contest.entries)}
    if contest.picked not in place:
        return []
    found = []
    for left, right in combinations(contest.entries, 2):
        if left.model == right.model:
            continue
        if contest.picked in (left.call_id, right.call_id):
            share = float(left.call_id == contest.picked)
            found.append(Meeting(contest.prompt, left.model, right.model, share))
        elif others:
            found.append(Meeting(contest.prompt, left.model, right.model, 0.5))
    return found


def _ballots(contest: Contest) -> list[Meeting]:
    model = {one.call_id: one.model for one in contest.entries}
    shares = [
        (left, right, _share(ballot, left, right))
        for ballot in contest.ballots
        for left, right in combinations(ballot.display_order, 2)
        if left in model and right in model and model[left] != model[right]
    ]
    return [
        Meeting(contest.prompt, model[left], model[right], share)
        for left, right, share in shares
        if share is not None
    ]


def _share(ballot: Ballot, left: str, right: str) -> float | None:
    """What the one shown first won; None where the judge was to name one, and named a third."""
    if not ballot.ranking:
        return 0.5
    place = {call: at for at, call in enumerate(ballot.ranking)}
    last = len(ballot.ranking)
    ahead, behind = place.get(left, last), place.get(right, last)
    return None if ahead == behind else float(ahead < behind)


def _checks(contest: Contest) -> list[Meeting]:
    """Answers of which one met the expectations and the other did not, or both, or neither."""
    held = [one for one in contest.entries if one.met is not None]
    return [
        Meeting(
            contest.prompt,
            left.model,
            right.model,
            0.5 + (bool(left.met) - bool(right.met)) / 2,
            ordered=False,
        )
        for left, right in combinations(held, 2)
        if left.model != right.model
    ]


def _known(contest: Contest) -> list[Entry]:
    """The entries that something is known of."""
    shown = {call for ballot in contest.ballots for call in ballot.display_order}
    chosen = contest.picked is not None
    return [one for one in contest.entries if chosen or one.met is not None or one.call_id in shown]


def _groups(contests: Iterable[Contest], met: Iterable[Meeting]) -> list[set[str]]:
    """The models, those together that met each other directly or through others."""
    groups = {entry.model: {entry.model} for one in contests for entry in _known(one)}
    for meeting in met:
        one, other = groups[meeting.first], groups[meeting.second]
        if one is not other:
            one |= other
            groups.update(dict.fromkeys(other, one))
    return list({id(group): group for group in groups.values()}.values())


def _figures(
    model: str, contests: Sequence[Contest], met: Sequence[Meeting], p95_s: float | None
) -> Ranked:
    mine = [(one, [entry for entry in _known(one) if entry.model == model]) for one in contests]
    mine = [(one, entries) for one, entries in mine if entries]
    judged = [
        one.share if one.first == model else 1.0 - one.share
        for contest, _ in mine
        for one in _ballots(contest)
        if model in (one.first, one.second)
    ]
    entries = [entry for _, own in mine for entry in own]
    verdicts = [
        (entry, good[entry.call_id])
        for contest, own in mine
        for good in [accepted(contest)]
        for entry in own
        if entry.call_id in good
    ]
    took = sum(good for _, good in verdicts)
    costs = [entry.cost_nano for entry, _ in verdicts]
    known = sum(cost for cost in costs if cost is not None)
    return Ranked(
        model,
        len({one.prompt for one, _ in mine}),
        sum(one.picked in {entry.call_id for entry in own} for one, own in mine),
        sum(one.picked is not None for one, _ in mine),
        fsum(judged) / len(judged) if judged else None,
        len(judged),
        sum(bool(entry.met) for entry in entries),
        sum(entry.met is not None for entry in entries),
        took,
        len(verdicts),
        round(known / took) if took and None not in costs else None,
        p95_s,
        simulated=any(entry.simulated for entry in entries),
    )


def _measured(models: Sequence[Ranked], met: Sequence[Meeting]) -> Ranking:
    """The models with strengths as far as there is enough to reckon them from."""
    prompts = len({one.prompt for one in met})
    if len(models) < 2:
        return Ranking(tuple(models), prompts, unmeasured="it met no other model")
    if prompts < LEAST:
        so_many = f"{prompts} prompt{'' if prompts == 1 else 's'}"
        few = f"too few: {so_many}, of {LEAST} for intervals and {ENOUGH} for a ranking"
        return Ranking(tuple(models), prompts, unmeasured=few)
    try:
        # statsmodels takes seconds to import, which only who ranks has a use for.
        from ultra.evaluation.ratings import bradley_terry  # noqa: PLC0415
    except UsageError as error:
        return Ranking(tuple(models), prompts, unmeasured=f"{error.message}; {error.hint}")
    rated = bradley_terry(met)
    place = {one.model: (at, one) for at, one in enumerate(rated.ratings, start=1)}
    enough = prompts >= ENOUGH
    told = [
        replace(
            one,
            strength=place[one.model][1].strength if enough else None,
            low=place[one.model][1].low,
            high=place[one.model][1].high,
            rank=place[one.model][0] if enough else None,
        )
        for one in models
    ]
    if enough:
        told.sort(key=lambda one: one.rank or 0)
    why = [] if enough else [f"too few for a ranking: {prompts} prompts, of {ENOUGH}"]
    if rated.order_effect is None and any(one.ordered for one in met):
        why.append("all were shown in one order, whose effect is part of the strengths")
    effect = rated.order_effect if enough else None
    return Ranking(tuple(told), prompts, effect, "; ".join(why))

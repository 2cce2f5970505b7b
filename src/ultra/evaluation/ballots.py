"""What judges' ballots come to. Nothing here is guessed: a ranking that is none is refused."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, permutations, product
from math import fsum, isclose

from ultra.core.contests import Meeting
from ultra.core.errors import UsageError
from ultra.core.text import one_line
from ultra.core.verdict import Ballot, Standing

SHOWN = 40
"""Characters of a label that are quoted: a judge may have written anything there."""


def why_no_ranking(ranking: Sequence[str], shown: Sequence[str]) -> str | None:
    """Why labels are no ranking of exactly those shown; None when they are."""
    twice = sorted({label for label in ranking if list(ranking).count(label) > 1})
    unknown = [label for label in ranking if label not in shown]
    missing = [label for label in shown if label not in ranking]
    for fault, labels in (("twice", twice), ("unknown", unknown), ("missing", missing)):
        if labels:
            return f"{fault} in the ranking: {', '.join(one_line(one, SHOWN) for one in labels)}"
    return None


def standings(ballots: Sequence[Ballot]) -> list[Standing]:
    """Answers by mean normalised Borda score, best first; equals in the order first shown.

    The best of n gets 1, the worst 0, whatever n is, so that a judge who was shown fewer weighs as
    much; a tie gives each one half. For duels it is the share of wins, whose order is that of the
    Bradley-Terry strengths where each pair met equally often (Bühlmann and Huber, 1963).
    Source: J.-C. de Borda (1781), Mémoire sur les élections au scrutin.
    """
    scores: dict[str, list[float]] = {}
    for ballot in ballots:
        for call_id in ballot.display_order:
            scores.setdefault(call_id, []).append(_score(ballot, call_id))
    found = [Standing(name, fsum(given) / len(given), len(given)) for name, given in scores.items()]
    return sorted(found, key=lambda standing: -standing.score)


def leaders(ballots: Sequence[Ballot]) -> list[str]:
    """Who leads: by score, then by pairwise majority; several when even that leaves a tie."""
    best = _best({one.call_id: one.score for one in standings(ballots)})
    beaten = {
        right if margin > 0 else left
        for left, right in combinations(best, 2)
        if (margin := _margin(ballots, left, right))
    }
    return [call_id for call_id in best if call_id not in beaten] or best


def foremost(ballots: Sequence[Ballot]) -> list[str]:
    """Who leads by strength, then by the most pairwise majorities; several for a tie.

    Strength is the score. Only of duels in which not everybody met everybody equally often in both
    orders does it depend on whom one met: it is then by Bradley-Terry with the order as covariate,
    where statsmodels is installed. Source: A. H. Copeland (1951), A reasonable social welfare
    function.
    """
    scores = {one.call_id: one.score for one in standings(ballots)}
    best = _best(_strengths(ballots) or scores)
    wins = {
        name: sum(_sign(_margin(ballots, name, other)) for other in scores if other != name)
        for name in best
    }
    most = max(wins.values(), default=0)
    return [name for name in best if wins[name] == most]


def concordance(ballots: Sequence[Ballot]) -> float | None:
    """Kendall's W, 0..1, of ballots on which every pair met equally often, all or in parts.

    None with fewer than two ballots, or where the pairs met unequally often. Where each ballot
    leaves one answer out, that of who cast it, W is Durbin's. Source: M. G. Kendall and B.
    Babington Smith (1939), The problem of m rankings; J. Durbin (1951), Incomplete blocks in
    ranking experiments.
    """
    ranked = [ballot.ranking for ballot in ballots if ballot.ranking]
    names = sorted({name for ranking in ranked for name in ranking})
    met = {
        sum(left in ranking and right in ranking for ranking in ranked)
        for left, right in combinations(names, 2)
    }
    times = [sum(name in ranking for ranking in ranked) for name in names]
    if len(ranked) < 2 or len(met) != 1 or len(set(times)) != 1 or 0 in met:
        return None
    sums = [fsum(ranking.index(one) for ranking in ranked if one in ranking) for one in names]
    mean = fsum(sums) / len(names)
    spread = fsum((one - mean) ** 2 for one in sums)
    return 12.0 * spread / (met.pop() ** 2 * (len(names) ** 3 - len(names)))


def deviations(ballots: Sequence[Ballot]) -> dict[str, float]:
    """How far each judge stands from what all came to: the share (0..1) of pairs ordered otherwise.

    A pair that the judge or the result leaves tied counts half. Source: M. G. Kendall (1938), A new
    measure of rank correlation.
    """
    scores = {one.call_id: one.score for one in standings(ballots)}
    found: dict[str, list[float]] = {}
    for ballot in ballots:
        for left, right in combinations(ballot.display_order, 2):
            lead = 0.0 if isclose(scores[left], scores[right]) else scores[left] - scores[right]
            said = _sign(_margin([ballot], left, right))
            apart = 0.5 if not lead or not said else float((lead > 0) != (said > 0))
            found.setdefault(ballot.judge, []).append(apart)
    return {judge: fsum(apart) / len(apart) for judge, apart in found.items()}


def swap_consistency(ballots: Sequence[Ballot]) -> float | None:
    """How often (0..1) a judge prefers the same one of two whichever it is shown first.

    None where no judge saw a pair both ways; ties that nobody was asked for say nothing of it.
    """
    agreed: list[bool] = []
    for judge in {ballot.judge for ballot in ballots}:
        own = [ballot for ballot in ballots if ballot.judge == judge and ballot.call_id]
        names = sorted({name for ballot in own for name in ballot.display_order})
        for left, right in combinations(names, 2):
            met = [one for one in own if {left, right} <= set(one.display_order)]
            ahead = [one for one in met if _shown_first(one, left, right)]
            behind = [one for one in met if not _shown_first(one, left, right)]
            agreed += [
                _preferred(one, left, right) == _preferred(other, left, right)
                for one, other in product(ahead, behind)
            ]
    return sum(agreed) / len(agreed) if agreed else None


def _best(scores: dict[str, float]) -> list[str]:
    """Those with the highest score; sums of the same parts in another order are equal."""
    most = max(scores.values(), default=0.0)
    return [name for name, score in scores.items() if isclose(score, most, abs_tol=1e-9)]


def _strengths(ballots: Sequence[Ballot]) -> dict[str, float] | None:
    """Strengths of answers that met unequally often; None where scores do, or nothing better is."""
    met = Counter(ballot.display_order for ballot in ballots)
    names = sorted({name for ballot in ballots for name in ballot.display_order})
    even = len({met[pair] for pair in permutations(names, 2)}) < 2
    if even or any(len(order) != 2 for order in met):
        return None
    try:
        from ultra.evaluation.ratings import bradley_terry  # noqa: PLC0415 - an extra
    except UsageError:
        return None
    meetings = [
        Meeting(str(place), ballot.display_order[0], ballot.display_order[1], _share(ballot))
        for place, ballot in enumerate(ballots)
    ]
    return {one.model: one.strength for one in bradley_terry(meetings).ratings}


def _share(ballot: Ballot) -> float:
    """What the one shown first won of a duel."""
    if not ballot.ranking:
        return 0.5
    return float(ballot.ranking[0] == ballot.display_order[0])


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _score(ballot: Ballot, call_id: str) -> float:
    if not ballot.ranking:
        return 0.5
    last = len(ballot.ranking) - 1
    return (last - ballot.ranking.index(call_id)) / last if last else 1.0


def _margin(ballots: Sequence[Ballot], left: str, right: str) -> int:
    """How many more ballots prefer `left` to `right` than the other way round."""
    met = [one for one in ballots if {left, right} <= set(one.ranking)]
    return sum(1 if _preferred(one, left, right) == left else -1 for one in met)


def _preferred(ballot: Ballot, left: str, right: str) -> str | None:
    if not ballot.ranking:
        return None
    return left if ballot.ranking.index(left) < ballot.ranking.index(right) else right


def _shown_first(ballot: Ballot, left: str, right: str) -> bool:
    return ballot.display_order.index(left) < ballot.display_order.index(right)

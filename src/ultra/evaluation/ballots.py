"""What judges' ballots come to. Nothing here is guessed: a ranking that is none is refused."""

from collections.abc import Sequence
from itertools import combinations, product
from math import fsum

from ultra.core.verdict import Ballot, Standing


def why_no_ranking(ranking: Sequence[str], shown: Sequence[str]) -> str | None:
    """Why labels are no ranking of exactly those shown; None when they are."""
    twice = sorted({label for label in ranking if list(ranking).count(label) > 1})
    unknown = [label for label in ranking if label not in shown]
    missing = [label for label in shown if label not in ranking]
    for fault, labels in (("twice", twice), ("unknown", unknown), ("missing", missing)):
        if labels:
            return f"{fault} in the ranking: {', '.join(labels)}"
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
    ranked = standings(ballots)
    best = [one.call_id for one in ranked if one.score == ranked[0].score]
    beaten = {
        right if margin > 0 else left
        for left, right in combinations(best, 2)
        if (margin := _margin(ballots, left, right))
    }
    return [call_id for call_id in best if call_id not in beaten] or best


def concordance(ballots: Sequence[Ballot]) -> float | None:
    """Kendall's W, 0..1, of ballots that rank the same answers; None with fewer than two.

    Source: M. G. Kendall and B. Babington Smith (1939), The problem of m rankings.
    """
    ranked = [ballot.ranking for ballot in ballots if ballot.ranking]
    if len(ranked) < 2 or len({frozenset(ranking) for ranking in ranked}) > 1:
        return None
    judges, count = len(ranked), len(ranked[0])
    sums = [fsum(ranking.index(one) + 1.0 for ranking in ranked) for one in ranked[0]]
    mean = fsum(sums) / count
    spread = fsum((one - mean) ** 2 for one in sums)
    return 12.0 * spread / (judges**2 * (count**3 - count))


def swap_consistency(ballots: Sequence[Ballot]) -> float | None:
    """How often (0..1) a judge prefers the same one of two whichever it is shown first.

    None where no judge saw a pair both ways.
    """
    agreed: list[bool] = []
    for judge in {ballot.judge for ballot in ballots}:
        own = [ballot for ballot in ballots if ballot.judge == judge]
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

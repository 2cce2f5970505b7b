"""What votes weigh and what they come to. Nobody wins by having come first."""

from collections.abc import Sequence
from math import fsum, isclose, log
from statistics import median

from msgspec import Struct

SUREST = 0.99
"""The accuracy beyond which no measurement is believed, on either side: one voter of 0.9999 would
outweigh any number of others."""
LEAD = 0.1
"""How far the best voter may stand above the median before a vote is likely to be worse than it.
Source: simulated, accuracies .85, .6, .6: a plain majority is right in .814, the best alone .85."""


class Party(Struct, frozen=True):
    """Voters of one answer, by their places, with what they weigh and how good the best is.

    `quality` is the measured accuracy (0..1) of the best of them, 0 where none was measured.
    """

    places: tuple[int, ...]
    weight: float
    quality: float


def weight(accuracy: float, wrong: int) -> float:
    """What a vote is worth that is right so often (0..1), with so many `wrong` answers to choose.

    The log-odds plus the log of `wrong`, which makes the heaviest answer the likeliest where voters
    err independently; nothing for a voter who is no better than chance. Source: L. Shapley and
    B. Grofman (1984), Optimizing group judgmental accuracy.
    """
    sure = min(max(accuracy, 1.0 - SUREST), SUREST)
    return max(0.0, log(sure / (1.0 - sure)) + log(max(1, wrong)))


def weights(accuracies: Sequence[float | None], wrong: int) -> list[float]:
    """What each vote is worth: alike where nobody was measured, else one unknown as the mean."""
    known = [weight(one, wrong) for one in accuracies if one is not None]
    if not known:
        return [1.0 for _ in accuracies]
    usual = fsum(known) / len(known)
    return [usual if one is None else weight(one, wrong) for one in accuracies]


def parties(
    groups: Sequence[Sequence[int]],
    weighed: Sequence[float],
    accuracies: Sequence[float | None],
) -> list[Party]:
    """The groups as parties, heaviest first, of equals the one with the best voter first."""
    found = [
        Party(
            tuple(group),
            fsum(weighed[place] for place in group),
            max(accuracies[place] or 0.0 for place in group),
        )
        for group in groups
    ]
    return sorted(found, key=lambda one: (-one.weight, -one.quality, one.places[0]))


def tied(left: Party, right: Party) -> bool:
    """Whether neither weight nor the best voter parts two parties."""
    return isclose(left.weight, right.weight, abs_tol=1e-9) and left.quality == right.quality


def overshadowed(accuracies: Sequence[float | None]) -> bool:
    """Whether the best voter stands so far above the others that a vote may be worse than it."""
    known = [one for one in accuracies if one is not None]
    return len(known) > 2 and max(known) - median(known) > LEAD

"""What a simulated model holds of the labelled texts it is shown, with the biases asked for.

Of two texts the one shown first is preferred with the chance 1 / (1 + exp(-x)), where x = beta x
(difference in quality) + gamma + lam x (difference in hundreds of words) + kappa x (own text or
not); of more, gamma goes to the first. Ranks are drawn by adding a Gumbel variate to each text's
share of x. Source: R. D. Luce (1959), Individual choice behavior; J. I. Yellott (1977).
"""

import random
from math import exp, log
from typing import Any

from ultra.core.normalise import normalise
from ultra.providers.simulated.dials import MOST_ODDS, Dials
from ultra.providers.simulated.material import Piece, Told

BAR = 0.5
"""The quality that an answer shown alone is compared with: half-way from wrong (0) to right (1)."""

WORDS = 100
"""The words that `lam` is the log-odds of."""


def notes(told: Told, settings: Dials, model: str, dice: random.Random) -> dict[str, Any]:
    """What to put into the fields of a schema, by their names; empty where nothing is labelled.

    Of words in a tuple the first one that a field may hold is meant.
    """
    if not told.pieces:
        return {}
    worth = [_worth(told, at, settings, model) for at in range(len(told.pieces))]
    drawn = [one - log(-log(dice.random() or BAR)) for one in worth]  # 0 has no logarithm
    ranked = sorted(range(len(drawn)), key=lambda at: -drawn[at])
    labels = [piece.label for piece in told.pieces]
    best = [labels[at] for at in ranked]
    passes = dice.random() < _chance(worth[0] - settings.beta * BAR)
    return {
        **dict.fromkeys(("ranking", "ranked", "order"), best),
        **dict.fromkeys(("winner", "best", "choice", "label"), best[0]),
        **dict.fromkeys(("labels", "support", "sources"), labels),
        "groups": _groups(told.pieces),
        "verdict": ("pass",) if passes else ("fail", "revise", "block"),
    }


def _chance(odds: float) -> float:
    """The chance of log-odds, which may be so large that it is 0 or 1."""
    return 1.0 / (1.0 + exp(-max(-MOST_ODDS, min(odds, MOST_ODDS))))


def _worth(told: Told, at: int, settings: Dials, model: str) -> float:
    piece = told.pieces[at]
    return (
        settings.beta * _quality(told, piece)
        + settings.gamma * (at == 0)
        + settings.lam * len(piece.text.split()) / WORDS
        + settings.kappa * (piece.author == model)
    )


def _quality(told: Told, piece: Piece) -> float:
    """What the mark says; without one 1 for the right answer to a known question, else 0."""
    if piece.quality is not None:
        return piece.quality
    if told.question is None:
        return 0.0
    lines = [normalise(line) for line in piece.text.splitlines() if line.strip()]
    return float(normalise(told.question.right) in lines[-1:])


def _groups(pieces: tuple[Piece, ...]) -> list[list[str]]:
    """Labels of texts that are the same but for case, width, spacing and marks."""
    found: dict[str, list[str]] = {normalise(piece.text): [] for piece in pieces}
    for piece in pieces:
        found[normalise(piece.text)].append(piece.label)
    return list(found.values())

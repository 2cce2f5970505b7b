"""Answers made anonymous and fenced, so that neither a name nor an instruction inside sways anyone.

Labels come from a permutation that is fixed by run, step and reader; every fence carries a nonce
that no member can have known.
"""

import random
from collections.abc import Sequence

from msgspec import Struct

from ultra.core.answer import Answer

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NONCE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
NONCE_LENGTH = 12


class Labelled(Struct, frozen=True):
    """Answers under labels, in the order to show them, and the nonce of their fences."""

    order: tuple[tuple[str, Answer], ...]
    nonce: str

    def refenced(self, seed: int, step: str) -> "Labelled":
        """The same labels between new fences, for a reader after one who has seen these."""
        return fenced_in_order(self.order, seed, step)

    def fenced(self) -> str:
        """Every answer between fences of its own, whole: nothing is cut."""
        return "\n\n".join(
            f"<answer-{self.nonce} label={label}>\n{answer.text}\n</answer-{self.nonce}>"
            for label, answer in self.order
        )


def labelled(answers: Sequence[Answer], seed: int, step: str) -> Labelled:
    """Label the answers A, B, ... Z, AA, ... in an order drawn from `seed` and `step` alone."""
    rng = random.Random(f"{seed}:{step}")  # noqa: S311 - must be repeatable; the seed is the secret
    shuffled = list(answers)
    rng.shuffle(shuffled)
    return Labelled(lettered(shuffled), _nonce(rng, [answer.text for answer in answers]))


def lettered(answers: Sequence[Answer]) -> tuple[tuple[str, Answer], ...]:
    """The answers under A, B, ... Z, AA, ... as they stand."""
    return tuple((_label(at), answer) for at, answer in enumerate(answers))


def fenced_in_order(order: Sequence[tuple[str, Answer]], seed: int, step: str) -> Labelled:
    """Answers that have their labels, between fences drawn from `seed` and `step` alone."""
    rng = random.Random(f"{seed}:{step}")  # noqa: S311 - must be repeatable
    return Labelled(tuple(order), _nonce(rng, [answer.text for _, answer in order]))


def _label(at: int) -> str:
    """The label at a place from 0, counted as spreadsheets count columns."""
    more, letter = divmod(at, len(_LETTERS))
    return (_label(more - 1) if more else "") + _LETTERS[letter]


def _nonce(rng: random.Random, texts: Sequence[str]) -> str:
    """A nonce that stands in none of the texts."""
    while True:
        nonce = "".join(rng.choice(_NONCE_ALPHABET) for _ in range(NONCE_LENGTH))
        if not any(nonce in text for text in texts):
            return nonce

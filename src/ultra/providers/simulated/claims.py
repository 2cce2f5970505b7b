"""Numbers that a simulated model claims, and what one makes of those it is shown."""

import random
import re
from collections.abc import Sequence

_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_SAYING = ("One measurement gives {}.", "The figure is {}.", "It was put at {}.")
_SMALLEST, _LARGEST = 1_000, 999_999


def stated(count: int, shared: random.Random, own: random.Random) -> str:
    """So many claims of a pool of twice as many, which is the same for all who are asked the same.

    Empty for none.
    """
    pool = shared.sample(range(_SMALLEST, _LARGEST), 2 * count)
    return " ".join(own.choice(_SAYING).format(number) for number in own.sample(pool, count))


def gathered(texts: Sequence[str], p_invent: float, dice: random.Random) -> str:
    """Every number of the texts once, each followed by an invented one with the chance `p_invent`.

    Thousands are written with a comma or without, as it comes. Empty where the texts hold none.
    """
    found = (number for text in texts for number in _NUMBER.findall(text))
    known = list(dict.fromkeys(number.replace(",", "") for number in found))
    said: list[str] = []
    for number in known:
        said.append(_said(number, dice))
        if dice.random() < p_invent:
            said.append(_said(_invented(known, dice), dice))
    return " ".join(said)


def _said(number: str, dice: random.Random) -> str:
    whole, dot, part = number.partition(".")
    written = f"{int(whole):,}{dot}{part}" if dice.random() < 0.5 else number
    return dice.choice(_SAYING).format(written)


def _invented(known: Sequence[str], dice: random.Random) -> str:
    while (number := str(dice.randrange(_SMALLEST, _LARGEST))) in known:
        pass
    return number

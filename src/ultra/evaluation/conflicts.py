"""Numbers that answers state differently, by what they are numbers of. Nothing is weighed here."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from ultra.core.normalise import normalise
from ultra.core.verdict import Conflict, Stated
from ultra.evaluation.agreement import sentences
from ultra.evaluation.extraction import Amount, amounts

_GAP = "#"
_UNIT_NAMES = {"g": "mass", "m": "length", "l": "volume", "s": "time", "%": "percent"}

Said = dict[str, str]
"""Values by what equal ones share, in the words of whoever states them."""


def conflicts(texts: Sequence[str], call_ids: Sequence[str]) -> tuple[Conflict, ...]:
    """Where two answers each state a number that the other does not, about the same.

    The same is one unit (`400 mg` and `0.4 g` are equal, `4000 mg` is neither), else a sentence
    that differs in nothing but its numbers, else the only number that an answer has. What all
    state is no conflict.
    """
    callers: dict[str, list[str]] = {}
    for text, call_id in zip(texts, call_ids, strict=True):
        callers.setdefault(text, []).append(call_id)
    order = {call_id: place for place, call_id in enumerate(call_ids)}
    found = [amounts(_told(text)) for text in callers]
    units = list(dict.fromkeys(one.unit for told in found for one in told if one.unit))
    claims: list[tuple[str, list[Said]]] = [
        (_UNIT_NAMES.get(unit, unit), [_in_unit(told, unit) for told in found]) for unit in units
    ]
    claims += _alike_but_for_numbers(list(callers))
    who = list(callers.values())
    stated = [_conflict(about, said, who, order) for about, said in claims]
    if not any(stated):
        stated = [_conflict("the only number", [_only(told) for told in found], who, order)]
    return tuple(one for one in stated if one is not None)


def _told(text: str) -> str:
    """The text without the marks of its lists, whose numbers count nothing."""
    return "\n".join(sentences(text))


def _in_unit(told: Sequence[Amount], unit: str) -> Said:
    return {one.key: one.written for one in reversed(told) if one.unit == unit}


def _only(told: Sequence[Amount]) -> Said:
    """The number of an answer that states one alone and none in a known unit."""
    said = {one.key: one.written for one in told}
    return said if len(said) == 1 and not any(one.unit for one in told) else {}


def _alike_but_for_numbers(texts: Sequence[str]) -> list[tuple[str, list[Said]]]:
    """Every sentence with a gap for each bare number, and what each answer puts there."""
    frames: dict[str, list[Said]] = {}
    for place, text in enumerate(texts):
        for sentence in sentences(text):
            bare = [one for one in amounts(sentence) if not one.unit]
            frame = normalise(_with_gaps(sentence, bare))
            if bare and frame.replace(_GAP, "").strip():
                said = frames.setdefault(frame, [{} for _ in texts])
                key = " ".join(one.key for one in bare)
                said[place][key] = ", ".join(one.written for one in bare)
    return list(frames.items())


def _with_gaps(sentence: str, bare: Sequence[Amount]) -> str:
    for one in reversed(bare):
        sentence = sentence[: one.start] + _GAP + sentence[one.start + len(one.written) :]
    return sentence


def _conflict(
    about: str, said: Sequence[Said], who: Sequence[Sequence[str]], order: Mapping[str, int]
) -> Conflict | None:
    """What texts say, each given by one or more calls, which are named in their own `order`."""
    if not any(
        left.keys() - right.keys() and right.keys() - left.keys()
        for left, right in combinations([one for one in said if one], 2)
    ):
        return None
    speaking = [one for one in said if one]
    everywhere = set(speaking[0]).intersection(*speaking[1:])
    values: dict[str, list[int]] = {}
    for place, one in enumerate(said):
        for key in one:
            if key not in everywhere:
                values.setdefault(key, []).append(place)
    return Conflict(
        about,
        tuple(
            Stated(
                said[places[0]][key],
                tuple(
                    sorted((one for place in places for one in who[place]), key=order.__getitem__)
                ),
            )
            for key, places in values.items()
        ),
    )

"""What a simulated model says to a question it does not know: plausible, seeded, and empty."""

import random
import re

_SUBJECTS = (
    "The first thing to settle",
    "A common approach",
    "Most of the difficulty",
    "What usually decides it",
    "The simplest version",
    "A careful reader",
    "The measured effect",
    "Every later step",
)
_VERBS = (
    "depends on",
    "starts from",
    "comes down to",
    "is limited by",
    "can be traced to",
    "follows from",
    "is best explained by",
    "leaves room for",
)
_OBJECTS = (
    "the order in which things happen",
    "a small number of clear rules",
    "what was measured before",
    "the cost of being wrong",
    "how often the input changes",
    "the part that nobody tested",
    "a boundary that stays in one place",
    "the assumptions made at the start",
)
_TAILS = (
    "",
    ", and that is rarely written down",
    ", which is why examples help",
    ", at least at this scale",
    ", as long as the load stays even",
    ", so it pays to check twice",
)
_MARKUP = re.compile(r"<[^<>]*>")
_COMMON = frozenset({"about", "could", "every", "should", "their", "there", "these", "which"})

LIST_FROM = 60
CODE_FROM = 120
"""Words from which an answer has a list, and a code block."""


def prose(question: str, words: int, dice: random.Random) -> str:
    """About so many words of Markdown that echo a few words of the question; none for 0 words."""
    echoes = _echoes(question) or ["the question"]
    blocks: list[str] = []
    left = words
    if words >= LIST_FROM:
        blocks.append(f"## About {dice.choice(echoes)}")
    extras = [_list(echoes, dice)] if words >= LIST_FROM else []
    extras += [_code(echoes, dice)] if words >= CODE_FROM else []
    left -= sum(len(extra.split()) for extra in extras)
    while left > 0:
        paragraph = _paragraph(echoes, min(left, 60), dice)
        left -= len(paragraph.split())
        blocks.append(paragraph)
        if extras:
            blocks.append(extras.pop(0))
    return "\n\n".join([*blocks, *extras])


def _echoes(question: str) -> list[str]:
    found = re.findall(r"[^\W\d_]{5,24}", _MARKUP.sub(" ", question)[-400:])
    return list(dict.fromkeys(word for word in found if word.lower() not in _COMMON))[-6:]


def _paragraph(echoes: list[str], words: int, dice: random.Random) -> str:
    sentences: list[str] = []
    count = 0
    while count < words:
        sentence = _sentence(echoes, dice, echoing=not sentences or dice.random() < 0.5)
        sentences.append(sentence)
        count += len(sentence.split())
    kept = " ".join(sentences).split()[:words]
    return " ".join(kept).rstrip(".,;") + "."


def _sentence(echoes: list[str], dice: random.Random, *, echoing: bool) -> str:
    about = f" of {dice.choice(echoes)}" if echoing else ""
    subject, verb, thing = dice.choice(_SUBJECTS), dice.choice(_VERBS), dice.choice(_OBJECTS)
    return f"{subject}{about} {verb} {thing}{dice.choice(_TAILS)}."


def _list(echoes: list[str], dice: random.Random) -> str:
    items = (f"- **{dice.choice(echoes)}**: {dice.choice(_OBJECTS)}" for _ in range(3))
    return "\n".join(items)


def _code(echoes: list[str], dice: random.Random) -> str:
    name = re.sub(r"\W", "_", dice.choice(echoes).lower())
    return f"```python\ndef {name}(values: list[int]) -> int:\n    return sum(values)\n```"

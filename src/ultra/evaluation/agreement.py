"""How alike answers are, without asking another model. Similarity is agreement, never quality."""

import re
from collections.abc import Sequence
from itertools import combinations
from math import fsum

from ultra.core.answer import Answer
from ultra.core.normalise import normalise
from ultra.core.verdict import Verdict

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\s\d])")
_MARKER = re.compile(r"^(?:[-*+>]|\d{1,3}[.)])\s+")
_NO_SENTENCE = re.compile(r"^(?:#{1,6}\s.*|[-*_=\s]+|(?:`{3,}|~{3,})\s*\S*)$")
"""Headings, rules and fences of Markdown, which claim nothing."""


def sentences(text: str) -> list[str]:
    """The sentences, list items and lines of a text, in order, without headings and blank ones."""
    lines = (line.strip() for line in text.splitlines())
    bare = (_MARKER.sub("", line) for line in lines if line and not _NO_SENTENCE.match(line))
    return [piece for line in bare for piece in _SENTENCE_END.split(line) if piece]


def similarity_matrix(texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
    """Word-order-free likeness of every pair, 0..1, 1 on the diagonal.

    Source: rapidfuzz `token_sort_ratio` on normalised text, an Indel distance over sorted words.
    """
    # 8 ms to import, and only wanted once several answers have come.
    from rapidfuzz import fuzz  # noqa: PLC0415

    flat = [normalise(text) for text in texts]
    unlike = list(dict.fromkeys(flat))
    place = {text: index for index, text in enumerate(unlike)}
    known = [[1.0] * len(unlike) for _ in unlike]
    for i, j in combinations(range(len(unlike)), 2):
        alike = round(fuzz.token_sort_ratio(unlike[i], unlike[j]) / 100.0, 4)
        known[i][j] = known[j][i] = alike
    places = [place[text] for text in flat]
    rows = [tuple(row[index] for index in places) for row in known]
    return tuple(rows[index] for index in places)


def clusters(texts: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Indices of texts that are equal after normalisation, in order of first appearance."""
    groups: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        groups.setdefault(normalise(text), []).append(index)
    return tuple(tuple(group) for group in groups.values())


def medoid(similarity: Sequence[Sequence[float]]) -> int | None:
    """The text most like all others, the first of equals; None for fewer than three."""
    if len(similarity) < 3:
        return None
    return max(range(len(similarity)), key=lambda index: (fsum(similarity[index]), -index))


def common_ground(
    texts: Sequence[str],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The sentences that all texts say, in the first one's words, and what each says besides.

    Two sentences are the same when they are equal after normalisation. What a text says twice
    stands twice.
    """
    said = [[(normalise(line) or line, line) for line in sentences(text)] for text in texts]
    if not said:
        return (), ()
    keys = [{key for key, _ in lines} for lines in said]
    everywhere = keys[0].intersection(*keys[1:]) if len(keys) > 1 else set[str]()
    shared = tuple(line for key, line in said[0] if key in everywhere)
    differing = tuple(tuple(line for key, line in lines if key not in everywhere) for lines in said)
    return shared, differing


def agreement(answers: Sequence[Answer]) -> Verdict:
    """What the usable answers have in common, in the order given; the others are left out."""
    usable = [answer for answer in answers if answer.ok]
    texts = [answer.text for answer in usable]
    similarity = similarity_matrix(texts)
    shared, differing = common_ground(texts)
    return Verdict(
        tuple(answer.call_id for answer in usable),
        similarity=similarity,
        clusters=clusters(texts),
        medoid=medoid(similarity),
        shared=shared,
        differing=differing,
    )


def representative(answers: Sequence[Answer]) -> Answer:
    """The usable answer that speaks best for all: the one most like the others, else the first.

    Raises `ValueError` when none is given.
    """
    if not answers:
        raise ValueError("no answer to choose from")
    index = medoid(similarity_matrix([answer.text for answer in answers])) if answers[2:] else None
    return answers[index or 0]

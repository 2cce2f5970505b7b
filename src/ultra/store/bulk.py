"""Many rows in one statement, within what SQLite binds at once."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeVar

MOST_VALUES = 8_000
"""Bound values in one statement. SQLite's own limit is 32,766 (sqlite.org/limits.html)."""

_Value = TypeVar("_Value")


def batches(rows: Sequence[Sequence[_Value]]) -> Iterable[Sequence[Sequence[_Value]]]:
    """The rows, as many at a time as one statement holds."""
    size = max(1, MOST_VALUES // len(rows[0])) if rows else 1
    return (rows[start : start + size] for start in range(0, len(rows), size))


def slots(batch: Sequence[Sequence[object]]) -> str:
    """`VALUES (?, ...), ...` for a batch."""
    row = "(" + ", ".join("?" * len(batch[0])) + ")"
    return "VALUES " + ", ".join([row] * len(batch))


def flat(batch: Sequence[Sequence[_Value]]) -> list[_Value]:
    """What is bound to the slots of a batch."""
    return list(chain.from_iterable(batch))

"""Conditions on the figures of a batch: `accuracy<0.9`, `accuracy<baseline-0.02`,
`cost>1.2*baseline`.

A condition is a figure, a comparison, and a value: a number, `baseline`, or `baseline` with a
number added, subtracted or multiplied. `baseline` is the same figure of the same model before.
"""

import re
from collections.abc import Callable
from operator import ge, gt, le, lt

from msgspec import Struct

from ultra.core.batch import Failed, ModelFigures
from ultra.core.cost import NANO
from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean, one_line

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {"<=": le, ">=": ge, "<": lt, ">": gt}

FIGURES: dict[str, Callable[[ModelFigures], float | None]] = {
    "accuracy": lambda one: one.accuracy,
    "low": lambda one: one.low,
    "cost": lambda one: None if one.cost_nano is None else one.cost_nano / NANO,
    "p50": lambda one: one.p50_s,
    "p95": lambda one: one.p95_s,
    "errors": lambda one: one.errors / one.asked if one.asked else None,
    "wins": lambda one: one.wins / one.compared if one.compared else None,
    "tokens": lambda one: float(one.input_tokens + one.output_tokens),
}
"""What a condition may speak of: `low` is the lower end of accuracy's interval, `cost` is dollars,
`p50` and `p95` are seconds, `errors` and `wins` are shares."""

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?%?"
_SHAPE = re.compile(
    rf"\s*(?P<figure>[A-Za-z_]\w*)\s*(?P<sign><=|>=|<|>)\s*(?:"
    rf"(?P<times>{_NUMBER})\s*\*\s*baseline"
    rf"|baseline\s*(?P<operator>[-+*])\s*(?P<by>{_NUMBER})"
    rf"|(?P<bare>baseline)|(?P<number>{_NUMBER}))\s*",
    re.ASCII,
)


class Condition(Struct, frozen=True):
    """`figure sign baseline * factor + offset`; `factor` 0 speaks of no baseline."""

    text: str
    figure: str
    sign: str
    factor: float
    offset: float

    @property
    def needs_baseline(self) -> bool:
        """Whether it speaks of an earlier result."""
        return self.factor != 0.0

    def failed(self, now: ModelFigures, before: ModelFigures | None) -> Failed | None:
        """What came true of a model, in words; None when it did not.

        A figure that is not known is no ground to pass: it fails too.
        """
        found = FIGURES[self.figure](now)
        past = FIGURES[self.figure](before) if before and self.needs_baseline else None
        if found is None or (self.needs_baseline and past is None):
            where = "" if found is None else " in the baseline"
            return Failed(self.text, now.name, f"{self.figure} is not known{where}")
        limit = self.factor * (past or 0.0) + self.offset
        if not _COMPARISONS[self.sign](found, limit):
            return None
        told = f"{self.figure} is {found:.6g}"
        if self.needs_baseline:
            told += f", the baseline's is {past:.6g}"
        return Failed(self.text, now.name, told)


def parse_condition(text: str) -> Condition:
    """Read a condition. Raises `UsageError` for what is none."""
    found = _SHAPE.fullmatch(text)
    if found is None or found["figure"] not in FIGURES:
        near = did_you_mean(found["figure"], FIGURES) if found else None
        raise UsageError(
            f"`--fail-if {one_line(text, 80)}` is no condition",
            hint=near
            or "such as `accuracy<0.9`, `accuracy<baseline-0.02` or `cost>1.2*baseline`; figures"
            f" are {', '.join(FIGURES)}",
        )
    factor, offset = 1.0, 0.0
    if found["number"]:
        factor, offset = 0.0, _number(found["number"])
    elif found["times"]:
        factor = _number(found["times"])
    elif found["operator"] == "*":
        factor = _number(found["by"])
    elif found["operator"]:
        offset = _number(found["by"]) * (-1 if found["operator"] == "-" else 1)
    return Condition(text.strip(), found["figure"], found["sign"], factor, offset)


def _number(text: str) -> float:
    return float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)

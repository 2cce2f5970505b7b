"""The design of an A/B experiment: what may be registered, and what is left to us."""

import hashlib
import re

from msgspec.structs import replace

from ultra.core.errors import UsageError
from ultra.core.experiments import Design, Metric, Test
from ultra.core.text import did_you_mean, one_line
from ultra.runtime.prompts_file import PromptsFile

SMALLEST: dict[Metric, float] = {"pass": 0.1, "preference": 0.1, "latency": 0.1}
"""What difference matters where nothing was said: ten points, or a tenth of the time."""

MOST_REPEATS = 32

_METRICS: dict[str, Metric] = {
    "pass": "pass",
    "preference": "preference",
    "latency": "latency",
    "cost": "cost",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def check_name(name: str) -> str:
    """The name of an experiment. Raises `UsageError` for one that is none."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{one_line(name, 60)}` is no name for an experiment",
            hint="letters, digits and `._-`, at most 64, a letter or digit first",
        )
    return name


def seed_of(name: str, file: PromptsFile) -> int:
    """The seed where none was given: the same for the same name and prompts."""
    digest = hashlib.sha256(f"{name}:{file.sha}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def metric_of(wanted: str | None, *, judges: bool, expects: bool) -> Metric:
    """What is measured: as named, else what judges or expectations say. Raises `UsageError`."""
    if wanted is None:
        if judges == expects:
            raise UsageError(
                "what is to decide between A and B is not clear",
                hint="`--metric pass` with `--expect` or a column `expected`, `preference` with"
                " `--judge`, `latency` or `cost`",
            )
        return "preference" if judges else "pass"
    metric = _METRICS.get(wanted)
    if metric is None:
        raise UsageError(
            f"`--metric {one_line(wanted, 40)}` is not known",
            hint=did_you_mean(wanted, _METRICS) or ", ".join(_METRICS),
        )
    if metric == "preference" and not judges:
        raise UsageError("`--metric preference` is what judges say", hint="name one with `--judge`")
    if metric != "preference" and judges:
        raise UsageError(f"`--metric {metric}` has no use for a judge", hint="leave out `--judge`")
    if metric == "pass" and not expects:
        raise UsageError(
            "`--metric pass` has to know what is expected",
            hint="`--expect KIND:WHAT`, or a column `expected` in the file of prompts",
        )
    return metric


def smallest_of(metric: Metric, wanted: float | None) -> float:
    """The smallest difference that matters. Raises `UsageError` where only the user can say."""
    if wanted is not None:
        return wanted
    if metric not in SMALLEST:
        raise UsageError(
            f"`--metric {metric}` has to know what difference matters",
            hint="`--mde 0.001` is a tenth of a cent an answer",
        )
    return SMALLEST[metric]


def check_design(design: Design) -> Design:
    """The design. Raises `UsageError` for what cannot be tested."""
    counted = design.metric in ("pass", "preference")
    if not 0.0 < design.alpha <= 0.5:
        raise UsageError(f"`--alpha` takes a chance above 0 and up to 0.5, not `{design.alpha:g}`")
    if counted and not 0.005 <= design.smallest < 1.0:
        raise UsageError(f"`--mde` takes a share from 0.005 to below 1, not `{design.smallest:g}`")
    if not 0.0 < design.smallest < float("inf"):
        raise UsageError(f"`--mde` takes a difference above 0, not `{design.smallest:g}`")
    if not 1 <= design.repeats <= MOST_REPEATS:
        raise UsageError(f"`--repeats` takes 1 to {MOST_REPEATS}, not `{design.repeats}`")
    if design.sequential and not counted:
        raise UsageError(
            f"`--sequential` goes by which arm did better on each prompt, not by {design.metric}",
            hint="leave it out: all prompts are then asked",
        )
    if design.mid_p and deciding(replace(design, mid_p=False)) != "exact McNemar":
        raise UsageError("`--mid-p` is for passes, one answer a prompt, all prompts asked")
    if design.a == design.b:
        raise UsageError(
            "A and B are the same",
            hint="name two models with `-m`, or tell them apart with `--system-b` or `--option-b`",
        )
    return design


def deciding(design: Design) -> Test:
    """The test that a design is decided by."""
    if design.sequential:
        return "e-process"
    if design.metric == "pass" and design.repeats == 1:
        return "mid-p McNemar" if design.mid_p else "exact McNemar"
    return "sign-flip permutation"

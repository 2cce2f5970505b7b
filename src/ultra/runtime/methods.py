"""From what the command line says of a method to the one that a strategy goes about."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from ultra.core.errors import UsageError
from ultra.core.extract import parse_extractor
from ultra.core.model import Method, Target
from ultra.core.strategies import STRATEGIES, Knob, strategy_row
from ultra.core.text import one_line

Model = Callable[[str], Target]
"""Finds the one model of a name. Raises `UsageError`."""

FLAGS: dict[Knob, str] = {
    "synthesizer": "--synthesizer",
    "judges": "--judge",
    "criteria": "--criteria",
    "reference": "--reference",
    "duels": "--duels",
    "self_judging": "--allow-self-judge",
    "extract": "--extract",
    "min_share": "--min-share",
    "accuracies": "--weights",
    "layers": "--layers",
    "one_call": "--one-call",
    "cite": "--cite",
    "sources_only": "--sources-only",
    "expect": "--expect",
}
"""The flags that say something of a method; what is not among them only a profile can say."""

RATINGS = "ratings"
"""Weights by what the log has of expectations that were met."""

MOST_SAMPLES = 32
"""Beyond it the gain of one more sample is lost in the noise (arXiv 2402.05120, figure 2)."""


class Wish(Struct, frozen=True, omit_defaults=True):
    """What flags say of a method; what is empty, None or false is left to the ensemble.

    Models go by their names, `extract` by its words; `samples` (`--self`) asks one model so often,
    `runs` every model. `accuracies` says where those come from: `ratings`, the log.
    """

    synthesizer: str = ""
    judges: tuple[str, ...] = ()
    criteria: str = ""
    reference: str = ""
    duels: bool = False
    self_judging: bool = False
    extract: str = ""
    min_share: float | None = None
    accuracies: str = ""
    layers: int | None = None
    one_call: bool = False
    cite: bool = False
    sources_only: bool = False
    expect: tuple[str, ...] = ()
    samples: int | None = None
    runs: int | None = None

    def said(self) -> list[Knob]:
        """What it speaks of."""
        told, usual = asdict(self), asdict(Wish())
        return [knob for knob in FLAGS if told[knob] != usual[knob]]


NOTHING = Wish()


def method_of(wish: Wish, strategy: str, base: Method, model: Model) -> Method:
    """The method of an ensemble, or the usual one, with what flags say otherwise.

    Raises `UsageError` for a flag that the strategy does not go by, and for a value that is none.
    """
    row, given = strategy_row(strategy), asdict(wish)
    changes: dict[str, Any] = {}
    for knob in wish.said():
        if knob not in row.knobs:
            raise UsageError(
                f"strategy `{strategy}` does not go by `{FLAGS[knob]}`", hint=_who_does(knob)
            )
        changes[knob] = given[knob]
    if wish.judges and wish.one_call:
        raise UsageError(
            "`--one-call` leaves nothing for `--judge` to do",
            hint="who writes compares as well; `--synthesizer` names it",
        )
    if changes.pop("accuracies", RATINGS) != RATINGS:
        raise UsageError(
            f"`--weights {one_line(wish.accuracies, 40)}` is not known",
            hint=f"`--weights {RATINGS}` takes your log's; a profile may state `accuracies`",
        )
    changes.pop("synthesizer", None)
    if wish.judges:
        changes["judges"] = tuple(model(name) for name in wish.judges)
    if wish.expect:
        from ultra.runtime.comparing import expectations_of

        changes["expect"] = expectations_of(wish.expect)
    if wish.extract:
        changes["extract"] = parse_extractor(wish.extract)
    return replace(base, **changes)


def samples_of(wish: Wish, members: Sequence[Target]) -> tuple[Target, ...]:
    """The best rated of some members as often as `--self` asks for it, else the members.

    Rated by the profile's `tier`; of equals the one named first. Raises `UsageError` for a number
    of samples that is none.
    """
    if wish.samples is None:
        return tuple(members)
    if not 2 <= wish.samples <= MOST_SAMPLES:
        raise UsageError(f"`--self` takes 2 to {MOST_SAMPLES} samples, not `{wish.samples}`")
    best = max(members, key=lambda member: member.tier or 0)
    return (best,) * wish.samples


def runs_of(wish: Wish) -> int:
    """How often every model is asked. Raises `UsageError` for a number that is none."""
    if wish.runs is not None and not 1 <= wish.runs <= MOST_SAMPLES:
        raise UsageError(f"`--runs` takes 1 to {MOST_SAMPLES}, not `{wish.runs}`")
    return wish.runs or 1


def _who_does(knob: Knob) -> str:
    able = [name for name, row in STRATEGIES.items() if knob in row.knobs and row.one_answer]
    return f"`--strategy {able[0]}` does" if len(able) == 1 else f"these do: {', '.join(able)}"

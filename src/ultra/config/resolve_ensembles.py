"""From what a profile says of an ensemble to the way that its strategy goes about it."""

from collections.abc import Iterator, Sequence
from typing import Any

from ultra.config.documents import Document
from ultra.config.reader import KeyPath
from ultra.config.schema import EnsembleSpec
from ultra.core.errors import UltraError, UsageError
from ultra.core.expect import Expectation, parse_expectation
from ultra.core.extract import Extractor, parse_extractor
from ultra.core.model import Ensemble, Method, Target
from ultra.core.strategies import STRATEGIES, Knob, StrategyRow, offered, strategy_row
from ultra.core.text import did_you_mean, one_line

MOST_DEPTH = 3
"""Ensembles in one another: each level multiplies the calls of the one above it."""

MOST_MODELS = 64
"""Members of an ensemble, those of its ensembles included."""

_PEOPLE: tuple[Knob, ...] = ("synthesizer", "judges")


def row_of(found: Document, path: KeyPath, spec: EnsembleSpec) -> StrategyRow | None:
    """The row of an ensemble's strategy; a mistake and None for one that cannot be an ensemble's.

    What the strategy does not go by is a mistake as well.
    """
    try:
        row = strategy_row(spec.strategy)
    except UltraError as error:
        near = did_you_mean(spec.strategy, offered()) if isinstance(error, UsageError) else None
        found.object_to((*path, "strategy"), error.message, near or error.hint)
        return None
    if not row.one_answer:
        found.object_to(
            (*path, "strategy"), f"`{spec.strategy}` gives no single answer", "`ultra compare` does"
        )
        return None
    for knob, value in _said(spec).items():
        if value is not None and knob not in row.knobs:
            able = [f"`{name}`" for name in offered() if knob in STRATEGIES[name].knobs]
            found.object_to(
                (*path, knob),
                f"the strategy `{spec.strategy}` does not go by it",
                f"{', '.join(able)} {'does' if len(able) == 1 else 'do'}",
            )
    return row


def method_of(
    found: Document,
    path: KeyPath,
    spec: EnsembleSpec,
    judges: tuple[Target, ...],
    members: tuple[Target, ...],
) -> Method:
    """How the strategy goes about it; mistakes are added to `found`."""
    told = {
        knob: value
        for knob, value in _said(spec).items()
        if value is not None and knob not in (*_PEOPLE, "extract", "accuracies", "expect")
    }
    return Method(
        judges=judges,
        extract=_extractor(found, path, spec.extract),
        accuracies=_accuracies(found, path, spec, members),
        expect=tuple(_expectations(found, path, spec)),
        **told,
    )


def check_ensemble(
    found: Document, path: KeyPath, row: StrategyRow, ensemble: Ensemble, *, judge: bool
) -> None:
    """Note what keeps an ensemble from ever being asked; `judge` says that there is a default."""
    name, members, method = ensemble.strategy, ensemble.members, ensemble.method
    if row.most is not None and len(members) > row.most:
        count = "member" if row.most == 1 else "members"
        found.object_to((*path, "members"), f"`{name}` takes {row.most} {count}, no more")
    if _size(members) > MOST_MODELS:
        found.object_to((*path, "members"), f"comes to more than {MOST_MODELS} models")
    if ensemble.depth > MOST_DEPTH:
        found.object_to(
            (*path, "members"), f"more than {MOST_DEPTH} ensembles stand in one another"
        )
    if row.judged and not (method.judges or judge):
        found.object_to(path, f"`{name}` needs `judges`", "or `defaults.judge`")
    if row.most_judges is not None and len(method.judges) > row.most_judges:
        found.object_to((*path, "judges"), f"`{name}` asks {row.most_judges} of them, no more")
    if row.counts and method.extract is None:
        found.object_to(path, f"`{name}` needs `extract`: it has to know what to compare")


def _size(members: Sequence[Target]) -> int:
    return sum(_size(one.ensemble.members) if one.ensemble else 1 for one in members)


def _said(spec: EnsembleSpec) -> dict[Knob, Any]:
    return {
        "synthesizer": spec.synthesizer,
        "judges": spec.judges,
        "criteria": spec.criteria,
        "reference": spec.reference,
        "duels": spec.duels,
        "self_judging": spec.self_judging,
        "extract": spec.extract,
        "tolerance": spec.tolerance,
        "min_share": spec.min_share,
        "escalate": spec.escalate,
        "accuracies": spec.accuracies or None,
        "options": spec.options,
        "layers": spec.layers,
        "revisions": spec.revisions,
        "one_call": spec.one_call,
        "cite": spec.cite,
        "sources_only": spec.sources_only,
        "expect": spec.expect or None,
    }


def _accuracies(
    found: Document, path: KeyPath, spec: EnsembleSpec, members: tuple[Target, ...]
) -> dict[str, float]:
    """By `provider:model`, whatever the members are called."""
    known = {name: str(one.ref) for one in members for name in (one.name, str(one.ref))}
    for name in spec.accuracies:
        if name not in known:
            found.object_to(
                (*path, "accuracies", name), "it is no member", did_you_mean(name, known)
            )
    return {known[name]: share for name, share in spec.accuracies.items() if name in known}


def _expectations(found: Document, path: KeyPath, spec: EnsembleSpec) -> Iterator[Expectation]:
    """A schema stands in a file of the user's, which the prompt's own `--schema` names."""
    for place, text in enumerate(spec.expect):
        try:
            wanted = parse_expectation(text)
        except UsageError as error:
            found.object_to((*path, "expect", place), one_line(error.message, 200), error.hint)
            continue
        if wanted.kind == "schema":
            found.object_to((*path, "expect", place), "a schema is named by `--schema`")
        yield wanted


def _extractor(found: Document, path: KeyPath, text: str | None) -> Extractor | None:
    if text is None:
        return None
    try:
        return parse_extractor(text)
    except UsageError as error:
        found.object_to((*path, "extract"), one_line(error.message, 200), error.hint)
        return None

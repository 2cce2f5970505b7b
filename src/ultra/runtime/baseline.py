"""The result that a batch is held against: the JSON of an earlier one, wherever it was made."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ultra.core.batch import BATCH_VERSION, BatchDocument, Failed
from ultra.core.conditions import Condition
from ultra.core.errors import UsageError
from ultra.core.model import Target
from ultra.core.text import one_line

_NEEDS_KEYS = ("accuracy", "low")


def read_baseline(path: str) -> BatchDocument:
    """The result in a file. Raises `UsageError` for what is none."""
    hint = "make one with `--prompts FILE --format json --output baseline.json`"
    try:
        document = msgspec.json.decode(Path(path).expanduser().read_bytes(), type=BatchDocument)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"baseline `{path}` cannot be read: {reason}", hint=hint) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = one_line(str(error), 120)
        raise UsageError(f"baseline `{path}` is no result of a batch: {why}", hint=hint) from error
    if document.type != "batch" or document.version > BATCH_VERSION:
        raise UsageError(
            f"baseline `{path}` is no result of a batch that this ultra can read", hint=hint
        )
    return document


def check_conditions(
    conditions: Sequence[Condition],
    baseline: BatchDocument | None,
    members: Sequence[Target],
    *,
    expects: bool,
) -> None:
    """Raise `UsageError` for conditions that could never be told, before anything is spent."""
    for condition in conditions:
        if condition.figure in _NEEDS_KEYS and not expects:
            raise UsageError(
                f"`{condition.text}` has nothing to go by: no answer is held to anything",
                hint="give the file a column `expected`, or add `--expect KIND:WHAT`",
            )
        if condition.needs_baseline and baseline is None:
            raise UsageError(
                f"`{condition.text}` speaks of a baseline", hint="name one with `--baseline FILE`"
            )
    if baseline is None:
        return
    if not any(condition.needs_baseline for condition in conditions):
        raise UsageError(
            "`--baseline` decides nothing by itself",
            hint='say what may not happen: `--fail-if "accuracy<baseline-0.02"`',
        )
    known = {one.name for one in baseline.models}
    missing = [one.name for one in members if one.name not in known]
    if missing:
        raise UsageError(
            f"the baseline knows nothing of `{missing[0]}`",
            hint=f"it has {', '.join(sorted(known))}",
        )


def failures(
    conditions: Sequence[Condition], document: BatchDocument, baseline: BatchDocument | None
) -> list[Failed]:
    """What came true, of any model."""
    before = {one.name: one for one in baseline.models} if baseline else {}
    found = (
        condition.failed(model, before.get(model.name))
        for condition in conditions
        for model in document.models
    )
    return [one for one in found if one is not None]

"""What may be asked of a comparison beyond its answers, found wrong before anything is spent."""

import json
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.errors import UsageError
from ultra.core.expect import Expectation, check_pattern, parse_expectation
from ultra.core.model import Method
from ultra.core.text import one_line
from ultra.runtime.action import Selection
from ultra.runtime.prompting import schema_of


class Trial(Struct, frozen=True):
    """What answers are held to, by flag: `agree` is a share of 0..1, None for none."""

    expect: tuple[str, ...] = ()
    agree: float | None = None
    blind: bool = False


def tried(selection: Selection, trial: Trial) -> Selection:
    """The selection with what its answers are held to. Raises `UsageError`."""
    method = selection.method
    _check_method(method)
    _check_agree(trial.agree, selection)
    method = replace(
        method,
        expect=expectations_of(trial.expect),
        reading=trial.agree is not None and method.extract is None,
        blind=trial.blind,
    )
    return replace(selection, method=method)


def expectations_of(texts: Sequence[str]) -> tuple[Expectation, ...]:
    """Expectations as they are checked, a schema read from its file. Raises `UsageError`."""
    return tuple(_expectation(text) for text in texts)


def _expectation(text: str) -> Expectation:
    wanted = parse_expectation(text)
    if wanted.kind == "schema":
        return replace(wanted, detail=json.dumps(schema_of(wanted.detail), ensure_ascii=False))
    if wanted.kind == "number":
        from ultra.evaluation.expectations import why_no_number

        fault = why_no_number(wanted.detail)
        if fault is not None:
            raise UsageError(
                f"`--expect {one_line(text, 80)}`: {fault}", hint="such as `number:400 mg`"
            )
    return wanted


def _check_method(method: Method) -> None:
    said = {
        "--criteria": method.criteria,
        "--reference": method.reference,
        "--duels": method.duels,
    }
    flag = next((flag for flag, value in said.items() if value), None)
    if flag is not None and not method.judges:
        raise UsageError(f"`{flag}` is for judges", hint="name one with `--judge`")
    if method.extract is not None and method.extract.kind == "regex":
        check_pattern(method.extract.detail)


def _check_agree(agree: float | None, selection: Selection) -> None:
    if agree is None:
        return
    if not 0.0 < agree <= 1.0:
        raise UsageError(f"`--agree` takes a share above 0 and up to 1, not `{agree:g}`")
    if selection.method.extract is None and not selection.method.judges:
        raise UsageError(
            "`--agree` has to know what answers come to: likeness of words decides nothing",
            hint="say how to read it with `--extract number|choice|json:PATH|exact`, or name a"
            " `--judge` that reads it",
        )
    if len(selection.members) < 2:
        raise UsageError(
            "one answer has nobody to agree with", hint="name more models, or ask with `--runs N`"
        )

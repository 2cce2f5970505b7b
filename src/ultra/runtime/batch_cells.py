"""From a run, fresh or out of the log, to the row of a batch that it answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from msgspec.structs import replace

from ultra.core.batch import Cell, PromptRow, RowResult
from ultra.core.expect import Expectation
from ultra.core.ports import CachedAnswer
from ultra.core.records import CallDocument, RunDocument
from ultra.core.stream import (
    Finished,
    FinishReason,
    ReasoningDelta,
    ResponseStarted,
    StreamBody,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ultra.core.usage import UsageSource
from ultra.core.verdict import Standing


def row_result(row: PromptRow, document: RunDocument, cells: Sequence[Cell]) -> RowResult:
    """What came of a row in its last run."""
    verdict = document.verdict
    winner = ""
    if verdict is not None and verdict.winner is not None:
        names = {call.call_id: call.name for call in document.calls}
        winner = names.get(verdict.winner, "")
    return RowResult(
        row, document.run_id, tuple(cells), winner, verdict.agreement if verdict else None
    )


def cells_of(document: RunDocument, expect: Sequence[Expectation]) -> tuple[Cell, ...]:
    """The answers of a run's members, in the order asked for.

    Whether they are as expected stands in the verdict; in a run that was cut it is looked at again.
    """
    verdict = document.verdict
    met: dict[str, list[tuple[bool, str]]] = {}
    for check in verdict.checks if verdict else ():
        met.setdefault(check.call_id, []).append((check.met, check.why))
    standings = {one.call_id: one for one in verdict.standings} if verdict else {}
    cells = []
    for call in document.calls:
        if call.role != "member" or call.parent:
            continue
        found = met.get(call.call_id)
        if found is None and call.status == "ok" and call.text is not None:
            found = _checked(call.text, expect)
        cells.append(_cell(call, found or [], standings.get(call.call_id)))
    return tuple(cells)


def members_of(document: RunDocument) -> Iterator[tuple[int, CallDocument]]:
    """The calls of a run's members, each with its place."""
    for call in document.calls:
        if call.role == "member" and not call.parent and call.index is not None:
            yield call.index, call


def restored(document: RunDocument, said: Mapping[int, CallDocument]) -> RunDocument:
    """A run with the calls themselves where answers on record served, at their cost and times.

    They keep the ids that the verdict of this run knows them by.
    """
    served = {
        call.call_id: replace(said[place], call_id=call.call_id)
        for place, call in members_of(document)
        if call.cached and place in said
    }
    return replace(document, calls=[served.get(call.call_id, call) for call in document.calls])


def told_again(call: CallDocument) -> CachedAnswer:
    """A whole answer out of the log, to serve in another run."""
    return CachedAnswer(tuple(_bodies(call)), call.cost_nano)


def _bodies(call: CallDocument) -> Iterator[StreamBody]:
    yield ResponseStarted(call.resolved_model, None)
    if call.reasoning:
        yield ReasoningDelta(call.reasoning)
    if call.text:
        yield TextDelta(call.text)
    for place, tool in enumerate(call.tool_calls):
        yield ToolCallDelta(place, tool["id"], tool["name"], tool["arguments"])
    last = call.attempts[-1]
    if last.usage is not None and last.usage_source is not None:
        yield UsageReported(last.usage, cast("UsageSource", last.usage_source))
    yield Finished(cast("FinishReason", call.finish_reason or "stop"))


def _checked(text: str, expect: Sequence[Expectation]) -> list[tuple[bool, str]]:
    from ultra.evaluation.expectations import unmet

    found = [unmet(text, wanted) for wanted in expect]
    return [(why is None, why or "") for why in found]


def _cell(call: CallDocument, found: Sequence[tuple[bool, str]], standing: Standing | None) -> Cell:
    return Cell(
        call.name,
        f"{call.provider}:{call.model}",
        call.sample,
        call.call_id,
        call.status,
        call.text,
        all(met for met, _ in found) if found else None,
        "; ".join(why for met, why in found if not met),
        call.error.message if call.error else "",
        call.error.error_class.value if call.error else "",
        call.duration_s,
        call.ttft_s,
        call.input_tokens,
        call.output_tokens,
        call.cost_nano,
        call.cached,
        standing.score if standing else None,
        standing.ballots if standing else 0,
        sum(attempt.wait_s for attempt in call.attempts),
    )

"""From a run, fresh or out of the log, to the row of a batch that it answers."""

from collections.abc import Sequence

from ultra.core.batch import Cell, PromptRow, RowResult
from ultra.core.expect import Expectation
from ultra.core.records import CallDocument, RunDocument
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

"""The document of a run from what the run itself knows, in the shape that the log gives it."""

from collections.abc import Iterable

from msgspec.structs import replace

from ultra.core.answer import Answer
from ultra.core.events import CallStarted
from ultra.core.ledger import AttemptRecord, AttemptResult, RunEnd, RunRecord
from ultra.core.records import CallDocument, RunDocument
from ultra.store.documents import run_document
from ultra.store.rows import (
    AttemptRow,
    CallRow,
    RunRows,
    attempt_end,
    attempt_row,
    call_row,
    ended,
    run_row,
)

Attempts = Iterable[tuple[AttemptRecord, AttemptResult | None]]
"""Every attempt with how it ended; None while it runs."""


HeldBack = Iterable[tuple[CallStarted, Answer]]
"""Every call that ended before any try."""


def document_of(
    run: RunRecord, attempts: Attempts, end: RunEnd, held_back: HeldBack = ()
) -> RunDocument:
    """The run as `--json` prints it: whole, also when its words are kept out of the log.

    Calls that were held back stand among the others; the log has no rows of them.
    """
    calls: dict[str, CallRow] = {}
    tries: list[AttemptRow] = []
    for record, result in attempts:
        call = calls.get(record.call_id) or call_row(record, keep_text=True)
        row = attempt_row(record)
        if result is not None:
            row = replace(row, end=attempt_end(result, keep_text=True))
            call = replace(call, status=result.status, ended_at=result.ended_at)
        calls[record.call_id] = call
        tries.append(row)
    document = run_document(
        RunRows(
            ended(run_row(replace(run, keep_text=True), owner=""), end),
            tuple(calls.values()),
            tuple(tries),
            verdict=end.verdict,
            tags=dict(sorted(run.tags.items())),
        )
    )
    return replace(document, calls=sorted([*document.calls, *map(_unmade, held_back)], key=_order))


def _order(call: CallDocument) -> tuple[bool, int, int]:
    """Members in the order asked for, then the strategy's own calls in the order made."""
    return call.index is None, call.index or 0, int(call.call_id.rpartition("-")[2])


def _unmade(held_back: tuple[CallStarted, Answer]) -> CallDocument:
    """A call that never left: why, and that it cost nothing."""
    started, answer = held_back
    return CallDocument(
        call_id=answer.call_id,
        role=started.role,
        index=started.index,
        sample=started.sample,
        name=answer.name,
        provider=answer.provider,
        model=answer.model,
        resolved_model=None,
        base_url="",
        status=answer.status,
        text="",
        reasoning=None,
        tool_calls=[],
        finish_reason=None,
        ttft_s=None,
        duration_s=answer.duration_s,
        output_tokens_per_s=None,
        usage=None,
        input_tokens=None,
        output_tokens=None,
        cost_nano=answer.cost_nano,
        charged_nano=answer.charged_nano,
        simulated=answer.simulated,
        error=answer.error,
        attempts=[],
        parent=started.parent,
    )

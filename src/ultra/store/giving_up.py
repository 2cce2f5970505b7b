"""What becomes of a run whose process died: its rows say what happened and what it may cost."""

from msgspec import structs

from ultra.core.errors import ErrorClass
from ultra.store.rows import ENDED_EARLY, AttemptEnd, AttemptRow, CallRow, RunRow, RunRows


def give_up(rows: RunRows) -> RunRows:
    """The rows of a run that nobody will complete, completed with what is known.

    An attempt that was under way is `partial` when some of its text was kept, else an `error`; its
    cost stays unknown and what it was charged at stands. When it ended is not known.
    """
    attempts = tuple(structs.replace(row, end=_attempt_end(row.end)) for row in rows.attempts)
    last: dict[str, AttemptRow] = {}
    for attempt in sorted(attempts, key=lambda row: row.number):
        last[attempt.call_id] = attempt
    calls = tuple(_call(call, last[call.call_id].end) for call in rows.calls)
    texts = {call_id: attempt.end.text or "" for call_id, attempt in last.items()}
    return structs.replace(rows, run=_run(rows.run, texts), calls=calls, attempts=attempts)


def _attempt_end(end: AttemptEnd) -> AttemptEnd:
    if end.status != "running":
        return end
    return structs.replace(
        end,
        status="partial" if end.text else "error",
        error_class=ErrorClass.INTERNAL.value,
        error_message=ENDED_EARLY,
        error_sent=1,
    )


def _call(call: CallRow, end: AttemptEnd) -> CallRow:
    if call.status != "running":
        return call
    return structs.replace(call, status=end.status, ended_at=end.ended_at)


def _run(run: RunRow, texts: dict[str, str]) -> RunRow:
    """A run of one call has that call's text for its answer: a conversation can go on from it."""
    run = structs.replace(run, status="partial" if any(texts.values()) else "error")
    if len(texts) != 1 or not any(texts.values()):
        return run
    (only,) = texts
    return structs.replace(run, answer_call=only, answer=texts[only])

"""One run as the document that `--json` and `logs --json` share, put together from its rows."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import add

import msgspec

from ultra.core.answer import Answer
from ultra.core.cost import costs_differ
from ultra.core.records import (
    DOCUMENT_VERSION,
    AttemptDocument,
    CallDocument,
    RouteDocument,
    RunDocument,
)
from ultra.store.rows import AttemptRow, CallRow, RunRow, RunRows, strings


def run_document(rows: RunRows) -> RunDocument:
    """The run with its calls as they were asked for and each call's attempts in order."""
    run = rows.run
    attempts: dict[str, list[AttemptRow]] = {call.call_id: [] for call in rows.calls}
    for attempt in sorted(rows.attempts, key=lambda row: row.number):
        attempts[attempt.call_id].append(attempt)
    calls = [
        _call(call, attempts[call.call_id], run)
        for call in sorted(rows.calls, key=lambda row: row.order)
    ]
    known = [row.end.cost_nano for row in rows.attempts if row.end.cost_nano is not None]
    unpriced = sum(call.cost_nano is None for call in calls)
    calls = [_whole(call, calls) for call in calls]
    return RunDocument(
        version=DOCUMENT_VERSION,
        run_id=run.run_id,
        verb=run.verb,
        strategy=run.strategy,
        profile=run.profile,
        environment=run.environment,
        started_at=iso(run.started_at),
        duration_s=run.duration_s,
        status=run.status,
        simulated=bool(run.simulated),
        degraded=bool(run.degraded),
        reasons=strings(run.reasons),
        host=run.host,
        cwd=run.cwd,
        conversation=run.conversation,
        prompt=run.prompt,
        answer=run.answer,
        answer_call=run.answer_call,
        provenance=strings(run.provenance),
        cost_nano=None if unpriced else sum(known),
        known_nano=sum(known),
        unpriced=unpriced,
        calls=calls,
        verdict=rows.verdict,
        cost_center=run.cost_center,
        tags=rows.tags,
        picked=rows.picked,
        route=msgspec.json.decode(run.route, type=RouteDocument) if run.route else None,
    )


def iso(seconds: float) -> str:
    """UTC seconds since the epoch as ISO 8601 with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _call(call: CallRow, attempts: Sequence[AttemptRow], run: RunRow) -> CallDocument:
    last = attempts[-1]
    end, usage = last.end, last.end.usage
    ttft_s, duration_s = (
        None if span is None else max(0.0, last.started_at - call.started_at) + span
        for span in (end.ttft_s, end.duration_s)
    )
    return CallDocument(
        call_id=call.call_id,
        role=call.role,
        index=call.member_index,
        sample=call.sample,
        name=call.name,
        provider=call.provider,
        model=call.model,
        resolved_model=end.resolved_model,
        base_url=call.base_url,
        status=call.status,
        text=(end.text or "") if run.keep_text else None,
        reasoning=end.reasoning,
        tool_calls=json.loads(end.tool_calls) if end.tool_calls else [],
        finish_reason=end.finish_reason,
        ttft_s=ttft_s,
        duration_s=duration_s,
        output_tokens_per_s=_speed(call, last),
        usage=usage,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cost_nano=_total([row.end.cost_nano for row in attempts]),
        charged_nano=_total([row.end.charged_nano for row in attempts]),
        simulated=bool(call.simulated),
        error=end.failure(call.provider, call.model),
        attempts=[_attempt(row, call) for row in attempts],
        cached=last.kind == "cache",
        saved_nano=end.saved_nano,
        parent=call.parent,
    )


def _whole(call: CallDocument, calls: Sequence[CallDocument]) -> CallDocument:
    """A call of an ensemble with what the calls that were made for it add up to."""
    parts = [_whole(one, calls) for one in calls if one.parent == call.call_id]
    if not parts:
        return call
    used = [part.usage for part in parts if part.usage is not None]
    usage = reduce(add, used) if used else None
    return msgspec.structs.replace(
        call,
        usage=usage,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cost_nano=_total([part.cost_nano for part in parts]),
        charged_nano=_total([part.charged_nano for part in parts]),
    )


def _attempt(row: AttemptRow, call: CallRow) -> AttemptDocument:
    end = row.end
    return AttemptDocument(
        attempt_id=row.attempt_id,
        number=row.number,
        status=end.status,
        started_at=iso(row.started_at),
        ended_at=None if end.ended_at is None else iso(end.ended_at),
        duration_s=end.duration_s,
        ttft_s=end.ttft_s,
        finish_reason=end.finish_reason,
        usage=end.usage,
        usage_source=end.usage_source,
        cost_nano=end.cost_nano,
        charged_nano=end.charged_nano,
        provider_cost_nano=end.provider_cost_nano,
        price_source=end.price_source,
        request_id=end.request_id,
        error=end.failure(call.provider, call.model),
        cost_differs=costs_differ(end.cost_nano, end.provider_cost_nano),
        kind=row.kind,
        saved_nano=end.saved_nano,
        key_fp=row.key_fp,
        wait_s=row.wait_s,
    )


def _total(amounts: list[int | None]) -> int | None:
    """The sum; None when any part of it is unknown."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _speed(call: CallRow, last: AttemptRow) -> float | None:
    end = last.end
    return Answer(
        call.call_id,
        call.name,
        call.provider,
        call.model,
        "ok",
        usage=end.usage,
        ttft_s=end.ttft_s,
        duration_s=end.duration_s or 0.0,
    ).output_tokens_per_s

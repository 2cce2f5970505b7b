"""The rows of the log as plain values, and what they are made of.

A struct's fields are its table's columns, in order. Flags are 0 or 1, as SQLite has them. The
functions take a run's word on keeping text: what it keeps out never reaches a row.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Struct, field, structs

from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import AttemptRecord, AttemptResult, RunEnd, RunRecord
from ultra.core.usage import Usage
from ultra.core.verdict import Verdict

Value = str | int | float | bytes | None
"""What a column holds."""

MOST_INTEGER = 2**63 - 1
"""The largest integer that SQLite holds. Source: sqlite.org/datatype3.html."""

ENDED_EARLY = "the process ended before the answer was complete"


class RunRow(Struct, frozen=True):
    """One row of `runs`, but for its number and `indexed`."""

    run_id: str
    verb: str
    strategy: str
    profile: str
    environment: str
    host: str
    cwd: str
    session: str
    conversation: str
    prompt: str | None
    simulated: int
    keep_text: int
    version: str
    started_at: float
    owner: str
    status: str = "running"
    ended_at: float | None = None
    duration_s: float | None = None
    answer_call: str | None = None
    answer: str | None = None
    degraded: int = 0
    reasons: str = "[]"
    provenance: str = "[]"
    cost_center: str = ""
    route: str | None = None


class CallRow(Struct, frozen=True):
    """One row of `calls`, but for the prompt it refers to."""

    call_id: str
    run_id: str
    role: str
    member_index: int | None
    sample: int
    name: str
    provider: str
    model: str
    protocol: str
    base_url: str
    simulated: int
    options: str
    started_at: float
    status: str = "running"
    ended_at: float | None = None
    parent: str = ""

    @property
    def order(self) -> tuple[float, int]:
        """Where the call stands in its run: members as asked for, then the strategy's own."""
        place = float("inf") if self.member_index is None else self.member_index
        return place, int(self.call_id.rpartition("-")[2])


class AttemptEnd(Struct, frozen=True):
    """The columns of `attempts` that its end fills in. `text` None is kept out or not there."""

    status: str = "running"
    ended_at: float | None = None
    duration_s: float | None = None
    ttft_s: float | None = None
    chunks: int = 0
    text: str | None = None
    reasoning: str | None = None
    tool_calls: str | None = None
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    text_input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    audio_input_tokens: int | None = None
    text_output_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_output_tokens: int | None = None
    cache_audio_read_tokens: int | None = None
    usage_source: str | None = None
    cost_nano: int | None = None
    charged_nano: int | None = None
    provider_cost_nano: int | None = None
    price_source: str | None = None
    resolved_model: str | None = None
    request_id: str | None = None
    error_class: str | None = None
    error_message: str | None = None
    error_hint: str | None = None
    error_status: int | None = None
    error_code: str | None = None
    error_retry_after_s: float | None = None
    error_sent: int | None = None
    error_limits: str | None = None
    saved_nano: int | None = None

    @property
    def usage(self) -> Usage | None:
        """The tokens by kind; None when nothing is known of any."""
        usage = Usage(
            self.text_input_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.cache_write_1h_tokens,
            self.audio_input_tokens,
            self.text_output_tokens,
            self.reasoning_tokens,
            self.audio_output_tokens,
            self.cache_audio_read_tokens,
        )
        return None if usage == Usage() else usage

    def failure(self, provider: str, model: str) -> Failure | None:
        """Why the attempt failed; None when it did not."""
        if self.error_class is None:
            return None
        return Failure(
            ErrorClass(self.error_class),
            self.error_message or "",
            provider=provider,
            model=model,
            hint=self.error_hint,
            status=self.error_status,
            code=self.error_code,
            retry_after_s=self.error_retry_after_s,
            request_id=self.request_id,
            sent=bool(self.error_sent),
            limits=msgspec.json.decode(self.error_limits or "{}", type=dict[str, str]),
        )


class AttemptRow(Struct, frozen=True):
    """One row of `attempts`: the columns of its start, then those of its end."""

    attempt_id: str
    call_id: str
    number: int
    started_at: float
    kind: str
    key_fp: str
    wait_s: float
    end: AttemptEnd


class RunRows(Struct, frozen=True):
    """All rows of one run, calls and attempts in any order; `picked` is the call the user chose."""

    run: RunRow
    calls: tuple[CallRow, ...]
    attempts: tuple[AttemptRow, ...]
    verdict: Verdict | None = None
    tags: dict[str, str] = field(default_factory=dict)
    picked: str | None = None


def run_row(run: RunRecord, owner: str) -> RunRow:
    """The row of a run that begins."""
    return RunRow(
        run_id=run.run_id,
        verb=run.verb,
        strategy=run.strategy,
        profile=run.profile,
        environment=run.environment,
        host=run.host,
        cwd=run.cwd,
        session=run.session,
        conversation=run.conversation,
        prompt=run.prompt if run.keep_text else None,
        simulated=int(run.simulated),
        keep_text=int(run.keep_text),
        version=run.version,
        started_at=run.started_at,
        owner=owner,
        cost_center=run.cost_center,
        route=None if run.route is None else msgspec.json.encode(run.route).decode(),
    )


def ended(row: RunRow, end: RunEnd) -> RunRow:
    """The row of a run that is over."""
    words = bool(row.keep_text)
    return structs.replace(
        row,
        status=end.status,
        ended_at=end.ended_at,
        duration_s=end.duration_s,
        answer_call=end.answer_call or None,
        answer=end.answer_text if words and end.answer_call else None,
        degraded=int(end.degraded),
        reasons=to_json(end.reasons if words else ()),
        provenance=to_json(end.provenance),
    )


def call_row(attempt: AttemptRecord, keep_text: bool) -> CallRow:
    """The row of the call that an attempt belongs to."""
    target = attempt.target
    return CallRow(
        call_id=attempt.call_id,
        run_id=attempt.run_id,
        role=attempt.role,
        member_index=attempt.index,
        sample=attempt.sample,
        name=target.name,
        provider=target.endpoint.provider,
        model=target.model,
        protocol=target.endpoint.protocol,
        base_url=without_credentials(target.endpoint.base_url),
        simulated=int(target.simulated),
        options=to_json(attempt.options if keep_text else {}),
        started_at=attempt.started_at,
        parent=attempt.parent,
    )


def attempt_row(attempt: AttemptRecord) -> AttemptRow:
    """The row of an attempt that is about to leave."""
    return AttemptRow(
        attempt.attempt_id,
        attempt.call_id,
        attempt.number,
        attempt.started_at,
        attempt.kind,
        attempt.key_fp,
        attempt.wait_s,
        AttemptEnd(charged_nano=attempt.charged_nano),
    )


def attempt_end(result: AttemptResult, keep_text: bool) -> AttemptEnd:
    """How an attempt ended, as its row says it."""
    failure, usage = result.failure, result.usage or Usage()
    end = AttemptEnd(
        status=result.status,
        ended_at=result.ended_at,
        duration_s=result.duration_s,
        ttft_s=result.ttft_s,
        chunks=result.chunks,
        text=result.text,
        reasoning=result.reasoning or None,
        tool_calls=result.tool_calls_json or None,
        finish_reason=result.finish_reason,
        native_finish_reason=result.native_finish_reason or None,
        usage_source=result.usage_source,
        cost_nano=result.cost_nano,
        charged_nano=result.charged_nano,
        provider_cost_nano=result.provider_cost_nano,
        price_source=result.price_source,
        saved_nano=result.saved_nano,
        resolved_model=result.resolved_model,
        request_id=result.request_id or (failure.request_id if failure else None),
        **structs.asdict(usage),
    )
    if failure:
        end = structs.replace(
            end,
            error_class=failure.error_class.value,
            error_message=failure.message,
            error_hint=failure.hint,
            error_status=failure.status,
            error_code=failure.code,
            error_retry_after_s=failure.retry_after_s,
            error_sent=int(failure.sent),
            error_limits=to_json(failure.limits) if failure.limits else None,
        )
    return end if keep_text else _wordless(end)


def wordless_verdict(verdict: Verdict) -> Verdict:
    """The verdict without the words it was reached on, and without those it is given in."""
    return structs.replace(
        verdict,
        shared=(),
        differing=(),
        extracted=(),
        key=None,
        remarks=(),
        conflicts=(),
        checks=tuple(structs.replace(one, expectation="", why="") for one in verdict.checks),
        claims=(),
        unsupported_tokens=(),
        debated=verdict.debated and structs.replace(verdict.debated, key=None),
    )


def to_json(value: object) -> str:
    """JSON text in one line; what JSON has no form for becomes its string."""
    return json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))


def strings(text: str) -> list[str]:
    """The list of strings that a column holds."""
    return msgspec.json.decode(text, type=list[str])


def values(row: Struct) -> list[Value]:
    """What goes into the columns, the columns of an end included.

    What SQLite has no place for is bent to fit: lone surrogates (a path or an argument that is not
    UTF-8) are replaced, and integers that a server made up beyond 64 bits are cut.
    """
    flat: list[Value] = []
    for value in structs.astuple(row):
        if isinstance(value, Struct):
            flat.extend(values(value))
        elif isinstance(value, str):
            flat.append(storable(value))
        else:
            flat.append(min(value, MOST_INTEGER) if isinstance(value, int) else value)
    return flat


def storable(text: str) -> str:
    """The text as UTF-8 can hold it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def attempt_from(columns: Sequence[Any]) -> AttemptRow:
    """An attempt from its columns in order."""
    attempt_id, call_id, number, started_at, kind, key_fp, wait_s, *end = columns
    row = AttemptEnd(*end)
    return AttemptRow(attempt_id, call_id, number, started_at, kind, key_fp, wait_s, row)


def _wordless(end: AttemptEnd) -> AttemptEnd:
    """An error's message and code may quote the prompt, so they go with the words."""
    return structs.replace(
        end,
        text=None,
        reasoning=None,
        tool_calls=None,
        error_message=None,
        error_hint=None,
        error_code=None,
    )


def without_credentials(url: str) -> str:
    """The URL without the login and the query that may stand in it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))

"""Why a route would ask whom: a table for people, one versioned document for programs."""

import math

from msgspec import Struct, json

from ultra.core.candidates import Candidate
from ultra.core.routing import Plan
from ultra.output.figures import finite, seconds, share, usd
from ultra.output.streams import Streams
from ultra.output.tables import Column, table

VERSION = 1

_LISTS = {
    "candidate": "",
    "on_failure": "after the candidates",
    "on_context_length": "only if the prompt is too long",
    "on_content_filter": "only after a content filter",
}


class ExcludedDocument(Struct, frozen=True):
    """Why a model is left out; `wait_s` until that passes, None where it does not by itself."""

    why: str
    message: str
    wait_s: float | None


class CandidateDocument(Struct, frozen=True):
    """One model of a route.

    `list` is the key of the profile that names it. `position` counts from 1 in the order asked,
    None for one that is not in it. `tagged` says that the figures are of calls with the run's tags
    alone, `judged` on how many prompts its answers were picked, judged or checked. What nothing is
    known of is None; `cost_nano`, `time_s` and `quality` (0..1) are expected, `success` is the mean
    of Beta(1 + answered, 1 + failed).
    """

    name: str
    provider: str
    model: str
    list: str
    position: int | None
    eligible: bool
    excluded: ExcludedDocument | None
    calls: int
    answered: int
    tagged: bool
    success: float
    cost_nano: int | None
    time_s: float | None
    quality: float
    quality_from: str
    judged: int
    output_tokens: float | None
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    tokens_per_s: float | None
    duration_p50_s: float | None
    duration_p90_s: float | None
    duration_ewma_s: float | None


class PlanDocument(Struct, frozen=True):
    """What `ask --explain --json` prints. `chosen` is who would be asked first, None for nobody."""

    version: int
    route: str
    policy: str
    chosen: str | None
    propensity: float
    order: list[str]
    candidates: list[CandidateDocument]


def explanation_document(plan: Plan, now: float) -> str:
    """The plan as JSON; `now` is UTC seconds since the epoch."""
    order = [str(target.ref) for target in plan.order]
    document = PlanDocument(
        VERSION,
        plan.name,
        plan.policy,
        order[0] if order else None,
        plan.propensity,
        order,
        [_candidate(line, plan, now) for line in plan.candidates],
    )
    return json.format(json.encode(document), indent=2).decode() + "\n"


def explanation_table(plan: Plan, streams: Streams) -> str:
    """The plan as a table, the order asked first, and a line that sums it up."""
    columns = [
        Column("#", right=True),
        Column("model", shrink=True),
        Column("answered", right=True, spare=2),
        Column("success", right=True, spare=1),
        Column("cost", right=True),
        Column("time", right=True),
        Column("quality", right=True),
        Column("remarks", shrink=True),
    ]
    lines = sorted(plan.candidates, key=lambda line: _position(line, plan) or len(plan.candidates))
    rows = [_row(line, plan) for line in lines]
    return table(columns, rows, streams=streams) + _summary(plan)


def _row(line: Candidate, plan: Plan) -> list[str]:
    place, known = _position(line, plan), line.estimates
    return [
        "-" if place is None else str(place),
        line.target.name if line.target.name == line.ref else f"{line.target.name} ({line.ref})",
        f"{known.answered}/{known.calls}",
        share(known.success if known.calls else None),
        usd(line.cost_nano),
        seconds(line.time_s),
        f"{line.quality:.2f} {line.evidence}",
        _remarks(line, place),
    ]


def _remarks(line: Candidate, place: int | None) -> str:
    words = [_LISTS[line.place], "by calls with these tags" if line.estimates.tagged else ""]
    if line.judged:
        words.append(f"judged on {line.judged} prompt{'' if line.judged == 1 else 's'}")
    if line.exclusion is not None:
        words.insert(0, f"{line.exclusion.why}: {line.exclusion.message}")
    elif place == 1:
        words.insert(0, "chosen")
    return "; ".join(word for word in words if word)


def _summary(plan: Plan) -> str:
    what = f"route {plan.name}" if plan.name else "these models"
    if not plan.order:
        return f"{what}, policy {plan.policy}: nobody may be asked; nothing was sent\n"
    first = plan.order[0]
    return (
        f"{what}, policy {plan.policy}: `{first.name}` is asked first"
        f" (propensity {plan.propensity:.2f}); nothing was sent\n"
    )


def _candidate(line: Candidate, plan: Plan, now: float) -> CandidateDocument:
    known, out = line.estimates, line.exclusion
    return CandidateDocument(
        line.target.name,
        line.target.endpoint.provider,
        line.target.model,
        "candidates" if line.place == "candidate" else line.place,
        _position(line, plan),
        eligible=out is None,
        excluded=ExcludedDocument(out.why, out.message, _wait(line, now)) if out else None,
        calls=known.calls,
        answered=known.answered,
        tagged=known.tagged,
        success=known.success,
        cost_nano=line.cost_nano,
        time_s=finite(line.time_s),
        quality=line.quality,
        quality_from=line.evidence,
        judged=line.judged,
        output_tokens=known.output_tokens,
        ttft_p50_s=known.ttft_p50_s,
        ttft_p95_s=known.ttft_p95_s,
        tokens_per_s=known.tokens_per_s,
        duration_p50_s=known.duration_p50_s,
        duration_p90_s=known.duration_p90_s,
        duration_ewma_s=known.duration_ewma_s,
    )


def _position(line: Candidate, plan: Plan) -> int | None:
    return plan.order.index(line.target) + 1 if line.target in plan.order else None


def _wait(line: Candidate, now: float) -> float | None:
    until = line.exclusion.until if line.exclusion else None
    return None if until is None or not math.isfinite(until) else max(0.0, until - now)

"""The log on a screen: the list of runs, and one run whole."""

from collections.abc import Sequence

from ultra.core.records import CallDocument, RunDocument, RunSummary
from ultra.output.compare import COLUMNS, MEMBERS, ordered_calls, render_findings, table_rows, title
from ultra.output.figures import differing_costs, lower_bound, savings_of, seconds
from ultra.output.safe import cell, visible
from ultra.output.streams import Streams
from ultra.output.tables import Column, table

_COLUMNS = (
    Column("run"),
    Column("started"),
    Column("verb", spare=2),
    Column("models", shrink=True),
    Column("status"),
    Column("duration", right=True, spare=3),
    Column("cost", right=True, spare=1),
    Column("prompt", shrink=True),
)
_PROMPT = 60
_UNKEPT = "(not kept)"


def render_summaries(summaries: Sequence[RunSummary], *, streams: Streams) -> str:
    """One line a run, in the order given; times are UTC."""
    return table(_COLUMNS, [_summary(run) for run in summaries], streams=streams)


def render_log_run(document: RunDocument, *, streams: Streams) -> str:
    """One run whole: what was asked, what was answered, by whom, for how much."""
    parts = ["".join(f"{name}: {value}\n" for name, value in facts(document))]
    parts.append(_block("prompt", document.prompt))
    parts.extend(_call(call) for call in ordered_calls(document) if _tells(document, call))
    if document.answer is not None:
        parts.append(_block("answer", document.answer))
    parts.append(render_findings(document, streams=streams))
    parts.append(table(COLUMNS, table_rows(document), streams=streams))
    return "\n".join(part for part in parts if part)


def _summary(run: RunSummary) -> list[str]:
    return [
        run.run_id[:8],
        run.started_at[:16].replace("T", " "),
        run.verb,
        ", ".join(run.models),
        f"{run.status} (simulated)" if run.simulated else run.status,
        seconds(run.duration_s),
        lower_bound(run.cost_nano, run.known_nano),
        cell(run.prompt, _PROMPT) if run.prompt is not None else _UNKEPT,
    ]


def facts(document: RunDocument) -> list[tuple[str, str]]:
    """What is to be known of a run beside its words, by name, safe to show."""
    found = [
        ("run", document.run_id),
        ("started", f"{document.started_at}, took {seconds(document.duration_s)}"),
        ("asked", f"{document.verb}, strategy {document.strategy}"),
        *(
            [("profile", f"{document.profile} ({document.environment})")]
            if document.profile
            else []
        ),
        *([("from", f"{document.host}:{document.cwd}")] if document.host else []),
        *([("cost center", document.cost_center)] if document.cost_center else []),
        *([("tags", _tags(document))] if document.tags else []),
        ("status", document.status),
        ("cost", lower_bound(document.cost_nano, document.known_nano)),
    ]
    saved = savings_of(document)
    if saved:
        found.append(("cache", saved))
    if document.simulated:
        found.append(("simulated", "yes: no model was asked"))
    if document.degraded:
        found.append(("degraded", "; ".join(document.reasons)))
    elif document.reasons:
        found.append(("why", "; ".join(document.reasons)))
    found.extend(("charged otherwise", line) for line in differing_costs(document))
    if document.provenance:
        found.append(("made from", ", ".join(document.provenance)))
    return [(name, cell(value)) for name, value in found]


def _tags(document: RunDocument) -> str:
    return ", ".join(f"{name}={value}" for name, value in document.tags.items())


def _tells(document: RunDocument, call: CallDocument) -> bool:
    """Whether a call says more than the answer of the run does."""
    return call.call_id != document.answer_call or call.error is not None


def _call(call: CallDocument) -> str:
    role = "" if call.role in MEMBERS else f"{call.role} "
    text = call.text
    if call.error is not None:
        text = f"{text or ''}\nerror: {cell(call.error.message)}".lstrip("\n")
    return _block(f"{role}{title(call)} ({call.status})", text)


def _block(head: str, text: str | None) -> str:
    """A heading, and the words indented below it, so that none can pass for a heading."""
    said = _UNKEPT if text is None else visible(text).strip("\n")
    lines = (f"  {line}".rstrip() for line in said.split("\n"))
    return "\n".join((f"{head}:", *lines, ""))

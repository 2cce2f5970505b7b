"""`ultra replay` on a screen and in a document."""

from collections.abc import Sequence

import msgspec

from ultra.core.replay import Case, ReplayDocument
from ultra.output.events import encode_json
from ultra.output.figures import lower_bound, share, usd
from ultra.output.markdown_page import plain, quote
from ultra.output.safe import cell

SHOWN = 10
"""Losses that a screen shows; the JSON has all cases."""

_LINE = 160


def render_replay(document: ReplayDocument) -> str:
    """What a terminal or a pipe is told: the answer first, then the prompts that were lost."""
    lines = [*_figures(document), *_told(document)]
    losses = document.losses
    if losses:
        lines += ["", f"worse on {len(losses):,}:"]
        for one in losses[:SHOWN]:
            lines += ["", *_loss(one)]
        if len(losses) > SHOWN:
            lines += ["", f"{len(losses) - SHOWN:,} more; `--json` has all"]
    return "".join(f"{line}\n" for line in lines)


def replay_json(document: ReplayDocument) -> str:
    """The versioned document, indented."""
    return msgspec.json.format(encode_json(document), indent=2).decode() + "\n"


def replay_markdown(document: ReplayDocument) -> str:
    """The same as Markdown, with both answers whole."""
    pieces = [f"# {cell(document.model)}, replayed", *_figures(document), *_told(document)]
    losses = document.losses
    if losses:
        pieces.append(f"## Worse on {len(losses):,}")
    for one in losses:
        pieces += [
            f"### {cell(one.run_id[:8])}",
            quote(one.prompt),
            f"{cell(one.logged_model)}, logged:",
            quote(one.logged_text),
            f"{cell(document.model)}:",
            quote(one.text or ""),
            *(f"- {plain(remark, _LINE)}" for remark in one.remarks),
        ]
    return "\n\n".join(pieces) + "\n"


def _figures(document: ReplayDocument) -> list[str]:
    if not document.judged:
        return [f"{cell(document.model)}: nothing could be held against a logged answer"]
    good, total = document.as_good, document.judged
    interval = ""
    if document.low is not None and document.high is not None:
        interval = f", 95% interval {share(document.low)} to {share(document.high)}"
    told = f"{good:,} of {total:,} prompts ({share(good / total)}{interval})"
    name = cell(document.model)
    lines = [f"{name} is as good or better on {told}, better on {document.better:,}"]
    if document.cost_share is not None:
        lines.append(
            f"at {_share(document.cost_share)} of the cost{_of(document.costed, document)}"
        )
    else:
        lines.append("its share of the cost is unknown")
    if document.time_share is not None:
        lines.append(f"in {_share(document.time_share)} of the time{_of(document.timed, document)}")
    return lines


def _told(document: ReplayDocument) -> list[str]:
    paid = lower_bound(None if document.unpriced else document.known_nano, document.known_nano)
    judged = f", of that {usd(document.judges_nano)} to judge it" if document.judges_nano else ""
    lines = [f"all of it cost {paid}{judged}"]
    if document.simulated:
        lines.append("answers were simulated")
    lines += [f"{document.failed:,} gave no answer"] if document.failed else []
    lines += [f"{document.unjudged:,} could not be judged"] if document.unjudged else []
    lines += [document.unmeasured] if document.unmeasured else []
    lines += [f"left out {count:,}: {why}" for why, count in sorted(document.skipped.items())]
    if document.stopped:
        lines.append(f"stopped after {document.done:,} of {document.prompts:,}: {document.stopped}")
    return lines


def _loss(one: Case) -> Sequence[str]:
    return [
        f"{cell(one.run_id[:8])}  {cell(one.prompt, _LINE)}",
        f"  {cell(one.logged_model)}: {cell(one.logged_text, _LINE)}",
        f"  now: {cell(one.text or '', _LINE)}",
        *(f"  - {cell(remark, _LINE)}" for remark in one.remarks[:3]),
    ]


def _share(value: float) -> str:
    return share(value) if value >= 0.01 else f"{value * 100:.2g}%"


def _of(count: int, document: ReplayDocument) -> str:
    return "" if count == document.done else f" (known of {count:,})"

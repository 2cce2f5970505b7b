"""What a batch came to: the summary of every report, and what came of one answer in a word."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from ultra.core.batch import BatchDocument, Cell, Latencies, ModelFigures, RowResult
from ultra.output.figures import count, lower_bound, seconds, share, usd
from ultra.output.safe import cell
from ultra.output.streams import Streams
from ultra.output.tables import Column, prose, table


class BatchReport(Struct, frozen=True):
    """All that a report is drawn from. `rows` may be read more than once."""

    document: BatchDocument
    rows: Iterable[RowResult]
    latencies: Sequence[Latencies]


def batch_table(document: BatchDocument, streams: Streams) -> str:
    """The summary for stdout: a table that fits the terminal, where there is one."""
    columns, rows = summary(document)
    figures = table(columns, rows, streams=streams)
    return heading(document) + figures + prose(["", *notes(document)], streams=streams)


def summary(
    document: BatchDocument,
) -> tuple[tuple[Column, ...], tuple[tuple[str, ...], ...]]:
    """A row a model, with those figures that any of them has."""
    models = document.models
    every: list[tuple[Column, list[str]]] = [
        (Column("model", shrink=True), [one.name for one in models])
    ]
    if any(one.checked for one in models):
        every += [
            (Column("accuracy", right=True), [_accuracy(one) for one in models]),
            (Column("95%"), [interval(one) for one in models]),
        ]
    if any(one.compared for one in models):
        every.append((Column("wins", right=True), [count(one.wins) for one in models]))
    every += [
        (
            Column("cost", right=True),
            [lower_bound(one.cost_nano, one.known_nano) for one in models],
        ),
        (Column("p50", right=True), [seconds(one.p50_s) for one in models]),
        (Column("p95", right=True), [seconds(one.p95_s) for one in models]),
        (Column("tokens in", right=True, spare=2), [count(one.input_tokens) for one in models]),
        (Column("tokens out", right=True, spare=1), [count(one.output_tokens) for one in models]),
        (Column("errors", right=True), [count(one.errors) for one in models]),
    ]
    columns = tuple(column for column, _ in every)
    return columns, tuple(zip(*(cells for _, cells in every), strict=True))


def interval(figures: ModelFigures) -> str:
    """The 95% interval of an accuracy."""
    if figures.low is None or figures.high is None:
        return "-"
    return f"{figures.low:.2f} to {figures.high:.2f}"


def title(document: BatchDocument) -> str:
    """The batch on one line: its file, and how much of it is done."""
    whose = "prompt" if document.prompts == 1 else "prompts"
    done = f"{document.prompts:,} {whose}"
    if document.done < document.prompts:
        done = f"{document.done:,} of {done}"
    models = f"{len(document.models)} model{'s' if len(document.models) > 1 else ''}"
    file = "stdin" if document.file == "-" else Path(document.file).name
    return f"{cell(file, 80)}: {done}, {models}"


def notes(document: BatchDocument) -> list[str]:
    """What is to be known beside the figures."""
    judged = "by judges" if document.judges else "by what was expected"
    found = []
    if any(one.compared for one in document.models):
        found.append(f"wins are prompts at which a model alone did best, {judged}")
    if document.unmeasured:
        found.append(document.unmeasured)
    if document.stopped:
        found.append(f"stopped: {cell(document.stopped)}")
    found += [
        f"failed: {cell(one.condition)}: {cell(one.model, 80)}: {cell(one.found)}"
        for one in document.failed
    ]
    if document.simulated:
        found.append("simulated: no model was asked")
    money = lower_bound(document.cost_nano, document.known_nano)
    judges = f", {usd(document.helpers_nano)} of it judges" if document.helpers_nano else ""
    took = seconds(document.duration_s)
    return [*found, f"batch {document.batch} · {took} · {money}{judges}"]


def _accuracy(figures: ModelFigures) -> str:
    return f"{share(figures.accuracy)} ({figures.passed}/{figures.checked})"


def heading(document: BatchDocument) -> str:
    """What stands above the figures."""
    return f"{title(document)}\n\n"


def below(document: BatchDocument) -> str:
    """What stands below them."""
    return "".join(f"{line}\n" for line in ("", *notes(document)))


def brief(result: RowResult, model: ModelFigures) -> str:
    """What came of a model's answers to a prompt, in a word or two."""
    cells = cells_of(result, model)
    return ", ".join(outcome(one) for one in cells) or "not asked"


def cells_of(result: RowResult, model: ModelFigures) -> list[Cell]:
    """The answers of a model to a prompt."""
    return [one for one in result.cells if (one.name, one.model) == (model.name, model.model)]


def outcome(answer: Cell) -> str:
    """What came of one answer: right or wrong where that is known, else how it ended."""
    if not answer.ok:
        return answer.error_class or answer.status
    if answer.met is not None:
        return "pass" if answer.met else "fail"
    return f"{answer.score:.2f}" if answer.score is not None else "ok"

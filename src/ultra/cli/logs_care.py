"""Care of the log under `ultra logs`: prune, delete, redact, backup, export."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ultra.cli import options
from ultra.cli.filters import marks_of, option_of
from ultra.cli.logs_options import CostCenter, Model, Query, Tag
from ultra.cli.nouns import Here, session

if TYPE_CHECKING:
    from ultra.core.care import Gone

Figures = Annotated[
    bool,
    options.option(
        "--figures",
        of="logs",
        help="remove what the calls came to as well: reports of spending change",
    ),
]
Confirmed = Annotated[
    bool, options.option("--yes", "-y", of="logs", help="do it without asking first")
]


def prune(
    ctx: typer.Context,
    older_than: Annotated[
        str,
        options.option(
            "--older-than",
            metavar="WHEN",
            of="logs",
            help="runs begun longer ago than `90d`, or before a date",
        ),
    ],
    figures: Figures = False,
    yes: Confirmed = False,
) -> None:
    """Remove old runs for good; without `--yes`, say what would go.

    Runs under way stay, and conversations that go on. What was spent stays on record.
    """
    from ultra.output.care import CareProgress, doomed_lines
    from ultra.runtime.care import old, prune_runs, to_prune

    here = session(ctx)
    which = old(here.runtime, older_than)
    found = to_prune(here.runtime, which)
    _print(here, doomed_lines(found))
    if not (found.runs or figures) or not _agreed(here, "remove them for good?", yes=yes):
        return
    progress = CareProgress(here.streams, "removing runs")
    try:
        gone = prune_runs(
            here.runtime,
            which,
            figures=figures,
            tell=lambda done: progress.show(done / max(1, found.runs)),
        )
    finally:
        progress.close()
    _tell_gone(here, gone)


def delete(
    ctx: typer.Context,
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="run ids or their beginnings")
    ],
    figures: Figures = False,
    yes: Confirmed = False,
) -> None:
    """Remove runs for good; without `--yes`, say what would go.

    With them go all their words. What was spent stays on record.
    """
    from ultra.output.care import doomed_lines
    from ultra.runtime.care import delete_runs, run_ids, to_delete

    here = session(ctx)
    ids = run_ids(here.runtime, runs)
    found = to_delete(here.runtime, ids)
    _print(here, doomed_lines(found))
    if found.runs and _agreed(here, "remove them for good?", yes=yes):
        _tell_gone(here, delete_runs(here.runtime, ids, figures=figures))


def redact(
    ctx: typer.Context,
    pattern: Annotated[
        str,
        typer.Argument(
            metavar="PATTERN",
            help="the text to take out; `-` reads it from stdin, so that no list of processes"
            " shows it",
        ),
    ],
    regex: Annotated[
        bool, options.option("--regex", of="logs", help="the pattern is a regular expression")
    ] = False,
    yes: Confirmed = False,
) -> None:
    """Put `[redacted]` in place of a text; without `--yes`, say where.

    Prompts, messages, answers, reasoning, tool calls, errors, verdicts and the search index; cached
    answers with it are forgotten. What matches is never shown.
    """
    from ultra.output.care import CareProgress, found_lines, kept_lines, left_lines
    from ultra.output.prompts import secret
    from ultra.runtime.care import pattern_of, redact_words, to_redact

    here = session(ctx)
    text = secret(here.streams, "the text to take out") if pattern == "-" else pattern
    wanted = pattern_of(text, regex=regex)
    found = to_redact(here.runtime, wanted)
    _print(here, found_lines(found) or ["nothing that can be redacted matches"])
    if found.texts and _agreed(here, "redact it for good?", yes=yes):
        progress = CareProgress(here.streams, "redacting runs")
        total = max(1, found.runs)
        try:
            found, left = redact_words(
                here.runtime, wanted, lambda done: progress.show(done / total)
            )
        finally:
            progress.close()
        _print(here, [f"{found.texts:,} texts redacted"])
        for line in left_lines(left):
            here.warn(line)
    for line in kept_lines(found):
        here.warn(line)


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a file that is not there yet")],
) -> None:
    """Copy the log to a file, as it is at this moment.

    Others go on writing. The copy is looked through before it is there, and only you can read it.
    """
    from ultra.output.care import CareProgress, copied_line
    from ultra.runtime.care import back_up_log

    here = session(ctx)
    progress = CareProgress(here.streams, "copying the log")
    try:
        size = back_up_log(here.runtime, file, progress.show)
    finally:
        progress.close()
    here.note(copied_line(str(file), size))


def export(
    ctx: typer.Context,
    form: Annotated[
        Literal["jsonl", "csv"],
        options.option(
            "--format",
            of="logs",
            help="a run a line, as in `logs --json`, or a call a line for a spreadsheet",
        ),
    ] = "jsonl",
    output: options.Output = None,
    query: Query = None,
    model: Model = None,
    cost_center: CostCenter = None,
    tag: Tag = None,
    since: Annotated[str | None, option_of("logs", "--since")] = None,
    until: Annotated[str | None, option_of("logs", "--until")] = None,
) -> None:
    """Write runs as JSON lines or CSV, the newest first, however many."""
    from ultra.output.documents import csv_pieces, jsonl_pieces
    from ultra.output.files import check_place, write_atomic
    from ultra.runtime.care import documents, sought

    here = session(ctx)
    if output is not None:
        check_place(output)
    marks = marks_of(cost_center, tag)
    wanted = sought(here.runtime, query, model, marks, since=since, until=until)
    runs = documents(here.runtime, wanted)
    pieces = csv_pieces(runs) if form == "csv" else jsonl_pieces(runs)
    if output is not None:
        write_atomic(output, pieces, hint="choose another place with `--output`")
        return
    for piece in pieces:
        here.streams.write(piece)


COMMANDS: tuple[tuple[str, Callable[..., None], tuple[str, ...]], ...] = (
    ("prune", prune, ("ultra logs prune --older-than 90d", "ultra logs prune --older-than 90d -y")),
    ("delete", delete, ("ultra logs delete 4f7k", "ultra logs delete 4f7k 9c2m --yes")),
    (
        "redact",
        redact,
        ("ultra logs redact 'Jane Doe'", "pass show old-key | ultra logs redact - --yes"),
    ),
    ("backup", backup, ("ultra logs backup ~/ultra-2026-11-21.db",)),
    (
        "export",
        export,
        (
            "ultra logs export > runs.jsonl",
            "ultra logs export --format csv --since 30d --output calls.csv",
        ),
    ),
)
"""Name, function and examples of every command here."""


def _agreed(here: Here, question: str, *, yes: bool) -> bool:
    """Whether it is to be done: by flag, or as a terminal says; elsewhere it was only a look."""
    from ultra.output.prompts import confirm

    if yes or (here.streams.interactive and confirm(here.streams, question)):
        return True
    if not here.streams.interactive:
        here.note("nothing was changed; `--yes` does it")
    else:
        here.note("nothing was changed")
    return False


def _tell_gone(here: Here, gone: "Gone") -> None:
    from ultra.output.care import gone_line, left_lines

    _print(here, [gone_line(gone)])
    for line in left_lines(gone):
        here.warn(line)


def _print(here: Here, lines: Sequence[str]) -> None:
    here.streams.write("".join(f"{line}\n" for line in lines))

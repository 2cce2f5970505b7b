"""`ultra logs`: what was asked and answered; the list, one run whole, its answer or its code."""

from typing import Annotated, Literal

import typer
from msgspec import Struct

from ultra.cli import logs_audit, logs_care, logs_import, options
from ultra.cli.filters import marks_of
from ultra.cli.logs_options import CostCenter, Model, Query, Tag
from ultra.cli.nouns import Here, Under, noun, session, shown
from ultra.core.errors import UsageError
from ultra.core.records import RunDocument, RunSummary
from ultra.core.tags import Marks
from ultra.core.text import one_line

app = noun(
    "What was asked and answered, what it cost and why it failed.",
    "ultra logs                        the last three runs",
    "ultra logs -n 20 -q sqlite        search prompts and answers",
    "ultra logs 4f7k                   one run whole, by the beginning of its id",
    "ultra logs -r                     the last answer again",
    "ultra logs -x 4f7k > fix.py       the first code block of an answer",
    "ultra logs --json -n 0 -m smart   every run of a model as JSON",
    "ultra logs --tag job=nightly      runs marked so; `--cost-center` too",
    "ultra logs prune --older-than 90d     what would go; `--yes` removes it",
    'ultra logs import "$(llm logs path)"  what llm kept; aichat and mods too',
    "ultra logs audit                  who changed keys, budgets, trust and profiles",
)

Block = Literal["first", "last"]

Run = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="a run id, or its first four characters and more"),
]
RunOption = Annotated[
    str | None, options.option("--run", metavar="RUN", of="logs", help="the same as a flag")
]
ResponseOnly = Annotated[
    bool, options.option("--response", "-r", of="logs", help="the answer only")
]
Code = Annotated[bool, options.option("--code", "-x", of="logs", help="its first code block only")]
CodeLast = Annotated[
    bool, typer.Option("--xl", envvar="ULTRA_LOGS_CODE_LAST", help="its last code block only")
]


class Sought(Struct, frozen=True):
    """Which runs are meant."""

    query: str | None
    model: str | None
    marks: Marks


@app.command("list", cls=Under, epilog=shown("ultra logs list -n 20", "ultra logs list -q sqlite"))
def list_(
    ctx: typer.Context,
    run: Run = None,
    run_option: RunOption = None,
    count: Annotated[
        int,
        options.option(
            "--count", "-n", min=0, metavar="N", of="logs", help="how many runs, 0 for all"
        ),
    ] = 3,
    query: Query = None,
    model: Model = None,
    cost_center: CostCenter = None,
    tag: Tag = None,
    response: ResponseOnly = False,
    code: Code = False,
    code_last: CodeLast = False,
    as_json: options.Json = False,
) -> None:
    """List runs, newest first, of a search best match first; with a run id, show that one."""
    here = session(ctx)
    chosen = run or run_option
    block = _block(code, code_last)
    sought = Sought(query, model, marks_of(cost_center, tag))
    if chosen is None and not (response or block):
        _print_runs(here, count, sought, as_json=as_json)
        return
    _print_one(here, chosen or _newest(here, sought), response, block, as_json=as_json)


@app.command(cls=Under, epilog=shown("ultra logs show 4f7k", "ultra logs show 4f7k --json"))
def show(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="a run id or its beginning")],
    response: ResponseOnly = False,
    code: Code = False,
    code_last: CodeLast = False,
    as_json: options.Json = False,
) -> None:
    """Show one run whole: prompt, every call, the answer, and what it cost."""
    _print_one(session(ctx), run, response, _block(code, code_last), as_json=as_json)


@app.command(cls=Under, epilog=shown("ultra logs path", 'datasette "$(ultra logs path)"'))
def path(ctx: typer.Context) -> None:
    """Print where the SQLite file is; deleting it deletes the log."""
    here = session(ctx)
    here.streams.write(f"{here.runtime.paths.database}\n")


for _name, _command, _examples in logs_care.COMMANDS:
    app.command(_name, cls=Under, epilog=shown(*_examples))(_command)

app.command("import", cls=Under, epilog=shown(*logs_import.EXAMPLES))(logs_import.import_)
app.command("audit", cls=Under, epilog=shown(*logs_audit.EXAMPLES))(logs_audit.audit)


def _block(first: bool, last: bool) -> Block | None:
    if first and last:
        raise UsageError("`-x` and `--xl` do not go together")
    return "first" if first else "last" if last else None


def _newest(here: Here, sought: Sought) -> str:
    found = _found(here, 1, sought)
    if not found:
        raise UsageError("no run matches", hint="`ultra logs -n 0` lists all there are")
    return found[0].run_id


def _found(here: Here, count: int, sought: Sought) -> list[RunSummary]:
    return here.runtime.log.runs(
        limit=count, query=sought.query, model=sought.model, marks=sought.marks
    )


def _print_runs(here: Here, count: int, sought: Sought, *, as_json: bool) -> None:
    from ultra.output.documents import render_json
    from ultra.output.logs import render_summaries

    log = here.runtime.log
    found = _found(here, count, sought)
    if as_json:
        known = (log.known(run.run_id) for run in found)
        documents = (render_json(one).rstrip("\n") for one in known if one is not None)
        here.streams.write("[" + ",\n".join(documents) + "]\n")
    elif found:
        here.streams.write(render_summaries(found, streams=here.streams))
    else:
        here.note(f"no run {_about(sought)}is in the log `{here.runtime.paths.database}`")


def _about(sought: Sought) -> str:
    marks = [f"{name}={value}" for name, value in sought.marks.tags.items()]
    told = (
        ("with", sought.query),
        ("of", sought.model),
        ("charged to", sought.marks.cost_center or None),
        *(("marked", mark) for mark in marks),
    )
    return "".join(f"{word} `{one_line(what, 60)}` " for word, what in told if what is not None)


def _print_one(here: Here, run: str, response: bool, block: Block | None, *, as_json: bool) -> None:
    from ultra.output.documents import render_json
    from ultra.output.logs import render_log_run

    document = here.runtime.log.run(run)
    if as_json:
        here.streams.write("[" + render_json(document).rstrip("\n") + "]\n")
    elif block is not None:
        here.streams.write(_ended(_code(here, document, block)))
    elif response:
        here.streams.write(_ended(_shown(here, _words(document))))
    else:
        here.streams.write(render_log_run(document, streams=here.streams))


def _code(here: Here, document: RunDocument, block: Block) -> str:
    from ultra.output.extract import extract_code

    words = _words(document)
    code = extract_code(words, block == "last")
    if code is None:
        here.warn("the answer has no code block; all of it is printed")
    return _shown(here, words if code is None else code)


def _words(document: RunDocument) -> str:
    """The answer; without one, every member's words under its name, unless a gate held them back.

    Raises `UsageError` when nothing was said or kept, or nothing passed the gates.
    """
    if document.answer:
        return document.answer
    said = [
        call
        for call in document.calls
        if call.role in ("answer", "member") and call.text and not call.parent
    ]
    if not said or document.strategy == "pipeline":
        raise UsageError(
            f"run `{document.run_id}` has no answer in the log",
            hint=f"`ultra logs {document.run_id[:8]}` shows what became of it",
        )
    if len(said) == 1:
        return said[0].text or ""
    return "\n\n".join(f"## {call.name}\n\n{call.text}" for call in said)


def _shown(here: Here, text: str) -> str:
    """Words as the model wrote them for a pipe, without what a terminal obeys for a terminal."""
    from ultra.output.safe import visible

    return visible(text) if here.streams.stdout_is_tty else text


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"

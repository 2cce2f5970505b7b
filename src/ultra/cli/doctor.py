"""`ultra doctor`: looks at everything that ultra stands on and says what to do next."""

from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.exit_codes import code_of_checkup
from ultra.cli.nouns import Under, noun, print_json, session, shown

app = noun(
    "Look at profile, keys, hosts, clock, log, terminal, completions and versions, and say what to"
    " do next. Nothing is written, no secret is shown. Exit 0 no problem, 1 problems, 3 problems of"
    " profile or keys among them.",
    "ultra doctor                        one page, with the next step below each finding",
    "ultra doctor --no-probe             without asking any provider for its list of models",
    "ultra doctor --json                 the same as JSON, for a report of a bug",
    "ultra doctor errors                 every class of error and what follows it",
)


@app.command(
    "check", cls=Under, epilog=shown("ultra doctor check --json", "ultra doctor -P production")
)
def check(
    ctx: typer.Context,
    no_probe: Annotated[
        bool, options.option("--no-probe", of="doctor", help="ask no provider anything")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Look at everything once; what is wrong comes with the next step."""
    from ultra.cli.completions import script
    from ultra.output.doctor import checkup_document, render_checkup
    from ultra.runtime.doctor import examine

    here = session(ctx)
    here.runtime.warn = _silent  # what would be a warning elsewhere is a finding here
    checkup = examine(
        here.runtime, here.profile, probe=not no_probe, streams=here.streams, script=script
    )
    if as_json:
        print_json(here, checkup_document(checkup))
    else:
        lines = render_checkup(checkup, streams=here.streams)
        here.streams.write("\n".join([*lines, ""]))
    return code_of_checkup(checkup)


@app.command(cls=Under, epilog=shown("ultra doctor errors", "ultra doctor errors --json"))
def errors(ctx: typer.Context, as_json: options.Json = False) -> None:
    """List every class of error: tried again, other models asked, exit code, meaning."""
    from ultra.cli.error_table import error_rows
    from ultra.output.doctor import render_rows

    here = session(ctx)
    rows = error_rows()
    if as_json:
        print_json(here, {"errors": rows})
        return
    heads = ["class", "again", "others", "exit", "what it means"]
    cells = [[row.name, row.again, row.others, str(row.exit_code), row.meaning] for row in rows]
    here.streams.write("\n".join([*render_rows(heads, cells, streams=here.streams), ""]))


def _silent(_text: str) -> None:
    """Say nothing."""

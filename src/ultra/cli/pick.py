"""`ultra pick`: which answer of a comparison is the one."""

from typing import Annotated

import typer

from ultra.cli.apps import verb_app
from ultra.cli.exit_codes import OK
from ultra.cli.nouns import Under, session, shown
from ultra.core.text import one_line

app = verb_app()


@app.command(
    cls=Under,
    epilog=shown(
        "ultra pick 2                       the second answer of the last comparison here",
        "ultra pick B 4f7k                  by its label, of a comparison that hid the names",
        'ultra pick smart && ultra ask -c "and why?"',
    ),
)
def pick(
    ctx: typer.Context,
    which: Annotated[
        str,
        typer.Argument(metavar="N", help="the answer's place, from 1, its model's name, or label"),
    ],
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="a run id or its beginning; else the last one here"),
    ] = None,
) -> int:
    """Record which answer of a comparison is the one; `ultra ask -c` goes on from it.

    The name of the model behind it is printed. Picks are kept in the log and may be changed.
    """
    from ultra.output.safe import cell
    from ultra.runtime.picking import pick as record

    here = session(ctx)
    picked = record(here.runtime, which, run)
    call = picked.call
    here.streams.write(f"{cell(call.name)}\n")
    about = one_line(picked.run.prompt or "", 60)
    here.note(f"picked `{call.provider}:{call.model}` of {picked.run.run_id[:8]}: {about}")
    here.note("`ultra ask -c` goes on from its answer")
    return OK

"""`ultra logs import`: conversations that other programs kept."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ultra.cli import options
from ultra.cli.nouns import Here, print_json, session
from ultra.core.errors import UsageError
from ultra.core.text import did_you_mean, one_line

if TYPE_CHECKING:
    from ultra.core.imports import Tool
    from ultra.runtime.importing import Imported

EXAMPLES = (
    'ultra logs import "$(llm logs path)"',
    "ultra logs import ~/.config/aichat --dry-run",
    "ultra logs import ~/.local/share/mods --from mods",
)

SHOWN = 10
"""Models and losses that are listed; the rest is counted."""


def import_(
    ctx: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="what llm, aichat or mods has written")
    ],
    tool: Annotated[
        str | None,
        options.option(
            "--from",
            metavar="llm|aichat|mods",
            of="logs",
            help="whose it is, where that is not plain",
        ),
    ] = None,
    dry_run: Annotated[
        bool, options.option("--dry-run", of="logs", help="count, and import nothing")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Take over what llm, aichat or mods kept; what is there already is not taken twice.

    Times, models, tokens, attachments and conversations stay; what nobody recorded stays unknown.
    """
    from ultra.runtime.importing import import_logs

    here = session(ctx)
    place = here.runtime.cwd / path.expanduser()
    done = import_logs(here.runtime, place, _tool(tool), dry=dry_run)
    if as_json:
        from ultra.output.moments import dated

        print_json(here, {"import": dated(done)})
        return
    _tell(here, done)


def _tool(text: str | None) -> "Tool | None":
    from ultra.core.imports import TOOLS, tool_named

    found = None if text is None else tool_named(text)
    if text is not None and found is None:
        raise UsageError(
            f"`--from {one_line(text, 60)}` is not known",
            hint=did_you_mean(text, TOOLS) or f"one of: {', '.join(TOOLS)}",
        )
    return found


def _tell(here: Here, done: "Imported") -> None:
    from ultra.output.audit import local
    from ultra.output.safe import visible

    would = "would be imported" if done.dry else "imported"
    runs = f"{done.runs:,} run{'' if done.runs == 1 else 's'}"
    lines = [f"{runs} of {done.tool} {would}, of {done.conversations:,} conversations"]
    if done.oldest_at is not None and done.newest_at is not None:
        lines.append(f"from {local(done.oldest_at)} to {local(done.newest_at)}")
    lines += [f"  {count:>7,}  {model}" for model, count in list(done.models.items())[:SHOWN]]
    if len(done.models) > SHOWN:
        lines.append(f"  and {len(done.models) - SHOWN} models more")
    if done.attachments:
        lines.append(f"{done.attachments:,} attachments are kept with them")
    if done.known:
        lines.append(f"{done.known:,} were there already")
    if done.too_old:
        lines.append(f"{done.too_old:,} are older than `log.keep_days` of the profile: left out")
    here.streams.write("".join(f"{visible(line)}\n" for line in lines))
    for line in done.lost[:SHOWN]:
        here.warn(f"not imported: {line}")
    if len(done.lost) > SHOWN:
        here.warn(f"not imported: {len(done.lost) - SHOWN} more")

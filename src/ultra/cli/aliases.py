"""`ultra aliases`: short names for models, good in every profile."""

from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.nouns import Under, noun, print_json, session, shown

app = noun(
    "Short names for models, good in every profile; a profile's own names win.",
    "ultra aliases",
    "ultra aliases set quick openai:gpt-5-mini",
    "ultra aliases remove quick",
)


@app.command("list", cls=Under, epilog=shown("ultra aliases list", "ultra aliases list --json"))
def list_(ctx: typer.Context, as_json: options.Json = False) -> None:
    """List your aliases and the model behind each."""
    from ultra.output.tables import table
    from ultra.runtime.shortcuts import alias_listing

    here = session(ctx)
    found = alias_listing(here.runtime)
    if as_json:
        print_json(here, {"aliases": found})
    elif found:
        here.streams.write(table(["alias", "model"], list(found.items()), streams=here.streams))
    else:
        here.note("there are no aliases yet; `ultra aliases set NAME provider:model` makes one")


@app.command("set", cls=Under, epilog=shown("ultra aliases set quick openai:gpt-5-mini"))
def set_(
    ctx: typer.Context,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="the short name")],
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="`provider:model`, or another short name")
    ],
) -> None:
    """Name a model, in place of what was so named before."""
    from ultra.runtime.shortcuts import set_alias

    here = session(ctx)
    here.note(f"`{alias}` is {set_alias(here.runtime, alias, model)}")


@app.command(cls=Under, epilog=shown("ultra aliases remove quick"))
def remove(
    ctx: typer.Context,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="the short name")],
) -> None:
    """Forget an alias."""
    from ultra.runtime.shortcuts import remove_alias

    here = session(ctx)
    remove_alias(here.runtime, alias)
    here.note(f"`{alias}` is forgotten")

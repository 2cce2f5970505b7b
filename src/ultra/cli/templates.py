"""`ultra templates`: prompts to use again; `ultra ask --save NAME` makes them."""

from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.nouns import Under, noun, print_json, session, shown

app = noun(
    "Prompts to use again. `ultra ask --save NAME` makes one, `ultra -t NAME` uses it.",
    "ultra templates",
    'ultra --save review -s "be brief" "review this: $input"',
    "git diff | ultra -t review",
    "ultra templates show review",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="name of the template")]


@app.command("list", cls=Under, epilog=shown("ultra templates list", "ultra templates list --json"))
def list_(ctx: typer.Context, as_json: options.Json = False) -> None:
    """List your templates, with the parameters that each takes."""
    from ultra.output.tables import Column, table
    from ultra.runtime.shortcuts import template_listing

    here = session(ctx)
    found = template_listing(here.runtime)
    if as_json:
        print_json(here, {"templates": found})
    elif found:
        rows = [
            [one.name, ", ".join(one.parameters), one.model, one.prompt or one.system]
            for one in found
        ]
        columns = [*map(Column, ("name", "parameters", "model")), Column("prompt", shrink=True)]
        here.streams.write(table(columns, rows, streams=here.streams))
    else:
        here.note("there are no templates yet; `ultra --save NAME PROMPT` makes one")


@app.command(cls=Under, epilog=shown("ultra templates show review"))
def show(ctx: typer.Context, template_name: Name) -> None:
    """Print a template as it stands in its file."""
    from ultra.runtime.shortcuts import template_text

    here = session(ctx)
    here.streams.write(template_text(here.runtime, template_name))


@app.command(cls=Under, epilog=shown("ultra templates path", 'ls "$(ultra templates path)"'))
def path(ctx: typer.Context) -> None:
    """Print the folder that templates are kept in, one YAML file each."""
    from ultra.runtime.shortcuts import template_folder

    here = session(ctx)
    here.streams.write(f"{template_folder(here.runtime)}\n")


@app.command(cls=Under, epilog=shown("ultra templates remove review"))
def remove(ctx: typer.Context, template_name: Name) -> None:
    """Delete a template."""
    from ultra.runtime.shortcuts import remove_template

    here = session(ctx)
    remove_template(here.runtime, template_name)
    here.note(f"`{template_name}` is deleted")

"""`ultra cache`: what is kept of answers, what that saved, and clearing it."""

from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.filters import option_of
from ultra.cli.nouns import Under, noun, print_json, session, shown

app = noun(
    "Earlier answers that serve again (`--cache`, or `cache.enabled` in the profile).",
    "ultra cache                                what is kept, and what it saved",
    'ultra ask --cache "why is the sky blue"    ask once, then let the answer serve',
    "ultra cache clear --older-than 7d          forget what was kept a week ago and before",
)


@app.command(cls=Under, epilog=shown("ultra cache stats", "ultra cache stats --json"))
def stats(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Say how many answers are kept, how often one served, and what that saved."""
    from ultra.output.cache import render_cache
    from ultra.runtime.cache import stats as found

    here = session(ctx)
    if as_json:
        print_json(here, {"cache": found(here.runtime)})
    else:
        here.streams.write(render_cache(found(here.runtime)))


@app.command(
    cls=Under,
    epilog=shown("ultra cache clear", "ultra cache clear --older-than 7d --model openai"),
)
def clear(
    ctx: typer.Context,
    older_than: Annotated[
        str | None,
        options.option(
            "--older-than",
            metavar="SPAN",
            of="cache",
            help="only what was kept longer ago: `12h`, `7d`",
        ),
    ] = None,
    model: Annotated[
        str | None,
        option_of("cache", "--model", "only answers of this model, alias or provider"),
    ] = None,
    yes: Annotated[bool, options.option("--yes", "-y", help="clear without asking first")] = False,
) -> None:
    """Forget kept answers; what the log says of them stays."""
    from ultra.output.prompts import confirm
    from ultra.runtime.cache import forget, forgettable

    here = session(ctx)
    count = forgettable(here.runtime, model, older_than)
    if not count:
        here.note("no kept answer matches" if model or older_than else "no answers are kept")
        return
    question = f"forget {_answers(count)}?"
    if yes or not here.streams.interactive or confirm(here.streams, question):
        here.note(f"{_answers(forget(here.runtime, model, older_than))} forgotten")
    else:
        here.note("nothing was forgotten")


def _answers(count: int) -> str:
    return f"{count:,} kept answer{'' if count == 1 else 's'}"

"""`ultra demo`: the main job over three simulated models, then the log of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ultra.cli import options
from ultra.cli.apps import verb_app
from ultra.cli.context import Session
from ultra.cli.exit_codes import OK
from ultra.cli.nouns import Under, session, shown

if TYPE_CHECKING:
    from ultra.cli.asking import Typed

PROFILE = "development"
"""The shipped profile whose models are simulated: `ultra demo` is how the user names it."""

MEMBERS = 3

ONE = "What is 17 * 23?"
MANY = "Which three habits keep a codebase easy to change?"
ALL = "How many bones does an adult human have?"
app = verb_app()


@app.command(cls=Under, epilog=shown("ultra demo", "ultra demo --no-log", "ultra logs -n 3"))
def demo(
    ctx: typer.Context,
    no_log: Annotated[
        bool, options.option("--no-log", "-n", of="demo", help="keep no words of it")
    ] = False,
) -> int:
    """Show ultra at work over simulated models: nothing is sent, nothing is spent.

    Three models fused into one answer, a comparison, and a single question; each is written to the
    log like any other run, marked as simulated. The profile is always the shipped `development`.
    """
    from ultra.runtime.profiles import shipped_profile

    here = session(ctx)
    profile = shipped_profile(PROFILE)
    names = list(Session(profile).runtime.profile.models)[:MEMBERS]
    steps = (
        ("", "three models answer, one compares them, one writes", names, MANY),
        ("compare ", "every answer, side by side", names, ALL),
        ("", "one question, one model", names[:1], ONE),
    )
    for place, (verb, about, asked, words) in enumerate(steps, start=1):
        flags = " ".join(f"-m {name}" for name in asked)
        here.streams.write(
            f"\n({place}/{len(steps)}) {about}; simulated\n"
            f'$ ultra {verb}-P {PROFILE} {flags} "{words}"\n\n'
        )
        code = _step(Session(profile), bool(verb), asked, words, keep=not no_log)
        if code != OK:
            return code
    _show_log(here, len(steps))
    return OK


def _step(here: Session, compare: bool, names: Sequence[str], words: str, *, keep: bool) -> int:
    from ultra.cli import ask_run, compare_run
    from ultra.cli.terms import Terms

    terms = Terms(keep_text=keep, usage=True, confirmed=True)
    if compare:
        every = compare_run.Wanted(models=names, terms=terms)
        return compare_run.run_compare(here, _typed(words), every)
    return ask_run.run_ask(here, _typed(words), ask_run.Wanted(models=names, terms=terms))


def _typed(words: str) -> "Typed":
    from ultra.cli.asking import Typed

    return Typed(words=[words], read_stdin=False)


def _show_log(here: Session, count: int) -> None:
    from ultra.output.logs import render_summaries

    log = here.runtime.log
    here.streams.write(f"\nwhat the log keeps of it\n$ ultra logs -n {count}\n\n")
    here.streams.write(render_summaries(log.runs(limit=count), streams=here.streams))
    here.streams.write("\n`ultra init` sets up models that are real\n")

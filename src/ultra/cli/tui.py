"""`ultra tui`: the screens, for whoever sits before a terminal."""

import os

import typer

from ultra.cli.apps import verb_app
from ultra.cli.exit_codes import INTERRUPTED, OK
from ultra.cli.nouns import Under, session, shown
from ultra.core.errors import UsageError
from ultra.output.streams import Streams

app = verb_app()


@app.command(cls=Under, epilog=shown("ultra tui", "ultra tui -P development"))
def tui(ctx: typer.Context) -> int:
    """Show providers, calls under way, cost and history, and ask, on screens to leave open.

    Nothing is asked of a provider unless you do: all is read from the log, which every ultra on
    this machine writes. `?` shows the keys; `tui.yaml` beside your profile changes them.
    """
    here = session(ctx)
    _check_terminal(here.streams)
    if not os.environ.get("NO_COLOR"):
        os.environ.pop("NO_COLOR", None)  # textual takes an empty one for a wish
    from ultra.runtime.preferences import preferences_of
    from ultra.tui.app import UltraApp
    from ultra.tui.running import run

    try:
        cause = run(UltraApp(here.runtime, preferences_of(here.runtime)))
    finally:
        here.runtime.close()
    return OK if cause is None else INTERRUPTED[cause]


def _check_terminal(streams: Streams) -> None:
    """Raise `UsageError` where nothing can be drawn: textual draws on stderr."""
    ends = {
        "stdin": streams.stdin_is_tty,
        "stdout": streams.stdout_is_tty,
        "stderr": streams.stderr_is_tty,
    }
    for name, there in ends.items():
        if not there:
            raise UsageError(
                f"`ultra tui` needs a terminal, and {name} is none",
                hint="`ultra health`, `ultra stats` and `ultra logs` print the same",
            )
    if streams.dumb:
        raise UsageError("`ultra tui` cannot draw on a terminal that is `dumb`", hint="set `TERM`")

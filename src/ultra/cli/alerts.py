"""`ultra alerts`: what the profile's alerts see, looking at them by hand or from cron, a test."""

from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.exit_codes import FAILED, OK
from ultra.cli.nouns import Here, Under, noun, print_json, session, shown

app = noun(
    "What the profile's alerts look at and what was told; each crossing is told once.",
    "ultra alerts                 every alert, what it measures now, whether it was told",
    "ultra alerts check           look now and tell of what was crossed: for cron",
    "ultra alerts test daily      send the alert `daily` as if it had crossed",
)


@app.command("list", cls=Under, epilog=shown("ultra alerts", "ultra alerts --json"))
def list_(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Show every alert of the profile as it stands; nothing is told."""
    from ultra.output.alerts import alerts_document, render_alerts
    from ultra.runtime.alerts import watched

    here = session(ctx)
    found = watched(here.runtime)
    if as_json:
        print_json(here, {"alerts": alerts_document(found)})
    elif found:
        now = here.runtime.clock.time()
        here.streams.write(render_alerts(found, now, streams=here.streams))
    else:
        _none(here)


@app.command(cls=Under, epilog=shown("ultra alerts check", "*/5 * * * * ultra alerts check"))
def check(ctx: typer.Context, as_json: options.Json = False) -> int:
    """Look at every alert now and tell of what was crossed since the last run."""
    from ultra.output.alerts import alerts_document
    from ultra.runtime.alerts import check as look
    from ultra.runtime.alerts import not_told, watched

    here = session(ctx)
    if not here.runtime.profile.alerts:
        _none(here)
    told = look(here.runtime)
    for one in told:
        if one.problem is None:
            here.note(f"alert `{one.crossing.rule.name}` was told: {one.crossing.words}")
        else:
            here.warn(not_told(one))
    if as_json:
        print_json(here, {"alerts": alerts_document(watched(here.runtime))})
    return FAILED if any(one.problem for one in told) else OK


@app.command(cls=Under, epilog=shown("ultra alerts test daily"))
def test(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="an alert of the profile")],
) -> None:
    """Send one alert as if it had crossed, marked as a test."""
    from ultra.runtime.alerts import send_test

    here = session(ctx)
    send_test(here.runtime, name)
    here.note(f"alert `{name}` was told, marked as a test")


def _none(here: Here) -> None:
    here.note(f"profile `{here.runtime.profile.name}` has no alerts; docs/cost.md shows how")

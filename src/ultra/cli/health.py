"""`ultra health`: which endpoints can be used, from real traffic; breakers moved by hand."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ultra.cli import options
from ultra.cli.exit_codes import INTERRUPTED, OK, code_of_health
from ultra.cli.nouns import Here, Under, noun, session, shown
from ultra.core.errors import UsageError

if TYPE_CHECKING:
    from ultra.runtime.action import Interruption

app = noun(
    "Which endpoints of the profile can be used: breakers, keys, rate limits and how real calls"
    " went, without spending anything. Exit 0 all usable, 1 some down, 4 some unknown, 3 some"
    " misconfigured.",
    "ultra health                        every endpoint of the profile",
    "ultra health --no-probe             from the log alone; nobody is asked for anything",
    "ultra health --probe=prompt         one tiny prompt to each model, logged and charged",
    "ultra health --watch                redrawn every five seconds; q ends it",
    "ultra health reset openai           let calls through again",
    "ultra health open smart             let no call through until it is reset",
)

Endpoint = Annotated[
    str, typer.Argument(metavar="ENDPOINT", help="provider, provider:model, or a profile's name")
]


@app.command(
    "show",
    cls=Under,
    epilog=shown("ultra health show --json", "ultra health -P work --watch 10"),
)
def show(
    ctx: typer.Context,
    probe: Annotated[
        Literal["list", "prompt"],
        options.option(
            "--probe",
            of="health",
            help="where nothing is known: ask for the list of models (free), or send each a prompt",
        ),
    ] = "list",
    no_probe: Annotated[
        bool, options.option("--no-probe", of="health", help="ask nobody; say `unknown` instead")
    ] = False,
    watch: Annotated[
        bool, options.option("--watch", "-w", of="health", help="redraw until q or Ctrl-C")
    ] = False,
    every: Annotated[
        float,
        options.option(
            "--every", min=1.0, metavar="SECONDS", of="health", help="with --watch: how often"
        ),
    ] = 5.0,
    as_json: options.Json = False,
) -> int:
    """Show every endpoint of the profile: breaker, key, limits, success, times, the last error."""
    from ultra.output.health_screen import HealthScreen
    from ultra.runtime.health import follow, look

    here = session(ctx)
    if no_probe and probe == "prompt":
        raise UsageError("`--probe=prompt` and `--no-probe` do not go together")
    if probe == "prompt" and (cause := _prompted(here)) is not None:
        return INTERRUPTED[cause]
    probing: Literal["list", "none"] = "none" if no_probe else "list"
    screen = HealthScreen(here.streams, as_json=as_json)
    if watch:
        with screen.watching() as enough:
            seen = follow(here.runtime, probing, screen.begin, screen.show, enough, every)
    else:
        seen = look(here.runtime, probing)
        if seen.report is not None:
            screen.show(seen.report)
    for warning in here.runtime.keys.warnings:
        here.warn(warning)
    if seen.interrupted is not None:
        return INTERRUPTED[seen.interrupted]
    return OK if seen.report is None else code_of_health(seen.report)


@app.command(
    cls=Under, epilog=shown("ultra health reset openai:gpt-5-mini", "ultra health reset --all")
)
def reset(
    ctx: typer.Context,
    endpoint: Annotated[
        str | None,
        typer.Argument(metavar="[ENDPOINT]", help="provider, provider:model or a profile's name"),
    ] = None,
    everything: Annotated[
        bool, options.option("--all", "-a", of="health", help="every breaker and gate")
    ] = False,
) -> None:
    """Let calls through again: close breakers and open rate gates, whoever shut them."""
    from ultra.runtime import by_hand

    here = session(ctx)
    if (endpoint is None) != everything:
        raise UsageError(
            "say which endpoint, or `--all`", hint="`ultra health` shows what is held back"
        )
    count = by_hand.reset(here.runtime, endpoint)
    what = "breaker or gate lets" if count == 1 else "breakers and gates let"
    here.note(f"{count} {what} calls through again" if count else "no call was held back")


@app.command("open", cls=Under, epilog=shown("ultra health open smart", "ultra health open lab"))
def open_(ctx: typer.Context, endpoint: Endpoint) -> None:
    """Let no call through, for every process, until `ultra health reset`."""
    from ultra.runtime import by_hand

    here = session(ctx)
    shut = by_hand.open_(here.runtime, endpoint)
    names = ", ".join(
        f"`{one.provider}:{one.model}`" if one.model else f"every model of `{one.provider}`"
        for one in shut
    )
    here.note(f"no call goes to {names} until `ultra health reset {endpoint}`")


def _prompted(here: Here) -> "Interruption | None":
    from ultra.runtime.probing import PROBE_S, send_probes

    here.note(f"one tiny prompt goes to each model; {PROBE_S:.0f} s at most")
    return send_probes(here.runtime)

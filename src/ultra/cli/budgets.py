"""`ultra budgets`: what may be spent, what is spent, and what of it is uncertain."""

import re
from collections.abc import Sequence
from typing import Annotated

import typer
from typer._click.core import Context

from ultra.cli import options
from ultra.cli.filters import option_of
from ultra.cli.nouns import Here, Under, noun, print_json, session, shown
from ultra.core.errors import UsageError
from ultra.core.gauges import Uncertain

app = noun(
    "What may be spent, by day, week, month and run; none of it until you say so.",
    "ultra budgets                                    limits, spent, reserved, left",
    "ultra budgets set all 5 --mode hard              no more than $5 a day, whatever asks",
    "ultra budgets set provider:openai 40 --per month",
    "ultra budgets set run 0.50 --mode hard           no run costs more than 50 cents",
    "ultra budgets remove all --per day",
    "ultra budgets reconcile                          what killed processes may have cost",
)

Scope = Annotated[
    str,
    typer.Argument(
        metavar="SCOPE",
        help="all, run, or profile:, cost_center:, provider:, key:, tag: with a name",
    ),
]
Per = Annotated[
    str, options.option("--per", metavar="PERIOD", of="budgets", help="day, week, month or run")
]


@app.command(cls=Under, epilog=shown("ultra budgets show", "ultra budgets --json"))
def show(ctx: typer.Context, as_json: options.Json = False) -> None:
    """Show every limit and how far it is used."""
    from ultra.output.budgets import gauges_document, render_gauges
    from ultra.runtime.budgets import gauges

    here = session(ctx)
    found = gauges(here.runtime)
    if as_json:
        print_json(here, {"budgets": gauges_document(found)})
    elif found:
        here.streams.write(render_gauges(found, streams=here.streams))
    else:
        here.note("there is no budget; `ultra budgets set all 5` warns at $5 a day")


class OfMoney(Under):
    """A command with an amount, which a number after a minus is too: refused as one."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put what would be read as an option where arguments stand."""
        below = [word for word in args if _BELOW_ZERO.fullmatch(word)]
        if below and "--" not in args:
            args = [*(word for word in args if word not in below), "--", *below]
        return super().parse_args(ctx, args)


_BELOW_ZERO = re.compile(r"-\.?\d[\w.]*")


@app.command(
    "set",
    cls=OfMoney,
    epilog=shown(
        "ultra budgets set all 5",
        "ultra budgets set all 20 --per week --mode hard --timezone Europe/Berlin",
        "ultra budgets set tag:team=red 100 --per month",
        "ultra budgets set run 0.25 --mode hard",
    ),
)
def set_(
    ctx: typer.Context,
    scope: Scope,
    amount: Annotated[str, typer.Argument(metavar="USD", help="dollars, such as `5` or `0.25`")],
    per: Per = "",
    mode: Annotated[
        str,
        options.option(
            "--mode",
            metavar="soft|hard",
            of="budgets",
            help="soft warns at 80% and 100%, hard refuses",
        ),
    ] = "soft",
    timezone: Annotated[str, option_of("budgets", "--timezone")] = "",
) -> None:
    """Set a limit, in place of the scope's own for that period; what is spent already counts."""
    from ultra.output.figures import usd
    from ultra.runtime.budgets import set_budget

    here = session(ctx)
    gauge = set_budget(here.runtime, scope, amount, period=per, mode=mode, timezone=timezone)
    here.note(f"{gauge.limit.words} is set" + _so_far(usd(gauge.used_nano), gauge.window))
    if mode == "soft":
        here.note("it warns at 80% and at 100%; `--mode hard` refuses what does not fit")


def _so_far(used: str, window: str) -> str:
    return f"; {used} is used since {window}" if window else ""


@app.command(cls=Under, epilog=shown("ultra budgets remove all", "ultra budgets remove run"))
def remove(ctx: typer.Context, scope: Scope, per: Per = "") -> None:
    """Remove a scope's limit, of one period or of all."""
    from ultra.runtime.budgets import remove_budget

    here = session(ctx)
    for limit in remove_budget(here.runtime, scope, period=per):
        here.note(f"{limit.words} is removed")


@app.command(
    cls=Under,
    epilog=shown(
        "ultra budgets reconcile",
        "ultra budgets reconcile 4f7k --cost 0.012 --apply",
        "ultra budgets reconcile --all --release --apply",
    ),
)
def reconcile(
    ctx: typer.Context,
    attempt: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ATTEMPT]...", help="attempts, by the beginning of their ids"),
    ] = None,
    every: Annotated[
        bool, options.option("--all", of="budgets", help="all that are uncertain")
    ] = False,
    cost: Annotated[
        str | None,
        options.option(
            "--cost", metavar="USD", of="budgets", help="what each of them is known to have cost"
        ),
    ] = None,
    release: Annotated[
        bool, options.option("--release", of="budgets", help="they have cost nothing")
    ] = False,
    really: Annotated[
        bool, options.option("--apply", of="budgets", help="do it, do not only show it")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """List what killed processes may have cost; settle it where the provider's bill says more."""
    from ultra.runtime.budgets import book, chosen, dollars

    here = session(ctx)
    if cost is not None and release:
        raise UsageError("`--cost` and `--release` do not go together")
    settling = cost is not None or release
    if settling and not (attempt or every):
        raise UsageError("which attempts?", hint="name them by their ids, or say `--all`")
    if really and not settling:
        raise UsageError("`--apply` needs `--cost USD` or `--release`")
    nano = 0 if cost is None else dollars(cost, "`--cost`")
    kept = book(here.runtime)
    found = kept.uncertain()
    picked = chosen(found, attempt) if attempt else found
    if really:
        picked = kept.reconcile([item.attempt_id for item in picked], nano)
    _tell(here, picked, nano if settling else None, as_json=as_json, done=really)


def _tell(
    here: Here, items: Sequence[Uncertain], nano: int | None, *, as_json: bool, done: bool
) -> None:
    from ultra.output.budgets import render_uncertain, uncertain_document
    from ultra.output.figures import usd

    if as_json:
        print_json(here, {"uncertain": uncertain_document(items), "applied": done})
    elif items:
        here.streams.write(render_uncertain(items, streams=here.streams))
    if not items:
        here.note("nothing is uncertain")
    elif nano is not None and done:
        here.note(f"settled at {usd(nano)} each")
    elif nano is not None:
        here.note(f"`--apply` would settle each at {usd(nano)}")

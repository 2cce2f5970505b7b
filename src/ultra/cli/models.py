"""`ultra models`: what can be asked, how it is spoken to, what it takes and what it costs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ultra.cli import options
from ultra.cli.exit_codes import OK, code_of_error
from ultra.cli.nouns import Here, Under, noun, print_json, session, shown
from ultra.core.errors import UsageError

if TYPE_CHECKING:
    from ultra.core.cost import Rate
    from ultra.runtime.model_lists import Listed
    from ultra.runtime.model_rows import ModelRow
    from ultra.runtime.models import VendorRow

app = noun(
    "The models on offer: window, what they take, price per million tokens, and how they fared in"
    " your own log. What nobody knows is `unknown`.",
    "ultra models                       the names of the profile",
    "ultra models -q gpt -q mini        search the catalog",
    "ultra models --live                ask the providers themselves",
    "ultra models --refresh-prices FILE newer prices without a newer ultra",
    "ultra models --vendors             who can be asked, and where their keys are looked for",
    "ultra models --strategies          ways of asking several models",
    "ultra models --all --json          everything the catalog knows, as JSON",
)


@app.command("list", cls=Under, epilog=shown("ultra models list -q claude", "ultra models list -a"))
def list_(
    ctx: typer.Context,
    everything: Annotated[
        bool, options.option("--all", "-a", of="models", help="what the catalog knows as well")
    ] = False,
    query: Annotated[
        list[str] | None,
        options.option(
            "--query",
            "-q",
            metavar="WORD",
            of="models",
            help="names that hold the word, the catalog's too; repeat to narrow",
        ),
    ] = None,
    live: Annotated[
        bool,
        options.option("--live", of="models", help="the providers' own lists, kept for an hour"),
    ] = False,
    refresh: Annotated[
        bool, options.option("--refresh", of="models", help="with --live: ask anew, kept or not")
    ] = False,
    refresh_prices: Annotated[
        str | None,
        options.option(
            "--refresh-prices",
            metavar="FILE|URL",
            of="models",
            help="use the prices of a file from now on (https only)",
        ),
    ] = None,
    restore_prices: Annotated[
        bool, options.option("--restore-prices", of="models", help="go back to the prices before")
    ] = False,
    yes: Annotated[
        bool,
        options.option(
            "--yes",
            "-y",
            of="models",
            help="with --refresh-prices: also prices that moved more than tenfold",
        ),
    ] = False,
    strategies: Annotated[
        bool, options.option("--strategies", of="models", help="list strategies instead")
    ] = False,
    vendors: Annotated[
        bool, options.option("--vendors", of="models", help="list vendors instead")
    ] = False,
    as_json: options.Json = False,
) -> int:
    """List what can be asked: aliases, ensembles, routes, groups; the catalog; live lists."""
    here = session(ctx)
    if refresh_prices is not None or restore_prices:
        return _change_prices(here, refresh_prices, restore=restore_prices, leaps=yes)
    if strategies:
        return _print_strategies(here, as_json=as_json)
    if vendors:
        return _print_vendors(here, query or (), as_json=as_json)
    words = query or ()
    lists, code = _live(here, anew=refresh) if live or refresh else ([], OK)
    rows = _rows(here, lists, everything=everything or bool(words), live=live or refresh)
    found = [row for row in rows if row.matches(words)]
    if rows or everything or words or as_json:
        _print_rows(here, found, as_json=as_json)
    return code


def _rows(here: Here, lists: "list[Listed]", *, everything: bool, live: bool) -> "list[ModelRow]":
    from ultra.runtime.models import experience, view
    from ultra.runtime.selection import no_model

    profile = here.runtime.profile
    rows = view(
        profile,
        here.runtime.catalog,
        everything=everything,
        lists=lists,
        seen=experience(here.runtime),
    )
    if not (rows or everything or live):
        if not profile.providers:
            raise no_model(profile)
        here.note(
            f"profile `{profile.name}` gives no names yet; any `provider:model` of"
            f" {', '.join(profile.providers)} can be asked, and `ultra models --all` lists them"
        )
    return rows


def _live(here: Here, *, anew: bool) -> "tuple[list[Listed], int]":
    """What the providers list, and the exit code: a failure when none of them does."""
    from ultra.runtime.model_lists import live_lists
    from ultra.runtime.selection import no_model

    profile = here.runtime.profile
    endpoints = [place for place in profile.providers.values() if not place.simulated]
    if not endpoints:
        raise no_model(profile)
    lists, silent = live_lists(here.runtime, endpoints, anew=anew)
    for one in silent:
        here.warn(f"`{one.provider}` lists nothing: {one.error.message}")
    oldest = here.runtime.clock.time() - min((one.at for one in lists), default=0.0)
    if lists and oldest >= 60.0:
        here.note(f"lists of up to {oldest / 60:.0f} min ago; `--refresh` asks anew")
    return lists, code_of_error(silent[0].error) if len(silent) == len(endpoints) else OK


def _change_prices(here: Here, source: str | None, *, restore: bool, leaps: bool) -> int:
    from ultra.runtime import prices

    if restore:
        if source is not None:
            raise UsageError("prices are refreshed or restored, not both")
        here.note(f"prices of {prices.restore(here.runtime)} are in use again")
        return OK
    came = prices.refresh(here.runtime, source or "", leaps=leaps)
    here.note(
        f"prices of {came.date} are in use (before: {came.before}): {came.changed} models changed,"
        f" {came.added} new, {came.gone} gone; `ultra models --restore-prices` goes back"
    )
    return OK


def _print_rows(here: Here, rows: "Sequence[ModelRow]", *, as_json: bool) -> None:
    catalog = here.runtime.catalog
    if as_json:
        of, whose = catalog.price_date(), "refreshed" if catalog.refreshed else "shipped"
        print_json(here, {"models": rows, "prices_of": of, "prices": whose})
        return
    from ultra.output.tables import Column, table

    if not rows:
        here.note("no model matches; one that no catalog knows can still be asked by its id")
        return
    seen = any(row.calls for row in rows)
    columns = [
        Column("name"),
        Column("model"),
        Column("vendor"),
        Column("window", right=True),
        Column("takes", shrink=True),
        Column("in/1M", right=True),
        Column("out/1M", right=True),
        *([Column(name, right=True) for name in ("first", "whole", "answered")] if seen else ()),
        Column("remarks"),
    ]
    cells = [_cells(row, seen=seen) for row in rows]
    # Columns in which nothing stands would cost a terminal the table.
    told = [place for place in range(len(columns)) if any(line[place] for line in cells)]
    cells = [[line[place] for place in told] for line in cells]
    here.streams.write(table([columns[place] for place in told], cells, streams=here.streams))
    if any(row.price is not None and row.price.source not in ("profile", "free") for row in rows):
        whose = "your own file" if catalog.refreshed else "shipped with ultra"
        here.note(f"prices of {catalog.price_date()}, {whose}")


def _cells(row: "ModelRow", *, seen: bool) -> list[str]:
    from ultra.output.figures import count, seconds, share

    if row.members:
        remark = f"{row.kind}, {row.strategy}" if row.strategy else row.kind
        simulated = ", simulated" if row.simulated else ""
        blank = [""] * (8 if seen else 5)
        return [row.name, ", ".join(row.members), *blank, remark + simulated]
    fared = [seconds(row.ttft_s), seconds(row.duration_s), share(row.success)] if seen else []
    return [
        row.name,
        row.model,
        row.vendor or "-",
        count(row.context_window, missing="unknown"),
        _takes(row),
        *_prices(row),
        *fared,
        ", ".join(_remarks(row)),
    ]


_SHORT = {"json_schema": "schema", "reasoning": "thinks"}


def _takes(row: "ModelRow") -> str:
    if row.capabilities is None:
        return "unknown"
    return ",".join(_SHORT.get(word, word) for word in row.capabilities) or "text"


def _remarks(row: "ModelRow") -> list[str]:
    said = {
        "simulated": row.simulated,
        "deprecated": row.deprecated,
        "unverified": bool(row.vendor) and row.verified is None and not row.simulated,
    }
    return [word for word, holds in said.items() if holds]


def _prices(row: "ModelRow") -> tuple[str, str]:
    if row.price is None:
        return "unknown", "unknown"
    if row.price.free:
        return "free", "free"
    return _price(row.price.input), _price(row.price.output)


def _price(rate: "Rate") -> str:
    """Dollars per million tokens; `+` when long prompts cost more."""
    from ultra.output.figures import usd

    return usd(rate.nano_per_mtok) + ("+" if rate.tiers else "")


def _print_strategies(here: Here, *, as_json: bool) -> int:
    from ultra.output.tables import Column, table
    from ultra.runtime.models import strategies

    found = strategies()
    if as_json:
        print_json(here, {"strategies": found})
        return OK
    rows = [[row.name, row.calls, str(row.members), row.summary] for row in found]
    columns = [
        Column("strategy"),
        Column("calls of N"),
        Column("at least", right=True),
        Column("what"),
    ]
    here.streams.write(table(columns, rows, streams=here.streams))
    return OK


def _print_vendors(here: Here, words: Sequence[str], *, as_json: bool) -> int:
    from ultra.output.tables import Column, table
    from ultra.runtime.models import vendors

    wanted = [word.lower() for word in words]
    found = [
        row
        for row in vendors(here.runtime.catalog)
        if all(word in f"{row.name} {row.title} {row.protocol}".lower() for word in wanted)
    ]
    if as_json:
        print_json(here, {"vendors": found})
        return OK
    columns = [
        Column("vendor"),
        Column("protocol"),
        Column("key"),
        Column("priced", right=True),
        Column("output cap"),
        Column("reasoning"),
        Column("usage in streams"),
        Column("limits"),
        Column("read right"),
    ]
    here.streams.write(table(columns, [_vendor_cells(row) for row in found], streams=here.streams))
    return OK


def _vendor_cells(row: "VendorRow") -> list[str]:
    return [
        row.name,
        row.protocol,
        " or ".join(row.key_env) or "none",
        str(row.models or ""),
        row.output_cap,
        row.reasoning.replace("`", ""),
        row.usage,
        f"{row.limits}*" if row.limits else "",
        row.verified or "unverified",
    ]

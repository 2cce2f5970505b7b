"""`ultra logs audit`: who changed keys, budgets, breakers, trust and profiles, and when."""

from typing import Annotated

import typer

from ultra.cli import options
from ultra.cli.exit_codes import FAILED, OK
from ultra.cli.filters import option_of
from ultra.cli.nouns import Here, print_json, session

EXAMPLES = (
    "ultra logs audit -n 0 --since 30d",
    "ultra logs audit --action budget --action key.set",
    "ultra logs audit --verify",
)


def audit(
    ctx: typer.Context,
    count: Annotated[
        int,
        options.option(
            "--count", "-n", min=0, metavar="N", of="logs audit", help="how many entries, 0 for all"
        ),
    ] = 20,
    since: Annotated[str | None, option_of("logs audit", "--since")] = None,
    action: Annotated[
        list[str] | None,
        options.option(
            "--action",
            metavar="WORD",
            of="logs audit",
            help="only what was done so: `key.set`, or `key` for all of keys; repeat",
        ),
    ] = None,
    verify: Annotated[
        bool,
        options.option(
            "--verify", of="logs audit", help="add up all digests; exit 1 where they do not hold"
        ),
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Say who changed keys, budgets, breakers, trust, profiles and the log itself, newest first."""
    from ultra.runtime.auditing import found

    here = session(ctx)
    if verify:
        return _verify(here, as_json=as_json)
    entries = found(here.runtime, count=count, since=since, actions=action or ())
    if as_json:
        from ultra.output.moments import iso

        told = [{**_plain(entry), "at": iso(entry.at)} for entry in entries]
        print_json(here, {"audit": told})
    elif entries:
        from ultra.output.audit import render_entries

        here.streams.write(render_entries(entries, streams=here.streams))
    else:
        here.note("no entry matches" if since or action else "nothing was changed yet")
    return OK


def _verify(here: Here, *, as_json: bool) -> int:
    from ultra.output.audit import proof_lines
    from ultra.runtime.auditing import proof

    result = proof(here.runtime)
    if as_json:
        print_json(here, {"audit": {"holds": result.holds, **_plain(result)}})
    else:
        here.streams.write("".join(f"{line}\n" for line in proof_lines(result)))
    return OK if result.holds else FAILED


def _plain(value: object) -> dict[str, object]:
    import msgspec

    told: dict[str, object] = msgspec.to_builtins(value)
    return told

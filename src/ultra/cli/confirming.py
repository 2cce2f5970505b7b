"""What a run would do, and whether the user wants that."""

from msgspec import json

from ultra.cli.context import Session
from ultra.core.cost import NANO, usd
from ultra.output.prompts import confirm
from ultra.output.streams import Streams
from ultra.output.tables import table
from ultra.runtime.action import Action
from ultra.runtime.estimate import Plan, plan

CACHED = "less what the cache serves"
"""What an estimate cannot know before keys are read and answers looked up."""


def confirmed(session: Session, action: Action) -> bool:
    """Ask on a terminal before a run that is estimated above `confirm_usd`; elsewhere never."""
    if not session.streams.interactive:
        return True
    models = len(action.selection.members)
    what = f"{models} model{'s' if models > 1 else ''} (`{action.selection.strategy}`)"
    return agreed(session, plan(action), what, cached=session.runtime.may_serve(action))


def agreed(session: Session, planned: Plan, what: str, *, cached: bool) -> bool:
    """Ask whether to go on with `what` if it is estimated above `confirm_usd`."""
    expected = planned.expected_nano
    if expected is None or expected <= session.runtime.profile.confirm_usd * NANO:
        return True
    less = f"; {CACHED}" if cached else ""
    return confirm(session.streams, f"about {usd(expected)} for {what}{less}; go on?")


def show_plan(streams: Streams, planned: Plan, *, cached: bool, as_json: bool) -> None:
    """Print which calls would be made, to which hosts, at what cost bounds.

    `cached` says that earlier answers may serve.
    """
    if as_json:
        streams.write(json.format(json.encode(planned), indent=2).decode() + "\n")
        return
    rows = [
        [
            call.role if call.likely else f"{call.role}, if need be",
            f"{call.provider}:{call.model}",
            call.host,
            f"{call.input_tokens:,}",
            "-" if call.output_cap is None else f"{call.output_cap:,}",
            usd(call.expected_nano),
            _bound(call.at_most_nano, call.output_cap),
        ]
        for call in planned.calls
    ]
    columns = ["role", "model", "host", "tokens in ≤", "tokens out ≤", "about", "at most"]
    streams.write(table(columns, rows, streams=streams))
    streams.write(_summary(planned, cached=cached))


def _bound(at_most_nano: int | None, cap: int | None) -> str:
    return "no cap" if cap is None else usd(at_most_nano)


def _summary(planned: Plan, *, cached: bool) -> str:
    about, most = usd(planned.expected_nano), usd(planned.at_most_nano)
    calls = "1 call" if planned.formula == "1" else f"{planned.formula} calls"
    likely = sum(call.likely for call in planned.calls)
    here = f" (here {likely} to {len(planned.calls)})" if len(planned.calls) > likely else ""
    less = f", {CACHED}" if cached else ""
    return (
        f"strategy {planned.strategy}: {calls}{here}, about {about}, at most {most}{less};"
        " nothing was sent\n"
    )

"""`ask --explain`: who would be asked, in which order and why, without asking anybody."""

from msgspec.structs import replace

from ultra.cli.context import Session
from ultra.core.errors import UsageError
from ultra.core.model import Route
from ultra.output.explanation import explanation_document, explanation_table
from ultra.runtime.action import Action


def explain(session: Session, action: Action, *, as_json: bool) -> None:
    """Print the plan of a route; one model is a route of its own.

    Raises `UsageError` for strategies that ask several models at once: they choose nobody.
    """
    selection = action.selection
    if selection.route is None and selection.strategy != "single":
        raise UsageError(
            f"`--explain` is about who is asked in order, and `{selection.strategy}` asks all",
            hint="`--dry-run` shows the calls it would make",
        )
    route = selection.route or Route(selection.members[0].name, selection.members)
    asked = replace(action, selection=replace(selection, route=route))
    plan = session.runtime.routed(asked, whole=True).selection.plan
    if plan is None:
        return
    streams = session.streams
    if as_json:
        streams.write(explanation_document(plan, session.runtime.clock.time()))
    else:
        streams.write(explanation_table(plan, streams))

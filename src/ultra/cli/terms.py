"""What `ask` and `compare` share of a run: its bounds, whether it is wanted, where it goes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from ultra.cli.asking import (
    perform,
    quorum_of,
    seconds_of,
    tell_costs,
    tell_doubts,
    tell_losses,
    tell_notes,
)
from ultra.cli.confirming import confirmed, show_plan
from ultra.cli.context import Session
from ultra.core.cost import nano_of_usd
from ultra.core.errors import OutputError, UsageError
from ultra.core.model import models_of
from ultra.core.tags import cost_center_of, tags_of
from ultra.core.text import one_line
from ultra.output.files import check_place, write_atomic
from ultra.output.sinks import OutputSink
from ultra.runtime.action import Action, CacheUse, RunResult, Selection, Verb
from ultra.runtime.estimate import plan
from ultra.runtime.prompting import Ask, check_fits, prompt_of
from ultra.runtime.selection import check_passable

CACHE_USES: dict[bool | None, CacheUse | None] = {None: None, True: "on", False: "off"}
"""What `--cache` and `--no-cache` mean; without either the profile decides."""


def secrets_rule(*, redact: bool, allow: bool) -> Literal["redact", "allow"] | None:
    """What `--redact` and `--allow-secrets` mean; of both, one from a variable, the stricter."""
    return "redact" if redact else "allow" if allow else None


class Terms(Struct, frozen=True):
    """What may be asked of any run, by flag. None sets no bound."""

    form: str = "text"
    output: Path | None = None
    stream: bool = True
    usage: bool = False
    keep_text: bool = True
    deadline_s: float | None = None
    quorum: int | None = None
    grace_s: float | None = None
    confirmed: bool = False
    dry_run: bool = False
    explain: bool = False
    cost_center: str = ""
    tags: Sequence[str] = ()
    max_cost: str | None = None
    hedge: bool = False
    cache: CacheUse | None = None
    secrets: Literal["redact", "allow"] | None = None

    def check(self) -> None:
        """Raise `UsageError` for what no run can keep, before anything is read or chosen."""
        if self.output is not None:
            check_place(self.output)
        seconds_of("--deadline", self.deadline_s)
        seconds_of("--grace", self.grace_s)
        tags_of(self.tags)
        cost_center_of(self.cost_center)
        _max_cost(self.max_cost)


def action_of(
    verb: Verb,
    selection: Selection,
    *,
    terms: Terms,
    ask: Callable[[], Ask],
    session: str,
    conversation: str = "",
) -> Action:
    """The run to make. `ask` reads the prompt, once it is known that the quorum can be met.

    Raises `UsageError` for a quorum that cannot and for a prompt that fits into no member; a route
    is left to its plan.
    """
    quorum = quorum_of(terms.quorum, len(selection.members))
    prompt = prompt_of(ask())
    check_passable(selection, prompt)
    if selection.route is None:
        check_fits(prompt, models_of(selection.members))
    return Action(
        verb,
        prompt,
        selection,
        stream=terms.stream,
        deadline_s=terms.deadline_s,
        quorum=quorum,
        grace_s=terms.grace_s,
        keep_text=terms.keep_text,
        conversation=conversation,
        session=session,
        cost_center=cost_center_of(terms.cost_center),
        tags=tags_of(terms.tags),
        max_cost_nano=_max_cost(terms.max_cost),
        hedge=terms.hedge,
        cache=terms.cache,
    )


def carry_out(
    session: Session,
    action: Action,
    *,
    terms: Terms,
    sinks: Sequence[OutputSink],
    deliver: Callable[[RunResult], None],
) -> RunResult | None:
    """Make the run and tell what was lost; None when only its plan, or none at all, was wanted."""
    if terms.explain:
        from ultra.cli.explaining import explain

        explain(session, action, as_json=terms.form == "json")
        return None
    action = session.runtime.routed(action)
    if terms.dry_run:
        cached = session.runtime.may_serve(action)
        show_plan(session.streams, plan(action), cached=cached, as_json=terms.form == "json")
        return None
    if not (terms.confirmed or confirmed(session, action)):
        session.note("nothing was sent")
        return None
    result = perform(session, action, sinks, deliver)
    tell_losses(session, result)
    tell_doubts(session, result)
    tell_costs(session, result, wanted=terms.usage)
    tell_notes(session, result)
    session.runtime.close()
    if result.interrupted is None:
        session.runtime.alert()
    return result


def _max_cost(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return nano_of_usd(text)
    except ValueError as error:
        raise UsageError(
            f"`--max-cost {one_line(text, 80)}` {error}", hint="write dollars, such as `0.25`"
        ) from error


def hand_over(session: Session, text: str, terms: Terms) -> None:
    """Write a document to its file, else to stdout.

    Where the log keeps no words, what cannot be written to its file is nowhere else: stdout has it.
    """
    if terms.output is None:
        session.streams.write(text)
        return
    try:
        write_atomic(terms.output, text)
    except OutputError as error:
        if session.runtime.keeps_words(keep_text=terms.keep_text):
            raise
        session.streams.write(text)
        raise OutputError(
            error.message, hint="it is on stdout instead, since the log keeps no words of it"
        ) from error

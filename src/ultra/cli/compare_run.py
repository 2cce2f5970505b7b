"""How `compare` goes from what was typed to an exit code."""

from collections.abc import Sequence

from msgspec import Struct

from ultra.cli.asking import Typed, gather
from ultra.cli.context import Session
from ultra.cli.exit_codes import OK, code_of_compare
from ultra.cli.terms import Terms, action_of, carry_out, hand_over
from ultra.output.compare import render_comparison
from ultra.output.documents import render_run
from ultra.output.sinks import View, compare_sinks
from ultra.runtime.action import Action, RunResult


class Wanted(Struct, frozen=True):
    """What was asked of the run, by flag."""

    models: Sequence[str] = ()
    terms: Terms = Terms()
    events: bool = False
    allow_partial: bool = False

    @property
    def live(self) -> bool:
        """Whether the answers are shown as they come, rather than as a document at the end."""
        return self.terms.form == "text" and self.terms.output is None


def run_compare(session: Session, typed: Typed, wanted: Wanted) -> int:
    """Ask everybody, show every answer, and give the exit code."""
    terms = wanted.terms
    view = View(answer=wanted.live, stream=terms.stream, events=wanted.events, usage=terms.usage)
    result = carry_out(
        session,
        _action(session, typed, wanted),
        terms=terms,
        sinks=compare_sinks(session.streams, session.runtime.clock, view),
        deliver=lambda result: _deliver(session, result, wanted),
    )
    return OK if result is None else code_of_compare(result, allow_partial=wanted.allow_partial)


def _action(session: Session, typed: Typed, wanted: Wanted) -> Action:
    wanted.terms.check()
    return action_of(
        "compare",
        session.runtime.select_all(wanted.models),
        terms=wanted.terms,
        ask=lambda: gather(session, typed, secrets=wanted.terms.secrets),
        session=session.runtime.session,
    )


def _deliver(session: Session, result: RunResult, wanted: Wanted) -> None:
    """Write the document, or below the answers that were shown live only what they came to."""
    if wanted.events:
        return
    streams = session.streams
    if wanted.live and streams.out_screen is not None:
        streams.write(render_comparison(result.document, streams=streams))
        return
    text = render_run(result.document, wanted.terms.form)  # type: ignore[arg-type]
    hand_over(session, text, wanted.terms)

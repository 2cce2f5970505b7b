"""How `compare` goes from what was typed to an exit code."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from ultra.cli.asking import Typed, gather, wished
from ultra.cli.context import Session
from ultra.cli.exit_codes import OK, code_of_compare
from ultra.cli.terms import Terms, action_of, carry_out, hand_over
from ultra.core.errors import UsageError
from ultra.core.text import one_line
from ultra.output.compare import render_comparison
from ultra.output.diffs import Only, only_markdown, only_text, plain_mark, terminal_mark
from ultra.output.documents import render_run
from ultra.output.figures import share
from ultra.output.progress import call_name
from ultra.output.sinks import OutputSink, View, blind_sinks, compare_sinks
from ultra.runtime.action import Action, RunResult
from ultra.runtime.comparing import Trial, tried
from ultra.runtime.conversations import Branches
from ultra.runtime.methods import Wish

_LONGEST = 80
"""Characters of an expectation that a warning has room for."""


class Wanted(Struct, frozen=True):
    """What was asked of the run, by flag. `only` shows nothing but where answers differ."""

    models: Sequence[str] = ()
    terms: Terms = Terms()
    events: bool = False
    allow_partial: bool = False
    wish: Wish = Wish()
    trial: Trial = Trial()
    only: Only | None = None

    @property
    def live(self) -> bool:
        """Whether the answers are shown as they come, rather than as a document at the end."""
        told = self.terms.form == "text" and self.terms.output is None
        return told and self.only is None and not self.trial.blind

    def check(self) -> None:
        """Raise `UsageError` for flags that do not go together."""
        self.terms.check()
        form = "events" if self.events else self.terms.form
        if self.only and form not in ("text", "markdown"):
            raise UsageError(
                f"`--{self.only}` is for people, not for {form}",
                hint="`--format text` or `markdown`; the JSON has `differing` and `clusters`",
            )
        if self.trial.blind and (form != "text" or self.only):
            raise UsageError(
                "`--blind` shows answers as text under labels and nothing else",
                hint="leave out `--format`, `--json`, `--events`, `--diff` and `--dissent`",
            )


def run_branches(session: Session, typed: Typed, wanted: Wanted, cid: str | None) -> int:
    """Go on from every answer of a comparison, each model from its own; the exit code."""
    past = session.runtime.branches(cid)
    session.note(f"continuing all of {past.last_run[:8]}: {past.about}")
    return run_compare(session, typed, replace(wanted, models=past.names), past)


def run_compare(
    session: Session, typed: Typed, wanted: Wanted, past: Branches | None = None
) -> int:
    """Ask everybody, show every answer, and give the exit code; `past` is what was said before."""
    wanted.check()
    result = carry_out(
        session,
        _action(session, typed, wanted, past),
        terms=wanted.terms,
        sinks=_sinks(session, wanted),
        deliver=lambda result: _deliver(session, result, wanted),
    )
    if result is None:
        return OK
    _tell_unmet(session, result, wanted.trial)
    if wanted.trial.blind and result.interrupted is None:
        from ultra.cli.blind import let_pick

        let_pick(session, result.document, to_file=wanted.terms.output is not None)
    return code_of_compare(result, allow_partial=wanted.allow_partial, agree=wanted.trial.agree)


def _sinks(session: Session, wanted: Wanted) -> list[OutputSink]:
    if wanted.trial.blind:
        return blind_sinks(session.streams, session.runtime.clock)
    terms = wanted.terms
    view = View(answer=wanted.live, stream=terms.stream, events=wanted.events, usage=terms.usage)
    return compare_sinks(session.streams, session.runtime.clock, view)


def _action(session: Session, typed: Typed, wanted: Wanted, past: Branches | None) -> Action:
    wish = wished(session, wanted.wish, secrets=wanted.terms.secrets)
    action = action_of(
        "compare",
        tried(session.runtime.select_all(wanted.models, wish), wanted.trial),
        terms=wanted.terms,
        ask=lambda: gather(session, typed, secrets=wanted.terms.secrets),
        session=session.runtime.session,
        conversation=past.id if past else "",
    )
    return replace(action, branches=past.messages) if past else action


def _deliver(session: Session, result: RunResult, wanted: Wanted) -> None:
    """Write the document, or below the answers that were shown live only what they came to."""
    if wanted.events:
        return
    streams = session.streams
    if wanted.trial.blind:
        from ultra.output.blind import blind_text

        hand_over(session, blind_text(result.document), wanted.terms)
    elif wanted.only is not None:
        hand_over(session, _only(session, result, wanted, wanted.only), wanted.terms)
    elif wanted.live and streams.out_screen is not None:
        streams.write(render_comparison(result.document, streams=streams))
    else:
        text = render_run(result.document, wanted.terms.form)  # type: ignore[arg-type]
        hand_over(session, text, wanted.terms)


def _only(session: Session, result: RunResult, wanted: Wanted, only: Only) -> str:
    if wanted.terms.form == "markdown":
        return only_markdown(result.document, only)
    screen = session.streams.out_screen if wanted.terms.output is None else None
    mark = plain_mark if screen is None else terminal_mark(screen.style)
    return only_text(result.document, only, mark)


def _tell_unmet(session: Session, result: RunResult, trial: Trial) -> None:
    """Say on stderr which answers are not as expected, and what agreement fell short."""
    verdict = result.document.verdict
    names = {call.call_id: call_name(call.name, call.sample) for call in result.document.calls}
    if verdict is not None and verdict.labels:
        names |= dict(zip(verdict.call_ids, verdict.labels, strict=True))
    for check in verdict.checks if verdict else ():
        if not check.met:
            wanted = one_line(check.expectation, _LONGEST)
            session.warn(f"`{names[check.call_id]}` does not meet `{wanted}`: {check.why}")
    if trial.agree is None:
        return
    found = verdict.agreement if verdict else None
    if found is None:
        session.warn("whether the answers agree could not be read")
    elif found < trial.agree:
        session.warn(f"{share(found)} agree, less than the {share(trial.agree)} asked for")

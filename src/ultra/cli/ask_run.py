"""How `ask` goes from what was typed to an exit code."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from ultra.cli.asking import Typed, gather, gathered, wished
from ultra.cli.context import Session
from ultra.cli.exit_codes import OK, code_of_ask
from ultra.cli.terms import Terms, action_of, carry_out, hand_over
from ultra.core.answer import Answer
from ultra.core.errors import UsageError
from ultra.core.request import Message
from ultra.output.documents import render_run
from ultra.output.extract import extract_code
from ultra.output.progress import call_name
from ultra.output.sinks import View, ask_sinks
from ultra.output.tool_calls import calls_json
from ultra.runtime.action import Action, RunResult, Selection
from ultra.runtime.conversations import Conversation
from ultra.runtime.methods import Wish
from ultra.runtime.prompting import Ask

if TYPE_CHECKING:
    from ultra.runtime.shortcuts import Template


class Wanted(Struct, frozen=True):
    """What was asked of the run, by flag."""

    models: Sequence[str] = ()
    strategy: str | None = None
    wish: Wish = Wish()
    terms: Terms = Terms()
    extract: Literal["first", "last"] | None = None
    held: bool = False
    sanitize: bool = False
    proceed: bool = False
    cid: str | None = None
    every: bool = False
    template: str | None = None
    params: Sequence[str] = ()
    save: str | None = None
    strict: bool = False

    @property
    def whole(self) -> bool:
        """Whether the answer is written when the run is over, rather than as it comes."""
        return bool(self.terms.form == "json" or self.extract or self.terms.output)


def run_ask(session: Session, typed: Typed, wanted: Wanted) -> int:
    """Ask, show the answer, and give the exit code."""
    if wanted.save is not None:
        return _save(session, typed, wanted, wanted.save)
    if wanted.every:
        return _go_on_from_all(session, typed, wanted)
    action = _action(session, typed, wanted)
    result = carry_out(
        session,
        action,
        terms=wanted.terms,
        sinks=ask_sinks(session.streams, session.runtime.clock, _view(wanted)),
        deliver=lambda result: _deliver(session, result, wanted),
    )
    return OK if result is None else code_of_ask(result, strict=wanted.strict)


def _go_on_from_all(session: Session, typed: Typed, wanted: Wanted) -> int:
    """Every answer of a comparison goes on; what comes is a comparison again."""
    from ultra.cli import compare_run

    if not (wanted.proceed or wanted.cid):
        raise UsageError("`--all` says whom to continue", hint="add `-c`, or `--cid RUN`")
    if wanted.models or wanted.strategy or wanted.template or wanted.extract:
        raise UsageError(
            "`--all` asks those who answered, as they are",
            hint="leave out `-m`, `--strategy`, `-t` and `-x`",
        )
    terms = wanted.terms
    events = terms.form == "ndjson"
    of_all = compare_run.Wanted(
        terms=replace(terms, form="text") if events else terms, events=events
    )
    return compare_run.run_branches(session, typed, of_all, wanted.cid)


def _action(session: Session, typed: Typed, wanted: Wanted) -> Action:
    runtime = session.runtime
    wanted.terms.check()
    past = _conversation(session, wanted)
    template = _template(session, wanted)
    names = (
        wanted.models
        or ([template.model] if template and template.model else ())
        or (past.names if past else ())
    )
    wish = wished(session, wanted.wish, secrets=wanted.terms.secrets)
    selection = runtime.select(names, wanted.strategy, wish)
    return action_of(
        "ask",
        selection,
        terms=wanted.terms,
        ask=lambda: _asked(
            session, typed, wanted, template, _turns(session, wanted, past, selection)
        ),
        session=runtime.session,
        conversation=past.id if past else "",
    )


def _template(session: Session, wanted: Wanted) -> "Template | None":
    if wanted.template is None:
        return None
    from ultra.runtime.shortcuts import stored_template

    return stored_template(session.runtime, wanted.template)


def _asked(
    session: Session,
    typed: Typed,
    wanted: Wanted,
    template: "Template | None",
    history: tuple[Message, ...],
) -> Ask:
    if template is None:
        return gather(session, typed, history, secrets=wanted.terms.secrets)
    from ultra.runtime.shortcuts import filled_in

    guard = session.runtime.guard(wanted.terms.secrets)
    under = [f"{name}={value}" for name, value in template.options.items()]
    typed = replace(typed, options=[*under, *typed.options])
    ask = guard.ask(gathered(session, typed, history))
    stored, params = guard.template(template), guard.parameters(wanted.params)
    guard.settle(session.warn)
    return filled_in(ask, stored, params)


def _conversation(session: Session, wanted: Wanted) -> Conversation | None:
    """The turns before, when `-c` or `--cid` asks for them; says what is continued."""
    if wanted.cid is None and not wanted.proceed:
        return None
    past = session.runtime.conversation(wanted.cid)
    session.note(f"continuing {past.last_run[:8]}: {past.about}")
    return past


def _turns(
    session: Session, wanted: Wanted, past: Conversation | None, selection: Selection
) -> tuple[Message, ...]:
    """The turns before, looked through where somebody is asked who has not seen them."""
    if past is None or past.known_to(selection.everyone):
        return past.messages if past else ()
    guard = session.runtime.guard(wanted.terms.secrets)
    turns = guard.turns(past.messages)
    guard.settle(session.warn)
    return turns


def _view(wanted: Wanted) -> View:
    terms = wanted.terms
    return View(
        answer=not wanted.whole,
        # Of two documents one after the other no reader could make JSON.
        stream=terms.stream and not wanted.held,
        markdown=terms.form != "text" or not wanted.sanitize,
        sanitize=wanted.sanitize,
        events=terms.form == "ndjson" and not terms.output,
        usage=terms.usage,
    )


def _deliver(session: Session, result: RunResult, wanted: Wanted) -> None:
    """Write what is not streamed: a document, a code block, a file, the calls of tools."""
    if wanted.whole:
        text = _document(session, result, wanted)
        if text is not None:
            hand_over(session, text, wanted.terms)
    elif wanted.terms.form != "ndjson":
        session.streams.write(_calls(session, result.outcome.answer) or "")


def _document(session: Session, result: RunResult, wanted: Wanted) -> str | None:
    if wanted.terms.form == "json":
        return render_run(result.document, "json")
    answer = result.outcome.answer
    if answer is None or not answer.ok:
        return None
    calls = _calls(session, answer)
    if calls is not None:
        return calls
    if wanted.extract is None:
        text = _cited(result, answer.text)
        return text if text.endswith("\n") else text + "\n"
    code = extract_code(answer.text, wanted.extract == "last")
    if code is None:
        session.warn("the answer has no code block; all of it is printed")
    found = answer.text if code is None else code
    return found if found.endswith("\n") else found + "\n"


def _cited(result: RunResult, text: str) -> str:
    """The answer with its claims below it, where it cites."""
    verdict = result.outcome.verdict
    if verdict is None or not verdict.claims:
        return text
    from ultra.output.written import with_claims

    names = {call.call_id: call_name(call.name, call.sample) for call in result.document.calls}
    return with_claims(text, verdict, lambda call: names.get(call, call))


def _calls(session: Session, answer: Answer | None) -> str | None:
    """The tool calls of an answer that has no words; None when there is nothing to show."""
    if answer is None or not answer.ok or not answer.tool_calls:
        return None
    if answer.text.strip():
        asked = ", ".join(f"`{call.name}`" for call in answer.tool_calls)
        session.warn(f"the model also asks for {asked}; `--json` shows the calls")
        return None
    return calls_json(answer.tool_calls)


def _save(session: Session, typed: Typed, wanted: Wanted, name: str) -> int:
    from ultra.runtime.shortcuts import Template, keep_template

    options = dict(option.split("=", 1) for option in typed.options if "=" in option)
    template = Template(
        name,
        prompt=" ".join(typed.words),
        system=typed.system,
        model=wanted.models[0] if wanted.models else "",
        options={**options},
    )
    guard = session.runtime.guard(wanted.terms.secrets)
    template = guard.template(template)
    guard.settle(session.warn)
    path = keep_template(session.runtime, template)
    session.note(f"saved as {path}; use it with `ultra -t {name}`")
    return OK

"""From a question on a screen to the run it asks for, and from that run to the next question."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ultra.core.cost import NANO
from ultra.core.model import models_of
from ultra.core.request import Media, Message, said
from ultra.core.text import one_line
from ultra.runtime.action import Action, RunResult, Selection
from ultra.runtime.conversations import Branches, Conversation
from ultra.runtime.estimate import plan
from ultra.runtime.methods import Wish
from ultra.runtime.prompting import Ask, check_fits, prompt_of
from ultra.runtime.runtime import Runtime
from ultra.runtime.selection import check_passable

ALL = "all"
"""The strategy of a comparison."""

Past = Conversation | Branches


class Question(Struct, frozen=True):
    """What is asked of whom.

    `names` empty asks whom the profile names for it. `strategy` empty leaves it to what they are.
    `past` is what was said before: of branches every model goes on from its own. `before` and
    `attachments` are what a logged prompt had beside its words, which is to be sent again.
    """

    words: str
    names: tuple[str, ...] = ()
    strategy: str = ""
    judges: tuple[str, ...] = ()
    past: Past | None = None
    before: tuple[Message, ...] = ()
    attachments: tuple[Media, ...] = ()


class Ready(Struct, frozen=True):
    """A run that only has to be made.

    `costly_nano` is what it is estimated at where that is above the profile's `confirm_usd`, None
    where nobody need be asked. `told` are things to know first, such as what was replaced.
    """

    action: Action
    costly_nano: int | None = None
    told: tuple[str, ...] = ()


def ready(runtime: Runtime, question: Question) -> Ready:
    """The run for a question, looked through for secrets; it may read files and the log.

    Raises `UsageError` and `ConfigError` for what cannot be asked, `GuardError` for what may not.
    """
    wish = Wish(judges=question.judges)
    past = question.past
    compares = question.strategy == ALL or isinstance(past, Branches)
    verb: Literal["ask", "compare"] = "compare" if compares else "ask"
    if compares:
        names = past.names if isinstance(past, Branches) else question.names
        selection = runtime.select_all(names, wish)
    else:
        names = question.names or (past.names if past else ())
        selection = runtime.select(names, question.strategy or None, wish)
    told: list[str] = []
    ask = _guarded(runtime, question, selection, told)
    prompt = prompt_of(replace(ask, goes_on=True))
    check_passable(selection, prompt)
    if selection.route is None:
        check_fits(prompt, models_of(selection.members))
    action = Action(
        verb,
        prompt,
        selection,
        conversation=past.id if past else "",
        session=runtime.session,
        branches=past.messages if isinstance(past, Branches) else (),
    )
    action = runtime.routed(action)
    expected = plan(action).expected_nano
    costly = expected is not None and expected > runtime.profile.confirm_usd * NANO
    return Ready(action, expected if costly else None, tuple(told))


def _guarded(runtime: Runtime, question: Question, selection: Selection, told: list[str]) -> Ask:
    """What is sent, without its secrets; turns are looked through for who has not seen them."""
    guard, past = runtime.guard(None), question.past
    turns = past.messages if isinstance(past, Conversation) else ()
    if isinstance(past, Conversation) and not past.known_to(selection.everyone):
        turns = guard.turns(turns)
    before = guard.turns(question.before)
    ask = guard.ask(
        Ask(question.words, attachments=question.attachments, history=(*before, *turns))
    )
    guard.settle(told.append)
    return ask


def went_on(action: Action, result: RunResult) -> Past | None:
    """What the next question goes on from; None for a run that gave nothing to go on from."""
    seen = tuple(str(target.ref) for target in action.selection.everyone)
    names = tuple(member.name for member in action.selection.members)
    about = one_line(action.prompt.question, 60)
    conversation = action.conversation or result.run_id
    asked = action.prompt.messages
    if action.verb != "compare":
        answer = result.outcome.answer
        if answer is None or not answer.ok:
            return None
        turns = (*asked, said("assistant", answer.text))
        return Conversation(conversation, result.run_id, about, seen, names, turns)
    answers = result.outcome.answers
    whole = [place for place, answer in enumerate(answers) if answer.ok]
    if not whole or len(answers) != len(names):
        return None
    branches = tuple(
        (*_before(action, place), *asked, said("assistant", answers[place].text)) for place in whole
    )
    named = tuple(names[place] for place in whole)
    return Branches(conversation, result.run_id, about, named, branches)


def _before(action: Action, place: int) -> tuple[Message, ...]:
    return action.branches[place] if action.branches else ()


def past_of(runtime: Runtime, run_id: str) -> Past:
    """What a run of the log can be gone on from: its one answer, or all that it compared.

    Raises `UsageError` where there is none, or where its words were not kept.
    """
    run = runtime.log.run(run_id)
    if run.verb == "compare" and run.picked is None:
        return runtime.branches(run_id)
    return runtime.conversation(run_id)


def again(runtime: Runtime, run_id: str) -> Question | None:
    """The question of a run of the log as it was sent, for whom is still to be said.

    None where its words were not kept.
    """
    sent = runtime.log.asked(run_id)
    last = next((place for place in reversed(range(len(sent))) if sent[place].role == "user"), None)
    if last is None:
        return None
    return Question(sent[last].text, before=tuple(sent[:last]), attachments=sent[last].media)

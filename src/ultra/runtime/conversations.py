"""What was said before, so that it can be continued; never in another terminal's conversation."""

from collections.abc import Sequence

from msgspec import Struct

from ultra.core.errors import UsageError
from ultra.core.model import ENSEMBLE, Target
from ultra.core.profile import Profile
from ultra.core.records import CallDocument, RunDocument
from ultra.core.request import Message
from ultra.core.text import one_line
from ultra.store.queries import Log


class Conversation(Struct, frozen=True):
    """The turns so far, oldest first.

    `models` are whom the last turn was answered by, `names` what they can be asked by again.
    """

    id: str
    last_run: str
    about: str
    models: tuple[str, ...]
    names: tuple[str, ...]
    messages: tuple[Message, ...]

    def known_to(self, targets: Sequence[Target]) -> bool:
        """Whether all of these have seen it."""
        return all(str(target.ref) in self.models for target in targets)


class Branches(Struct, frozen=True):
    """What each model of a comparison was sent and answered, in the order asked for.

    `names` are what the models can be asked by again.
    """

    id: str
    last_run: str
    about: str
    names: tuple[str, ...]
    messages: tuple[tuple[Message, ...], ...]


def check_kept(profile: Profile) -> None:
    """Raise `UsageError` for a profile whose runs leave no words to go on from."""
    privacy = profile.log.privacy
    if privacy != "full":
        raise UsageError(
            f"`log.privacy: {privacy}` of `{profile.source or profile.name}` keeps no words,"
            " so no run can be continued",
            hint="`ultra chat` is a conversation for as long as it lasts",
        )


def find_conversation(log: Log, profile: Profile, session: str, cid: str | None) -> Conversation:
    """The conversation of a run, or the last one of this terminal.

    Raises `UsageError` when it cannot be told which is meant, when the last run was a comparison
    that nobody picked from, and when it gave no answer or its words were kept out of the log.
    """
    last = log.run(cid) if cid is not None else _last_here(log, session)
    if last.verb == "compare" and last.picked is None:
        answers = ", ".join(f"`{call.name}`" for call in _members(last))
        raise UsageError(
            f"run `{last.run_id[:8]}` compared {answers}; there is no one answer to continue",
            hint="`ultra pick N` says which it is, `-c --all` continues all of them",
        )
    conversation = last.picked or last.conversation
    messages = tuple(log.conversation(conversation))
    if not messages:
        raise _wordless(last)
    told = last.picked or last.answer_call
    answered = [
        call
        for call in last.calls
        if call.call_id == told and (call.role == "answer" or last.picked)
    ]
    return Conversation(
        conversation,
        last.run_id,
        one_line(last.prompt or "", 60),
        tuple(f"{call.provider}:{call.model}" for call in answered),
        tuple(_name(call, profile) for call in answered),
        messages,
    )


def find_branches(log: Log, profile: Profile, session: str, cid: str | None) -> Branches:
    """Every whole answer of a comparison, or of the last one of this terminal, to go on from.

    Raises `UsageError` as `find_conversation` does, and for a run that compared nothing.
    """
    last = log.run(cid) if cid is not None else _last_here(log, session)
    if last.verb != "compare":
        raise UsageError(
            f"run `{last.run_id[:8]}` compared nothing, so there is one answer to continue",
            hint="leave out `--all`",
        )
    answers = [call for call in _members(last) if call.status == "ok"]
    found = [(call, tuple(log.branch(call.call_id))) for call in answers]
    if not found or not all(messages for _, messages in found):
        raise _wordless(last)
    return Branches(
        last.conversation,
        last.run_id,
        one_line(last.prompt or "", 60),
        tuple(_name(call, profile) for call, _ in found),
        tuple(messages for _, messages in found),
    )


def _members(run: RunDocument) -> list[CallDocument]:
    return [call for call in run.calls if call.role == "member" and not call.parent]


def _name(call: CallDocument, profile: Profile) -> str:
    """What the model of a call can be asked by again: the profile's name while it is still that.

    Price, options and limits go by the name. An ensemble has no other.
    """
    ref = f"{call.provider}:{call.model}"
    known = profile.models.get(call.name)
    same = known is not None and str(known.ref) == ref
    return call.name if same or call.provider == ENSEMBLE else ref


def _wordless(last: RunDocument) -> UsageError:
    if last.prompt is not None or last.status in ("error", "no_consensus"):
        return UsageError(
            f"run `{last.run_id[:8]}` gave no answer to go on from",
            hint="`--cid` names another run, `ultra logs` lists them",
        )
    return UsageError(
        f"the words of run `{last.run_id[:8]}` were kept out of the log",
        hint="only a run made without `--no-log` can be continued",
    )


def _last_here(log: Log, session: str) -> RunDocument:
    recent = ", ".join(f"`{run[:8]}`" for run in log.recent_ids(3))
    hint = f"name one with `--cid`; the last are {recent}" if recent else "nothing was asked yet"
    if not session:
        raise UsageError("it cannot be told which terminal this is", hint=hint)
    last = log.last_run(session)
    if last is None:
        raise UsageError("nothing was asked in this terminal yet", hint=hint)
    return last

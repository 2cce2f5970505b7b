"""The loop of `ultra chat`: a line, an answer, and what begins with a slash."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ultra.cli.asking import perform, tell_losses
from ultra.cli.context import Session
from ultra.cli.exit_codes import INTERRUPTED, OK, code_of_ask, code_of_error
from ultra.cli.terms import Terms
from ultra.core.errors import GuardError, UltraError, UsageError
from ultra.core.request import Message, Sampling, said
from ultra.core.tags import cost_center_of, tags_of
from ultra.core.text import did_you_mean
from ultra.output.sinks import View, ask_sinks
from ultra.runtime.action import Action, Selection
from ultra.runtime.conversations import Conversation
from ultra.runtime.prompting import Ask, prompt_of

if TYPE_CHECKING:
    from ultra.runtime.guarding import Guard

T = TypeVar("T")

HELP = "/model NAME, /retry, /multi (ends with /end), /help, /quit"


class Chat:
    """One conversation. Its turns stay in memory; each is also a run in the log."""

    def __init__(
        self,
        session: Session,
        models: tuple[str, ...],
        sampling: Sampling,
        *,
        system: str = "",
        terms: Terms = Terms(),  # noqa: B008 - a frozen value
        past: Conversation | None = None,
    ) -> None:
        self._session = session
        self._terms = terms
        self._conversation = past.id if past else ""
        self._turns: tuple[Message, ...] = past.messages if past else ()
        self._told = set(past.models if past else ())
        self._asked = ""
        self._system = self._cleaned(system, "the system prompt")
        self._sampling = self._guarded(lambda guard: guard.sampling(sampling))
        self._selection: Selection = session.runtime.select(models, None)
        self._code = OK
        self._commands: dict[str, Callable[[str], bool]] = {
            "/model": self._model,
            "/retry": self._retry,
            "/multi": self._multi,
            "/help": self._help,
            "/quit": lambda _: False,
            "/exit": lambda _: False,
        }

    def run(self) -> int:
        """Talk until the end of input; the exit code of the last answer."""
        names = ", ".join(member.name for member in self._selection.members)
        if self._session.streams.stdin_is_tty:
            self._session.note(f"talking to {names}; {HELP}")
        going = True
        while going:
            try:
                line = self._read("> ")
            except KeyboardInterrupt:
                self._session.streams.tell("\n")
                return INTERRUPTED["sigint"]
            going = line is not None and self._line(line)
        self._session.runtime.close()
        return self._code

    def _line(self, line: str) -> bool:
        """Take one line; whether to go on."""
        word, _, rest = line.strip().partition(" ")
        if not word:
            return True
        try:
            if word in self._commands:
                return self._commands[word](rest.strip())
            if word.startswith("/") and "/" not in word[1:]:
                raise UsageError(
                    f"`{word}` is not a command", hint=did_you_mean(word, self._commands) or HELP
                )
            self._answer(line)
        except UltraError as error:
            self._session.messages.failure(error)
            if isinstance(error, GuardError):
                self._code = code_of_error(error)
        return self._code != INTERRUPTED["broken_pipe"]

    def _cleaned(self, text: str, place: str) -> str:
        """The text without its secrets. Raises `GuardError` where they stop it."""
        return self._guarded(lambda guard: guard.text(text, place, counted="\n" in text))

    def _guarded(self, cleaned: Callable[["Guard"], T]) -> T:
        guard = self._session.runtime.guard(self._terms.secrets)
        clean = cleaned(guard)
        guard.settle(self._session.warn)
        return clean

    def _introduce(self) -> None:
        """Let nobody new see the turns before they were looked through."""
        asked = {str(target.ref) for target in self._selection.everyone}
        if not asked <= self._told:
            self._turns = self._guarded(lambda guard: guard.turns(self._turns))
            self._told |= asked

    def _answer(self, words: str) -> None:
        session, terms = self._session, self._terms
        words = self._cleaned(words, "the prompt")
        self._introduce()
        prompt = prompt_of(
            Ask(
                words,
                system=self._system,
                history=self._turns,
                sampling=self._sampling,
                goes_on=True,
            )
        )
        action = Action(
            "chat",
            prompt,
            self._selection,
            keep_text=terms.keep_text,
            conversation=self._conversation,
            session=session.runtime.session,
            cost_center=cost_center_of(terms.cost_center),
            tags=tags_of(terms.tags),
        )
        result = perform(session, action, ask_sinks(session.streams, session.runtime.clock, View()))
        tell_losses(session, result)
        # Ctrl-C is how an answer is cut short here; the talk itself goes on.
        cut = result.interrupted == "sigint"
        self._code = OK if cut else code_of_ask(result, strict=False)
        self._conversation = self._conversation or result.run_id
        self._asked = words
        answer = result.outcome.answer
        if answer is not None and answer.ok:
            self._turns = (*self._turns, said("user", words), said("assistant", answer.text))
        if not result.interrupted:
            session.runtime.alert()

    def _model(self, name: str) -> bool:
        if not name:
            raise UsageError("`/model` needs a name", hint="`ultra models` lists them")
        self._selection = self._session.runtime.select((name,), None)
        self._session.note(f"now talking to {name}")
        return True

    def _retry(self, _rest: str) -> bool:
        if not self._asked:
            raise UsageError("there is nothing to ask again yet")
        if self._turns and self._turns[-2].text == self._asked:
            self._turns = self._turns[:-2]
        self._answer(self._asked)
        return True

    def _multi(self, first: str) -> bool:
        lines = [first] if first else []
        while (line := self._read(". ")) is not None and line.strip() != "/end":
            lines.append(line)
        if any(line.strip() for line in lines):
            self._answer("\n".join(lines))
        return True

    def _help(self, _rest: str) -> bool:
        self._session.note(HELP)
        return True

    def _read(self, mark: str) -> str | None:
        """One line, edited with the terminal's line editor where there is one; None at the end."""
        streams = self._session.streams
        if not streams.stdin_is_tty:
            line = streams.stdin.readline()
            return line.rstrip("\n") if line else None
        import readline  # noqa: F401 - importing it is what gives `input` history and editing

        try:
            sys.stdout.flush()
            return input(mark)
        except EOFError:
            streams.tell("\n")
            return None

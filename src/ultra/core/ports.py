"""The seams: what the engine needs of providers, store and clock, and what it gives strategies."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

from msgspec import Struct, field

from ultra.core.answer import Answer
from ultra.core.events import Body, CallRole, Event
from ultra.core.ledger import AttemptKind
from ultra.core.model import Endpoint, Method, ModelRef, Target
from ultra.core.request import CallRequest, Message, Prompt
from ultra.core.secret import Secret
from ultra.core.stream import StreamBody
from ultra.core.verdict import Verdict


class Clock(Protocol):
    """Time as a parameter. `monotonic` is for durations, `time` is UTC seconds since the epoch."""

    def monotonic(self) -> float: ...

    def time(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Provider(Protocol):
    """Speaks one protocol to endpoints."""

    def stream(self, request: CallRequest) -> AsyncGenerator[StreamBody, None]:
        """Make the request and yield what comes, ending with exactly one `Finished`.

        Raises `CallError`, with `sent` true once any byte of the request may have left. Closing
        the iterator closes the connection at once.
        """
        ...

    async def credential(self, endpoint: Endpoint) -> Secret | None:
        """The key that a call would go with, None for one that wants none.

        Raises `ConfigError` for a key that is missing.
        """
        ...


class KeySource(Protocol):
    """Finds the key of an endpoint, off the event loop where that may take time."""

    async def key(self, endpoint: Endpoint) -> Secret | None:
        """The key, None when the endpoint wants none. Raises `ConfigError` when it is missing."""
        ...


class Sink(Protocol):
    """Somebody who watches a run: a screen, a file, a pipe. Called in the order things happen."""

    def on_event(self, event: Event) -> None:
        """Take one event. Must not block; an exception drops the sink, not the run."""
        ...

    async def drained(self, call_id: str) -> None:
        """Return when more text of this call can be taken: how a slow reader slows its answer."""
        ...


class CachedAnswer(Struct, frozen=True):
    """A complete answer as it is kept to serve again.

    `bodies` end with `Finished`. `cost_nano` is what it cost when it was asked, None for unknown;
    `age_s` how long ago that was.
    """

    bodies: tuple[StreamBody, ...]
    cost_nano: int | None
    age_s: float = 0.0


CacheTurn = Literal["lead", "wait", "alone"]
"""Who asks when there is no answer yet: this call for all (`lead`), another one for all (`wait`),
or everybody for themselves (`alone`)."""


class AnswerCache(Protocol):
    """Answers that serve again. Trouble with it is never raised: the question is then asked."""

    async def look(
        self, key: str, holder: str, *, lease_s: float | None
    ) -> CachedAnswer | CacheTurn:
        """The answer kept under the key, else whose turn it is to ask for it.

        `holder` names the call. Who leads does so for `lease_s` seconds at the most, and ends it
        with `keep` or `release`; with None the call never leads.
        """
        ...

    def keep(self, key: str, holder: str, model: ModelRef, answer: CachedAnswer) -> None:
        """Keep an answer from now on, which ends whoever's lead. Never blocks."""
        ...

    def release(self, key: str, holder: str, *, hopeless: bool) -> None:
        """Give the lead back without an answer. Never blocks.

        `hopeless` says that there will be none to keep, so that nobody waits for one.
        """
        ...

    async def flush(self, timeout_s: float) -> None:
        """Wait until all that was said is done, at most so long."""
        ...


class AttemptBudget:
    """How often one request may still be tried; shared by retry, fallback and hedge.

    Source: four in all and two per target; SRE practice is three per request.
    """

    def __init__(self, total: int = 4, per_target: int = 2) -> None:
        self._left = total
        self._per_target = per_target
        self._used: dict[str, int] = {}

    def allows(self, target: Target) -> bool:
        """Whether a try at the target is left."""
        return self._left > 0 and self._used.get(str(target.ref), 0) < self._per_target

    def take(self, target: Target) -> bool:
        """Use one try at the target; false when none is left."""
        if not self.allows(target):
            return False
        key = str(target.ref)
        self._left -= 1
        self._used[key] = self._used.get(key, 0) + 1
        return True

    def give_back(self, target: Target) -> None:
        """Return a try that was taken and not made."""
        self._left += 1
        self._used[str(target.ref)] -= 1


class Race:
    """Which of several calls may speak: the first that has content, decided once.

    The others fall silent before their first word, until whoever opened them stops them: `decided`
    is called in the moment there is a winner.
    """

    def __init__(self, decided: Callable[[], None]) -> None:
        self.winner: CallSpec | None = None
        self._decided = decided

    def take(self, spec: "CallSpec") -> bool:
        """Claim the word for a call; false when another one has it."""
        if self.winner is None:
            self.winner = spec
            self._decided()
        return self.winner is spec


class Within(Struct):
    """The call of an ensemble that other calls are made for, and what came of those so far."""

    call_id: str
    answers: list[Answer] = field(default_factory=list[Answer])


class CallSpec(Struct):
    """One call that a strategy wants made.

    `index` is the member's place in the order asked for. Calls that share `attempts` share one
    budget of tries; None gives the call its own. `standby` says that another model stands ready,
    so that waiting out a rate limit is no use. `kind` says why the first attempt is made. Of calls
    with the same `race` only one speaks. `within` says for which call of an ensemble it is made,
    None for a call of the run's own.
    """

    request: CallRequest
    role: CallRole
    index: int | None = None
    attempts: AttemptBudget | None = None
    standby: bool = False
    kind: AttemptKind = "primary"
    race: Race | None = None
    within: Within | None = None


class Calls(Protocol):
    """Calls under way, owned by the block that opened them: leaving it cancels what still runs."""

    def __aiter__(self) -> AsyncIterator[Answer]:
        """Yield each answer when its call ends, in the order of arrival."""
        ...

    def answers(self) -> list[Answer]:
        """The answers of the calls that have ended, in the order the calls were given."""
        ...

    async def settle(self, quorum: int | None, grace_s: float | None) -> list[Answer]:
        """Wait for the calls, then stop the rest; the answers in the order the calls were given.

        Without a quorum, waits for all. With one, waits until so many are usable, then `grace_s`
        more; a call that is already streaming is never cut.
        """
        ...


class Caller(Protocol):
    """Makes calls for a strategy, with every policy around each."""

    def attempts(self) -> AttemptBudget:
        """A fresh budget of tries, as the profile sets it, for calls that are to share one."""
        ...

    def open(self, specs: Sequence[CallSpec]) -> AbstractAsyncContextManager[Calls]:
        """Start the calls at once."""
        ...


Emit = Callable[[Body], None]
"""Tells every sink one event of the run itself."""


class Settings(Struct, frozen=True, omit_defaults=True):
    """How a strategy should go about it. `quorum` None waits for every member.

    `seed` fixes labels and permutations; a strategy never draws from anything else. `synthesizer`
    compares and writes; None leaves it to the first member that answered. `on_context_length` and
    `on_content_filter` are whom a walk in order goes to after that class of failure.
    `hedge_after_s` is when a first call that has not begun to answer is raced by the next model,
    None for never. `patient` says that the user set a deadline, and so that whatever fits it is
    worth waiting for. `branches` are the turns before the prompt, for each member its own; empty
    where all go on from the same. `given` is an earlier answer that the new one is held against.
    """

    quorum: int | None = None
    grace_s: float | None = None
    seed: int = 0
    stream: bool = True
    synthesizer: Target | None = None
    on_context_length: tuple[Target, ...] = ()
    on_content_filter: tuple[Target, ...] = ()
    hedge_after_s: float | None = None
    method: Method = Method()
    branches: tuple[tuple[Message, ...], ...] = ()
    patient: bool = False
    given: Answer | None = None


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What a strategy came to.

    `answers` are the members' in the order asked for; `answer` is the one that speaks for the run,
    None when there is none (always, for `all`). `reasons` tells what was lost when `degraded`.
    `verdict` is how it was chosen, None where nothing was chosen.
    """

    answers: tuple[Answer, ...]
    answer: Answer | None = None
    provenance: tuple[str, ...] = ()
    degraded: bool = False
    reasons: tuple[str, ...] = ()
    verdict: Verdict | None = None


class Strategy(Protocol):
    """Chooses among models or combines their answers. A coroutine, never a generator (PEP 789)."""

    async def __call__(
        self,
        prompt: Prompt,
        members: Sequence[Target],
        caller: Caller,
        emit: Emit,
        settings: Settings,
        /,
    ) -> Outcome: ...

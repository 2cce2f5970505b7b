"""Everything that happens in a run, as one stream of frozen values that every screen reads.

Grammar of one call: `CallStarted`, then any of `CallWaiting`, `AttemptStarted`, `AttemptFailed` and
the bodies of `ultra.core.stream`, then exactly one of `CallFinished`, `CallFailed` and
`CallCancelled`. A call that is refused before it is tried has no attempt, nor has one that the
cache serves: there `CacheHit` comes first. The call of an ensemble has none of its own: the calls
made for it name it as their `parent`, and what they came to follows. Grammar of a run:
`RunStarted`, then stages, calls and verdicts, then `Concluded` when there is an answer, then
`RunFinished`.
"""

from typing import Literal

from msgspec import Struct

from ultra.core.answer import Answer
from ultra.core.errors import ErrorClass, Failure
from ultra.core.stream import StreamBody
from ultra.core.verdict import Verdict

CallRole = Literal["answer", "member", "analysis", "writer", "draft", "judge", "probe"]
"""What a call is for. What a `draft` says is checked before it is shown, if it is shown at all."""

RunStatus = Literal["ok", "partial", "cancelled", "error", "no_consensus"]
"""How a run ended. `no_consensus` is a vote that nobody won: answers are there, and none is it."""


class RunStarted(Struct, frozen=True, tag="run_started", omit_defaults=True):
    """A user action began. `members` are the names asked for, in the order asked for."""

    verb: str
    strategy: str
    members: tuple[str, ...]
    profile: str = ""
    simulated: bool = False


class StageStarted(Struct, frozen=True, tag="stage_started"):
    """A strategy entered its next step, such as `panel`, `analysis` or `writer`."""

    stage: str


class CallStarted(Struct, frozen=True, tag="call_started", omit_defaults=True):
    """A request to one model is about to be made. `name` is what the user calls the model.

    `index` is its place among the members asked for; None for the calls of a strategy's own.
    `thinks` says that the model is known to think before its first token. `parent` is the call of
    an ensemble that it is made for, empty for a call of the run's own.
    """

    role: CallRole
    name: str
    provider: str
    model: str
    index: int | None = None
    sample: int = 0
    simulated: bool = False
    thinks: bool = False
    parent: str = ""


class CallWaiting(Struct, frozen=True, tag="call_waiting"):
    """The next try may not be made yet, and is asked for again `wait_s` seconds from now.

    `reason` is the class of what stands in its way, `message` the same in words.
    """

    reason: ErrorClass
    message: str
    wait_s: float


class AttemptStarted(Struct, frozen=True, tag="attempt_started"):
    """A try of the call is on record and about to leave. `number` counts from 1."""

    attempt_id: str
    number: int


class AttemptFailed(Struct, frozen=True, tag="attempt_failed", omit_defaults=True):
    """A try failed. `retry_in_s` is the wait before the next one; None when there is none."""

    failure: Failure
    retry_in_s: float | None = None


class CallFinished(Struct, frozen=True, tag="call_finished"):
    """The call ended with a complete answer."""

    answer: Answer


class CallFailed(Struct, frozen=True, tag="call_failed"):
    """The call ended without a complete answer; `answer` holds what came and why it ended."""

    answer: Answer


class CallCancelled(Struct, frozen=True, tag="call_cancelled"):
    """We stopped the call: a race was won, a deadline passed or the user left."""

    answer: Answer


class VerdictReached(Struct, frozen=True, tag="verdict_reached"):
    """Answers were judged or compared."""

    verdict: Verdict


class Concluded(Struct, frozen=True, tag="concluded", omit_defaults=True):
    """The run has its answer.

    `call_id` is the call whose text it is; `provenance` names the models it was made from;
    `reasons` says in words what was lost on the way when `degraded`. `ok` false says that the text
    is cut or is not what was asked for.
    """

    call_id: str
    text: str
    provenance: tuple[str, ...] = ()
    degraded: bool = False
    reasons: tuple[str, ...] = ()
    ok: bool = True


class RunFinished(Struct, frozen=True, tag="run_finished", omit_defaults=True):
    """The user action ended. Costs are nano-dollars; `cost_nano` None when any part is unknown.

    `known_nano` sums the parts that are known and so is a lower bound.
    """

    status: RunStatus
    duration_s: float
    cost_nano: int | None
    known_nano: int
    unpriced: int = 0
    degraded: bool = False


CallEnd = CallFinished | CallFailed | CallCancelled
CallBody = CallStarted | CallWaiting | AttemptStarted | AttemptFailed | StreamBody | CallEnd
Body = (
    RunStarted
    | StageStarted
    | CallStarted
    | CallWaiting
    | AttemptStarted
    | AttemptFailed
    | StreamBody
    | CallFinished
    | CallFailed
    | CallCancelled
    | VerdictReached
    | Concluded
    | RunFinished
)


class Event(Struct, frozen=True):
    """One thing that happened: where it belongs and what it was.

    `seq` counts the events of a run from 0 without gaps. `call` is empty for events of the run
    itself. `at_s` is seconds since the run started.
    """

    run: str
    call: str
    seq: int
    at_s: float
    body: Body

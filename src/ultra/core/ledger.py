"""The record of what is sent: what the engine writes down of runs and attempts, and when."""

from typing import Any, Literal, Protocol

from msgspec import Struct, field

from ultra.core.answer import Status
from ultra.core.budget import Bound, Limit, Planned
from ultra.core.errors import ErrorClass, Failure
from ultra.core.events import CallRole, RunStatus
from ultra.core.model import Target
from ultra.core.quota import Quota
from ultra.core.records import RouteDocument
from ultra.core.request import Message
from ultra.core.usage import Usage, UsageSource
from ultra.core.verdict import Verdict


class RunRecord(Struct, frozen=True, omit_defaults=True):
    """One user action, as the log keeps it. `started_at` is UTC seconds since the epoch.

    `session` ties runs of one terminal together; `conversation` ties the turns of a conversation.
    `keep_text` false keeps every word out of the log (`-n`). `cost_center` and `tags` say whom it
    is charged to. `limits` are budgets of the run's own and of its profile, beside those of the
    store. `plan` are the calls of a fan-out, each at its most, empty for any other run: a hard
    budget sets all of it aside before the first attempt leaves, or refuses all of it. `route` says
    how a route chose, None where none did. `hash_key` is what words that are not kept are hashed
    with; empty keeps no hash either.
    """

    run_id: str
    verb: str
    strategy: str
    started_at: float
    profile: str = ""
    environment: str = ""
    host: str = ""
    cwd: str = ""
    session: str = ""
    conversation: str = ""
    prompt: str = ""
    simulated: bool = False
    keep_text: bool = True
    version: str = ""
    cost_center: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    plan: tuple[Planned, ...] = ()
    route: RouteDocument | None = None
    hash_key: bytes = b""


AttemptKind = Literal[
    "primary", "retry", "fallback", "hedge", "probe", "cache", "ensemble", "import"
]
"""Why an attempt was made. `cache` and `ensemble` are none: an earlier answer served, or one that
other calls came to, which are on record themselves. `import` was made by another program, of which
only the answers are known: it says nothing of how often a model fails."""


class AttemptRecord(Struct, frozen=True, omit_defaults=True):
    """One try, as it is written down before its first byte leaves.

    `charged_nano` is the upper estimate that stands until the attempt is closed; None if unpriced.
    `key_fp` is the fingerprint of its key and `key_source` where that came from, both empty without
    one. `bound` is the most that it can cost,
    None if unpriced; `tokens` the most that it is expected to use up of a rate limit. `retry_of`
    says which failure of the same target it follows. `lease_s` is how long it may be under way, in
    seconds, before whoever made it is taken for dead; `wait_s` how long it waited to be made.
    `parent` is the call of an ensemble that it is made for, empty for none.
    """

    attempt_id: str
    call_id: str
    run_id: str
    number: int
    role: CallRole
    index: int | None
    sample: int
    target: Target
    messages: tuple[Message, ...]
    options: dict[str, Any]
    started_at: float
    charged_nano: int | None = None
    kind: AttemptKind = "primary"
    key_fp: str = ""
    key_source: str = ""
    bound: Bound | None = None
    tokens: int = 0
    retry_of: ErrorClass | None = None
    lease_s: float = 300.0
    wait_s: float = 0.0
    parent: str = ""


class AttemptResult(Struct, frozen=True, omit_defaults=True):
    """How a try ended. Durations in seconds; see `Answer` for the meaning of the costs.

    `quota` is what the provider said is left of its limits.
    """

    status: Status
    ended_at: float
    duration_s: float
    text: str = ""
    reasoning: str = ""
    tool_calls_json: str = ""
    ttft_s: float | None = None
    chunks: int = 0
    finish_reason: str | None = None
    native_finish_reason: str | None = None
    usage: Usage | None = None
    usage_source: UsageSource | None = None
    cost_nano: int | None = None
    charged_nano: int | None = None
    provider_cost_nano: int | None = None
    price_source: str | None = None
    resolved_model: str | None = None
    request_id: str | None = None
    failure: Failure | None = None
    quota: Quota | None = None
    saved_nano: int | None = None


class RunEnd(Struct, frozen=True, omit_defaults=True):
    """How a run ended. `ended_at` is UTC seconds since the epoch.

    `answer_call` is the call whose text `answer_text` is; None when the run has no answer.
    """

    status: RunStatus
    ended_at: float
    duration_s: float
    answer_call: str | None = None
    answer_text: str = ""
    degraded: bool = False
    reasons: tuple[str, ...] = ()
    provenance: tuple[str, ...] = ()
    verdict: Verdict | None = None


class Admitted(Struct, frozen=True):
    """The attempt is on record and may be sent.

    `warning` says that the log is in trouble. `notes` are for the user: a soft budget that is used
    up, a cap that a hard one put on the answer. `output_tokens` is that cap, None for none;
    `reserve_nano` what was set aside for the attempt, at which its stream is stopped.
    """

    warning: str | None = None
    notes: tuple[str, ...] = ()
    output_tokens: int | None = None
    reserve_nano: int | None = None


class Refused(Struct, frozen=True):
    """The attempt must not be sent. `wait_s` says when it might be; None when waiting is no use."""

    failure: Failure
    wait_s: float | None = None


class Ledger(Protocol):
    """The record of every attempt: written before it leaves, completed whatever happens after."""

    def begin_run(self, run: RunRecord) -> None:
        """Note the run; it is committed together with its first attempt."""
        ...

    async def admit(self, attempt: AttemptRecord) -> Admitted | Refused:
        """Commit the attempt's row in one transaction, before the first byte leaves."""
        ...

    def serve(self, attempt: AttemptRecord, result: AttemptResult) -> None:
        """Put a call on record that nothing left for: an earlier answer served, or an ensemble's.

        Never blocks.
        """
        ...

    def checkpoint(self, attempt_id: str, piece: str) -> None:
        """Keep more of a text that is still coming. Best effort, never blocks."""
        ...

    def close(self, attempt_id: str, result: AttemptResult) -> None:
        """Complete the attempt's row in one transaction. Never blocks; `flush` waits for it."""
        ...

    def end_run(self, run_id: str, end: RunEnd) -> None:
        """Complete the run's row. Never blocks."""
        ...

    async def flush(self, timeout_s: float, *, patient: bool = False) -> bool:
        """Wait until all that was said is committed; false when that took too long.

        With `patient` the time in which the record is brought up to date does not count.
        """
        ...

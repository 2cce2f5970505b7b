"""What the log gives back: the versioned document that `--json` and `logs --json` share.

Costs are nano-dollars, None for unknown. Times are ISO 8601 in UTC, durations seconds.
"""

from typing import Any

from msgspec import Struct, field

from ultra.core.errors import Failure
from ultra.core.usage import Usage
from ultra.core.verdict import Verdict

DOCUMENT_VERSION = 1


class AttemptDocument(Struct, frozen=True):
    """One try of a call. `status` may also be `running`: it was never closed.

    `cost_differs` says that the provider charged more than 2% more or less than we reckon. `kind`
    says why it was made; `cache` is no try, but an earlier answer served, which saved `saved_nano`.
    `key_fp` is the fingerprint of its key, empty without one; `wait_s` how long it waited to be
    made: for a place, a rate limit or the time between tries.
    """

    attempt_id: str
    number: int
    status: str
    started_at: str
    ended_at: str | None
    duration_s: float | None
    ttft_s: float | None
    finish_reason: str | None
    usage: Usage | None
    usage_source: str | None
    cost_nano: int | None
    charged_nano: int | None
    provider_cost_nano: int | None
    price_source: str | None
    request_id: str | None
    error: Failure | None
    cost_differs: bool = False
    kind: str = "primary"
    saved_nano: int | None = None
    key_fp: str = ""
    wait_s: float = 0.0


class CallDocument(Struct, frozen=True):
    """One request to one model and what became of it.

    `cached` says that an earlier answer served, which saved `saved_nano` (None: unknown). `parent`
    is the call of an ensemble that it was made for, empty for a call of the run's own; costs and
    usage of an ensemble's call are the sums of those made for it.
    """

    call_id: str
    role: str
    index: int | None
    sample: int
    name: str
    provider: str
    model: str
    resolved_model: str | None
    base_url: str
    status: str
    text: str | None
    reasoning: str | None
    tool_calls: list[dict[str, Any]]
    finish_reason: str | None
    ttft_s: float | None
    duration_s: float | None
    output_tokens_per_s: float | None
    usage: Usage | None
    input_tokens: int | None
    output_tokens: int | None
    cost_nano: int | None
    charged_nano: int | None
    simulated: bool
    error: Failure | None
    attempts: list[AttemptDocument]
    cached: bool = False
    saved_nano: int | None = None
    parent: str = ""


class RouteDocument(Struct, frozen=True):
    """How a route chose, for judging its policy by what came of it.

    Models are `provider:model`: `order` those that would be asked, `excluded` the others with the
    reasons. `propensity` (0..1) is how likely the first of `order` was to be the first.
    """

    name: str
    policy: str
    order: list[str]
    propensity: float
    excluded: dict[str, str]


class RunDocument(Struct, frozen=True):
    """One user action, whole. `answer` is None for `compare` and for a run without an answer.

    `cost_center`, empty for none, and `tags` are what it is marked with. `picked` is the call whose
    answer the user chose.
    """

    version: int
    run_id: str
    verb: str
    strategy: str
    profile: str
    environment: str
    started_at: str
    duration_s: float | None
    status: str
    simulated: bool
    degraded: bool
    reasons: list[str]
    host: str
    cwd: str
    conversation: str
    prompt: str | None
    answer: str | None
    answer_call: str | None
    provenance: list[str]
    cost_nano: int | None
    known_nano: int
    unpriced: int
    calls: list[CallDocument]
    verdict: Verdict | None = None
    route: RouteDocument | None = None
    cost_center: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    picked: str | None = None


class RunSummary(Struct, frozen=True):
    """One line of `ultra logs`. `prompt` and `answer` are beginnings, None where not kept."""

    run_id: str
    started_at: str
    verb: str
    strategy: str
    models: tuple[str, ...]
    status: str
    duration_s: float | None
    cost_nano: int | None
    known_nano: int
    prompt: str | None
    answer: str | None
    simulated: bool


class CacheStats(Struct, frozen=True):
    """What is kept of answers, and what that saved.

    `size_bytes` is what they take up, `oldest` when the first of them was kept (None for none).
    `hits` counts the calls that an earlier answer served, as far as the log goes back, `simulated`
    those of them that saved nothing since no model would have been asked. `saved_nano` is what is
    known of the price of the others, `unpriced` how many have none.
    """

    entries: int
    size_bytes: int
    hits: int
    saved_nano: int
    unpriced: int
    simulated: int
    oldest: str | None

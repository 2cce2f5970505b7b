"""The one tree of errors, and what each class of failed call means for what happens next.

```
UltraError
├── UsageError          what was typed cannot be done                        exit 2
├── ConfigError         profile, key or trust; may list several problems     exit 3
├── StoreError          the log or its state cannot be read or written
├── OutputError         stdout itself failed for another reason than a closed pipe
└── CallError           one call to one model failed; its class decides the rest
```

Classes and actions follow the families' own documents; unknown 4xx is `invalid_request`, unknown
5xx is `server`. Exit codes are chosen in `ultra.cli.main` only.
"""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct, field

from ultra.core.quota import Quota


class ErrorClass(StrEnum):
    """Why a call failed, in the words that logs, JSON and `--events` use."""

    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    SERVER = "server"
    NETWORK = "network"
    TIMEOUT = "timeout"
    BAD_RESPONSE = "bad_response"
    AUTH = "auth"
    PERMISSION = "permission"
    QUOTA = "quota"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTER = "content_filter"
    MODEL_NOT_FOUND = "model_not_found"
    INVALID_REQUEST = "invalid_request"
    TOO_LARGE = "too_large"
    CANCELLED = "cancelled"
    LOCAL_LIMIT = "local_limit"
    BUDGET = "budget"
    BREAKER_OPEN = "breaker_open"
    DEADLINE = "deadline"
    CONFIG = "config"
    INTERNAL = "internal"


class Action(Struct, frozen=True):
    """What may follow a failure: another try at the same target, and another target.

    `retries` is the most further tries at the same target that the class allows by itself; the
    attempt budget of the request may allow fewer.
    """

    retries: int = 0
    fall_back: bool = False


_RETRY = Action(retries=3, fall_back=True)
_ONCE = Action(retries=1, fall_back=True)
_ELSEWHERE = Action(fall_back=True)
_STOP = Action()

ACTIONS: dict[ErrorClass, Action] = {
    ErrorClass.RATE_LIMIT: _RETRY,
    ErrorClass.OVERLOADED: _RETRY,
    ErrorClass.SERVER: _RETRY,
    ErrorClass.NETWORK: _RETRY,
    ErrorClass.TIMEOUT: _RETRY,
    ErrorClass.BAD_RESPONSE: _ONCE,
    ErrorClass.AUTH: _ELSEWHERE,
    ErrorClass.PERMISSION: _ELSEWHERE,
    ErrorClass.QUOTA: _ELSEWHERE,
    ErrorClass.MODEL_NOT_FOUND: _ELSEWHERE,
    ErrorClass.BREAKER_OPEN: _ELSEWHERE,
    ErrorClass.CONFIG: _ELSEWHERE,
    ErrorClass.CONTEXT_LENGTH: _STOP,
    ErrorClass.CONTENT_FILTER: _STOP,
    ErrorClass.INVALID_REQUEST: _STOP,
    ErrorClass.TOO_LARGE: _STOP,
    ErrorClass.CANCELLED: _STOP,
    ErrorClass.LOCAL_LIMIT: _STOP,
    ErrorClass.BUDGET: _STOP,
    ErrorClass.DEADLINE: _STOP,
    ErrorClass.INTERNAL: _STOP,
}

MEANING: dict[ErrorClass, str] = {
    ErrorClass.RATE_LIMIT: "too many requests or tokens for now; the provider's limit refills",
    ErrorClass.OVERLOADED: "the provider or the model is too busy, or is still loading",
    ErrorClass.SERVER: "the provider failed by its own fault",
    ErrorClass.NETWORK: "no connection, or one that broke before the answer was whole",
    ErrorClass.TIMEOUT: "no connection, no first token or no next chunk in time",
    ErrorClass.BAD_RESPONSE: "what came is no answer of a model: a web page, garbage, nothing",
    ErrorClass.AUTH: "the key is missing, wrong or expired",
    ErrorClass.PERMISSION: "the key is good, and may not do this here",
    ErrorClass.QUOTA: "the money or the allowance behind the key is used up",
    ErrorClass.CONTEXT_LENGTH: "the prompt does not fit into the model's window",
    ErrorClass.CONTENT_FILTER: "the provider refused what was asked or what was answered",
    ErrorClass.MODEL_NOT_FOUND: "no such model there, or none for this key",
    ErrorClass.INVALID_REQUEST: "the request is wrong and would be wrong elsewhere too",
    ErrorClass.TOO_LARGE: "the request is larger than the provider takes at all",
    ErrorClass.CANCELLED: "it was stopped: by you, by a race that is decided, by the provider",
    ErrorClass.LOCAL_LIMIT: "a limit of ultra's own, such as the number of tries, is reached",
    ErrorClass.BUDGET: "it could cost more than a budget of yours has left",
    ErrorClass.BREAKER_OPEN: "it failed so often of late that it is left alone for a while",
    ErrorClass.DEADLINE: "the time for the whole run is over",
    ErrorClass.CONFIG: "the profile or a key does not allow the call to be made",
    ErrorClass.INTERNAL: "a fault of ultra itself",
}
"""Each class in plain words, for people who see its name in a log."""

TRY_LATER = frozenset(
    {
        ErrorClass.RATE_LIMIT,
        ErrorClass.OVERLOADED,
        ErrorClass.SERVER,
        ErrorClass.NETWORK,
        ErrorClass.TIMEOUT,
        ErrorClass.BREAKER_OPEN,
    }
)
"""Classes that time may heal: a run that ends with nothing else exits 75."""


SAFETY_GATE, QUALITY_GATE = "safety_gate", "quality_gate"
GATES = frozenset({SAFETY_GATE, QUALITY_GATE})
"""The codes of the failure of an answer that a gate of ours did not let through: its message says
which gate that was and whose answer, since nobody behind the answer failed."""


class Problem(Struct, frozen=True):
    """One mistake in a file the user wrote.

    `where` is `file:line:column` (1-based) or another place such as a flag; `path` is the key path
    inside the file (`models.fast.price`), empty when there is none.
    """

    where: str
    path: str
    message: str
    hint: str | None = None


class UltraError(Exception):
    """An expected failure: told in one line, with the next step in `hint`, without a traceback.

    `problems` lists all that is wrong at once, where that is more than the line says.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problems = tuple(problems)


class UsageError(UltraError):
    """What was typed cannot be done; nothing was sent."""


class ConfigError(UltraError):
    """The profile, a key or its trust does not hold."""


class GuardError(UltraError):
    """A guardrail refused and nothing was sent: a secret in the prompt, a provider not allowed.

    `problems` are the places, one a secret; their values are in no message.
    """


class StoreError(UltraError):
    """The log or the state beside it cannot be read or written."""


class OutputError(UltraError):
    """stdout failed for another reason than a reader that left."""


class Failure(Struct, frozen=True, omit_defaults=True):
    """One failed attempt or call as a plain value, for events, JSON and the store.

    `message` is scrubbed of secrets. `sent` says whether the request may have left this machine,
    and so may have cost something. `code` is the provider's own word for the error. `limits` are
    the rate-limit headers of an answer that refused for one, names in lower case.
    """

    error_class: ErrorClass
    message: str
    provider: str = ""
    model: str = ""
    hint: str | None = None
    status: int | None = None
    code: str | None = None
    retry_after_s: float | None = None
    request_id: str | None = None
    sent: bool = False
    limits: dict[str, str] = field(default_factory=dict)


class CallError(UltraError):
    """One call to one model failed. Raised by providers and policies, caught by retry and report.

    `provider` and `model` may be left empty by the raiser: the engine fills them in.
    """

    def __init__(  # noqa: PLR0913 - the facts of a failed call, all by name
        self,
        error_class: ErrorClass,
        message: str,
        *,
        hint: str | None = None,
        sent: bool = False,
        status: int | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
        request_id: str | None = None,
        retry: bool | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.error_class = error_class
        self.sent = sent
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.request_id = request_id
        self.limits: dict[str, str] = {}
        self.quota: Quota | None = None
        """What the answer that refused says is left of the provider's limits."""
        self.retry = retry
        """The provider's own word on retrying (`x-should-retry`); None when it said nothing."""

    @property
    def action(self) -> Action:
        """What may follow; the provider's own word on retrying wins over the class."""
        action = ACTIONS[self.error_class]
        if self.retry is None:
            return action
        return Action(retries=1 if self.retry else 0, fall_back=action.fall_back)

    def failure(self, provider: str = "", model: str = "") -> Failure:
        """The same as a plain value, naming who failed."""
        return Failure(
            self.error_class,
            self.message,
            provider=provider,
            model=model,
            hint=self.hint,
            status=self.status,
            code=self.code,
            retry_after_s=self.retry_after_s,
            request_id=self.request_id,
            sent=self.sent,
            limits=self.limits,
        )

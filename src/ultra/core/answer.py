"""The one fold from a call's events to its answer; nobody else joins deltas or sums tokens."""

from typing import Literal, assert_never

from msgspec import Struct

from ultra.core.errors import Failure
from ultra.core.quota import Quota
from ultra.core.stream import (
    CacheHit,
    Finished,
    FinishReason,
    ReasoningDelta,
    ResponseStarted,
    StreamBody,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ultra.core.usage import Usage, UsageSource

Status = Literal["ok", "partial", "cancelled", "error"]


class ToolCall(Struct, frozen=True):
    """A tool the model wants called; `arguments` is its JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


class Answer(Struct, frozen=True, omit_defaults=True):
    """What became of one call.

    `status`: `ok` is complete; `partial` holds text but was cut short; `cancelled` was stopped by
    us before any text; `error` has no text. `cost_nano` None is unknown; `charged_nano` is what a
    budget counts: the cost, or the best upper estimate where the cost is unknown. Times are seconds
    from the start of the call; `ttft_s` None means that nothing came, or that it came from the
    cache. `attempts` counts the tries. `cached` says that it was answered before, which saved
    `saved_nano` (None: unknown).
    """

    call_id: str
    name: str
    provider: str
    model: str
    status: Status
    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    usage_source: UsageSource | None = None
    cost_nano: int | None = None
    charged_nano: int | None = None
    finish_reason: FinishReason | None = None
    ttft_s: float | None = None
    duration_s: float = 0.0
    attempts: int = 0
    error: Failure | None = None
    resolved_model: str | None = None
    request_id: str | None = None
    simulated: bool = False
    sample: int = 0
    cached: bool = False
    saved_nano: int | None = None

    @property
    def ok(self) -> bool:
        """Whether this can serve as an answer: complete, not blank, not refused.

        A tool call with no words counts: the caller asked for tools.
        """
        return (
            self.status == "ok"
            and self.finish_reason != "content_filter"
            and bool(self.text.strip() or self.tool_calls)
        )

    @property
    def loss(self) -> str | None:
        """In words, why this cannot serve as an answer; None when it can."""
        if self.ok:
            return None
        if self.error is not None:
            why = f"failed ({self.error.error_class.value})"
        else:
            stopped = self.status in ("cancelled", "partial")
            why = "was stopped" if stopped else "gave no answer"
        return f"{self.provider}:{self.model} {why}"

    @property
    def truncated(self) -> bool:
        """Whether the output cap cut a complete answer short."""
        return self.finish_reason == "length"

    @property
    def output_tokens_per_s(self) -> float | None:
        """Tokens after the first, over the time they took; None when it cannot be said."""
        tokens = self.usage.output_tokens if self.usage else None
        if tokens is None or tokens < 2 or self.ttft_s is None:
            return None
        span = self.duration_s - self.ttft_s
        return (tokens - 1) / span if span > 0.0 else None


class AnswerBuilder:
    """Folds the bodies of one attempt into what they amount to, in the order they come."""

    __slots__ = (
        "_reasoning",
        "_text",
        "_tools",
        "billed",
        "cache_hit",
        "chunks",
        "finished",
        "first_content_at",
        "provider_cost_nano",
        "quota",
        "request_id",
        "resolved_model",
        "usage",
        "usage_source",
    )

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._tools: dict[int, list[str]] = {}
        self.usage: Usage | None = None
        self.billed: Usage | None = None
        self.usage_source: UsageSource | None = None
        self.provider_cost_nano: int | None = None
        self.finished: Finished | None = None
        self.resolved_model: str | None = None
        self.request_id: str | None = None
        self.first_content_at: float | None = None
        self.quota: Quota | None = None
        self.cache_hit: CacheHit | None = None
        self.chunks = 0

    def add(self, body: StreamBody, at_s: float) -> None:  # noqa: C901 - one case a body
        """Take in one body that came `at_s` on any steady clock."""
        self.chunks += 1
        match body:
            case TextDelta():
                self._content(at_s)
                self._text.append(body.text)
            case ReasoningDelta():
                self._content(at_s)
                self._reasoning.append(body.text)
            case ToolCallDelta():
                self._content(at_s)
                self._tool(body)
            case UsageReported():
                self.usage, self.usage_source = body.usage, body.source
                self.billed = body.billed
                if body.cost_nano is not None:
                    self.provider_cost_nano = body.cost_nano
            case ResponseStarted():
                self.resolved_model = body.model or self.resolved_model
                self.request_id = self.request_id or body.request_id
                self.quota = body.quota or self.quota
            case CacheHit():
                self.cache_hit = body
            case Finished():
                self.finished = body
            case _:
                assert_never(body)

    @property
    def text(self) -> str:
        """The words so far."""
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        """The visible thinking so far."""
        return "".join(self._reasoning)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls so far, in the order the provider numbers them."""
        return tuple(
            ToolCall(id_, name, "".join(pieces))
            for _, (id_, name, *pieces) in sorted(self._tools.items())
        )

    @property
    def committed(self) -> bool:
        """Whether content has come, after which nothing may be spliced."""
        return self.first_content_at is not None

    def _content(self, at_s: float) -> None:
        if self.first_content_at is None:
            self.first_content_at = at_s

    def _tool(self, delta: ToolCallDelta) -> None:
        parts = self._tools.setdefault(delta.index, ["", ""])
        parts[0] = delta.id or parts[0]
        parts[1] = parts[1] or delta.name
        parts.append(delta.arguments)

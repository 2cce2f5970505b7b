"""What a provider says while it answers: the events inside one attempt.

A provider's stream yields any of these and ends with exactly one `Finished`; a stream that ends
without it has failed. Nothing here carries ids: the engine stamps them.
"""

from typing import Literal

from msgspec import Struct

from ultra.core.quota import Quota
from ultra.core.usage import Usage, UsageSource

FinishReason = Literal["stop", "length", "content_filter", "tool_call", "error", "other"]


class ResponseStarted(Struct, frozen=True, tag="response_started", omit_defaults=True):
    """The provider began to answer: who really answers, and the ids to quote in a complaint.

    `quota` is what its headers say is left of its limits; None when they say nothing.
    """

    model: str | None = None
    request_id: str | None = None
    quota: Quota | None = None


class CacheHit(Struct, frozen=True, tag="cache_hit", omit_defaults=True):
    """What follows was answered before and is not asked again.

    `saved_nano` is what that answer cost then, None when that is unknown; `age_s` how long ago.
    """

    saved_nano: int | None
    age_s: float


class TextDelta(Struct, frozen=True, tag="text_delta"):
    """More of the answer."""

    text: str


class ReasoningDelta(Struct, frozen=True, tag="reasoning_delta"):
    """More of what the model lets us see of its thinking."""

    text: str


class ToolCallDelta(Struct, frozen=True, tag="tool_call_delta", omit_defaults=True):
    """More of one tool call; `arguments` is a piece of JSON text, `id` and `name` come once."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class UsageReported(Struct, frozen=True, tag="usage_reported", omit_defaults=True):
    """What the call has consumed so far, as a whole: a later report replaces an earlier one.

    `cost_nano` is what the provider itself says it charged, where it says so. `billed` is what it
    charges for where that is not what it counted (Cohere), None where it is the same.
    """

    usage: Usage
    source: UsageSource = "provider"
    cost_nano: int | None = None
    billed: Usage | None = None


class Finished(Struct, frozen=True, tag="finished", omit_defaults=True):
    """The provider ended its answer; `native` is its own word for why.

    `skipped` counts the lines of its stream that could not be read and are missing.
    """

    finish_reason: FinishReason
    native: str = ""
    skipped: int = 0


StreamBody = (
    ResponseStarted
    | CacheHit
    | TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | UsageReported
    | Finished
)

CONTENT = (TextDelta, ReasoningDelta, ToolCallDelta)
"""The bodies after which nothing may be spliced: the commit point of retry and fallback."""

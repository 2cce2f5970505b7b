"""What the Responses API sends, as far as it is read.

Items of a kind that is not known stay undecoded, so that a new one cannot spoil an answer. Source:
platform.openai.com/docs/api-reference/responses/object, responses-streaming.
"""

from msgspec import Raw, Struct

from ultra.core.stream import UsageReported
from ultra.providers.protocols.costs import NOTHING
from ultra.providers.protocols.openai_chat.usage import ChatUsage, InputDetails, OutputDetails

Number = int | float | None


class ResponsesUsage(Struct, frozen=True):
    """Input counts cached tokens and output counts reasoning, at every vendor.

    `cost` is OpenRouter's, `cost_in_usd_ticks` xAI's.
    """

    input_tokens: Number = None
    output_tokens: Number = None
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    cost: Raw = NOTHING
    cost_in_usd_ticks: Number = None

    def reported(self) -> UsageReported:
        """The same as an event."""
        usage = ChatUsage(
            prompt_tokens=self.input_tokens,
            completion_tokens=self.output_tokens,
            prompt_tokens_details=self.input_tokens_details,
            completion_tokens_details=self.output_tokens_details,
            cost=self.cost,
            cost_in_usd_ticks=self.cost_in_usd_ticks,
        )
        return usage.reported("provider")


class Kind(Struct, frozen=True):
    """The one field that tells what an item is."""

    type: str = ""


class Part(Struct, frozen=True):
    """A piece of a message, of a summary or of reasoning."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None


class Item(Struct, frozen=True):
    """A message, a reasoning or a tool call; which fields are set depends on `type`."""

    type: str = ""
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    input: str | None = None
    content: list[Part] | None = None
    summary: list[Part] | None = None


class Incomplete(Struct, frozen=True):
    """Why an answer is incomplete."""

    reason: str | None = None


class Response(Struct, frozen=True):
    """The answer as a whole. `tools` echoes those of the request."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    error: object = None
    incomplete_details: Incomplete | None = None
    output: list[Raw] | None = None
    usage: ResponsesUsage | None = None
    tools: object = None


class Event(Struct, frozen=True):
    """One event of a stream. What a delta holds depends on `type`."""

    type: str = ""
    response: Response | None = None
    item: Raw = NOTHING
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    delta: object = None
    text: object = None
    refusal: object = None
    arguments: object = None
    input: object = None
    error: object = None

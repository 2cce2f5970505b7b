"""What Chat Completions servers count, each in its own way, as kinds that do not overlap.

The rule is OpenAI's: prompt tokens include cached and audio ones, completion tokens include
reasoning. Who counts beside is told by the total: xAI's reasoning stands beside the completion
(docs.x.ai/docs/guides/reasoning), Mistral's audio beside the prompt.
"""

from msgspec import Raw, Struct

from ultra.core.stream import UsageReported
from ultra.core.usage import Usage, UsageSource
from ultra.providers.protocols.costs import NOTHING, dollars_nano, ticks_nano
from ultra.providers.protocols.reading import minus, tokens

Number = int | float | None


class InputDetails(Struct, frozen=True):
    """Kinds of prompt tokens that are told apart."""

    cached_tokens: Number = None
    cache_write_tokens: Number = None
    audio_tokens: Number = None


class OutputDetails(Struct, frozen=True):
    """Kinds of completion tokens that are told apart."""

    reasoning_tokens: Number = None
    audio_tokens: Number = None


class ChatUsage(Struct, frozen=True):
    """The usage object with the names that vendors add.

    Cached tokens: `prompt_cache_hit_tokens` is DeepSeek's, `num_cached_tokens` Mistral's,
    `cached_tokens` Together's, `cache_read_input_tokens` Venice's. Costs: see `protocols.costs`.
    """

    prompt_tokens: Number = None
    completion_tokens: Number = None
    total_tokens: Number = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    prompt_cache_hit_tokens: Number = None
    num_cached_tokens: Number = None
    cached_tokens: Number = None
    cache_read_input_tokens: Number = None
    cache_creation_input_tokens: Number = None
    cost: Raw = NOTHING
    estimated_cost: Raw = NOTHING
    cost_in_usd_ticks: Number = None

    def reported(self, source: UsageSource, beside_nano: int | None = None) -> UsageReported:
        """The same as an event; `beside_nano` is a cost that stood outside of the usage."""
        cost = self.cost_nano()
        return UsageReported(self.usage(), source, beside_nano if cost is None else cost)

    def usage(self) -> Usage:
        """The same in kinds that do not overlap."""
        prompt, completion = tokens(self.prompt_tokens), tokens(self.completion_tokens)
        into = self.prompt_tokens_details or InputDetails()
        out = self.completion_tokens_details or OutputDetails()
        audio_in, reasoning = tokens(into.audio_tokens), tokens(out.reasoning_tokens)
        audio_out = tokens(out.audio_tokens)
        beside = _beside(prompt, completion, tokens(self.total_tokens), reasoning, audio_in)
        if beside == "audio" and prompt is not None:
            prompt += audio_in or 0
        if beside == "reasoning" and completion is not None:
            completion += reasoning or 0
        cached, written = self._cached(into)
        cached = _within(cached, prompt)
        written = _within(written, minus(prompt, cached))
        audio_in = _within(audio_in, minus(prompt, cached, written))
        reasoning = _within(reasoning, completion)
        audio_out = _within(audio_out, minus(completion, reasoning))
        return Usage(
            text_input_tokens=minus(prompt, cached, written, audio_in),
            cache_read_tokens=cached,
            cache_write_tokens=written,
            audio_input_tokens=audio_in,
            text_output_tokens=minus(completion, reasoning, audio_out),
            reasoning_tokens=reasoning,
            audio_output_tokens=audio_out,
        )

    def cost_nano(self) -> int | None:
        """What the provider says it charged, rounded up; None when it says nothing."""
        ticks = ticks_nano(self.cost_in_usd_ticks)
        if ticks is not None:
            return ticks
        cost = dollars_nano(self.cost)
        return dollars_nano(self.estimated_cost) if cost is None else cost

    def _cached(self, into: InputDetails) -> tuple[int | None, int | None]:
        """Tokens read from and written to the cache; the first name that is used counts."""
        read = (
            into.cached_tokens,
            self.prompt_cache_hit_tokens,
            self.num_cached_tokens,
            self.cached_tokens,
            self.cache_read_input_tokens,
        )
        written = (into.cache_write_tokens, self.cache_creation_input_tokens)
        return _first(read), _first(written)


def _first(counts: tuple[Number, ...]) -> int | None:
    said = [count for count in map(tokens, counts) if count is not None]
    return next((count for count in said if count), said[0] if said else None)


def _within(part: int | None, whole: int | None) -> int | None:
    return part if part is None or whole is None else min(part, whole)


def _beside(
    prompt: int | None,
    completion: int | None,
    total: int | None,
    reasoning: int | None,
    audio: int | None,
) -> str:
    """Which kind must be added to prompt and completion to make up the total; empty for none."""
    if prompt is None or completion is None or total is None:
        return ""
    gap = total - prompt - completion
    if reasoning and gap == reasoning:
        return "reasoning"
    return "audio" if audio and gap == audio else ""

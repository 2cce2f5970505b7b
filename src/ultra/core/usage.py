"""What a call consumed, in kinds that never overlap, so that adding them up is always right.

Providers count differently (reliability: OpenAI's prompt tokens include cached ones, Anthropic's
exclude them, Gemini's thoughts stand beside the candidates); each protocol module turns its own
reading into this one.
"""

from typing import Literal

from msgspec import Struct

UsageSource = Literal["provider", "estimated", "partial"]


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens by kind. None means that the provider did not say; 0 means that it said none.

    The kinds are disjoint: `text_input_tokens` holds neither cached nor audio tokens and
    `text_output_tokens` holds no reasoning. Cached audio counts as `cache_read_tokens` where a
    provider does not tell it apart.
    """

    text_input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    audio_input_tokens: int | None = None
    text_output_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_output_tokens: int | None = None
    cache_audio_read_tokens: int | None = None

    @property
    def input_tokens(self) -> int | None:
        """All tokens that went in, cached ones included; None when nothing is known of them."""
        return _total(
            self.text_input_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.cache_write_1h_tokens,
            self.audio_input_tokens,
            self.cache_audio_read_tokens,
        )

    @property
    def output_tokens(self) -> int | None:
        """All tokens that came out, reasoning included; None when nothing is known of them."""
        return _total(self.text_output_tokens, self.reasoning_tokens, self.audio_output_tokens)

    def __add__(self, other: "Usage") -> "Usage":
        """Both together; a kind that neither knows stays unknown."""
        return Usage(
            *(_total(getattr(self, kind), getattr(other, kind)) for kind in self.__struct_fields__)
        )


def _total(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None

"""How many tokens a text holds where nobody counted them. The one home of splintr.

With `ultra-llm[tokens]` a model of a known family is counted by its own vocabulary; splintr carries
the vocabularies in its wheel, while tiktoken fetches them when it is first used. Any other model is
judged by its bytes, from above.
"""

import re
from functools import cache
from typing import Protocol

from ultra.core.request import CallRequest, input_tokens_bound, output_tokens_seen

_COUNTED = 200_000
"""Characters that are counted; beyond them the rest is taken to be alike. About 0.05 s."""

_TURN = 4
"""Tokens that a turn takes beside its words. Source: github.com/openai/openai-cookbook, How to
count tokens with tiktoken."""

FAMILIES: tuple[tuple[str, str], ...] = (
    (r"gpt-oss", "gpt_oss"),
    (r"gpt-4o|gpt-4\.[1-9]|gpt-[5-9]|chatgpt-4o|\bo[134](?:-|$)", "o200k_base"),
    (r"gpt-4|gpt-3\.5", "cl100k_base"),
    (r"deepseek", "deepseek_v3"),
    (r"llama-?3", "llama3"),
    (r"qwen", "qwen3"),
    (r"kimi", "kimi_k2"),
    (r"glm-4", "glm4"),
    # Google counts Gemini by Gemma's: googleapis.github.io/python-genai, LocalTokenizer.
    (r"gemini|gemma", "gemma3"),
    (r"mistral|ministral|codestral|magistral|devstral|pixtral", "mistral_v3"),
)
"""Patterns of model ids and the vocabulary of each; the first that is found holds."""


class Vocabulary(Protocol):
    """What splintr offers, as far as it is used."""

    def encode(self, text: str, /) -> list[int]: ...


def input_tokens(request: CallRequest) -> int:
    """The tokens that a request holds: counted where its model's vocabulary is at hand."""
    bound = input_tokens_bound(request.messages, request.tools)
    text = "\n".join(message.text for message in request.messages)
    counted = _counted(request.target.model, text)
    if counted is None:
        return bound
    # What is not words keeps its bound.
    words = input_tokens_bound(request.messages) - sum(
        2000 * len(message.media) for message in request.messages
    )
    return min(bound, bound - words + counted + _TURN * len(request.messages))


def output_tokens(request: CallRequest, text: str) -> int:
    """The tokens that a text of the request's model holds."""
    counted = _counted(request.target.model, text)
    return output_tokens_seen(text) if counted is None else counted


def _counted(model: str, text: str) -> int | None:
    """None when the model's vocabulary is not known or not installed."""
    name = next((name for pattern, name in FAMILIES if re.search(pattern, model.lower())), None)
    vocabulary = _vocabulary(name) if name else None
    if vocabulary is None:
        return None
    part = text[:_COUNTED].encode("utf-8", "replace").decode()
    count = len(vocabulary.encode(part))
    return count if len(text) <= _COUNTED else -(-count * len(text) // _COUNTED)


@cache
def _vocabulary(name: str) -> Vocabulary | None:
    try:
        # 10 to 160 ms, which only a run with something left uncounted pays.
        from splintr import Tokenizer  # noqa: PLC0415
    except ImportError:
        return None
    vocabulary: Vocabulary = Tokenizer.from_pretrained(name)
    return vocabulary

"""The models that an OpenAI-compatible server lists, with what some tell of them besides.

Sources: openrouter.ai/docs/models, docs.mistral.ai/api (list models), console.groq.com/docs/models,
vercel.com/docs/ai-gateway, docs.together.ai/reference/models-1, docs.vllm.ai.
"""

from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from msgspec import Struct

from ultra.core.model import Capability
from ultra.providers.protocols.reading import decode_models, tokens
from ultra.providers.wire import LiveModel

_Number = int | float | None

_MODALITIES: dict[str, Capability] = {"image": "vision", "file": "files", "audio": "audio"}
"""OpenRouter's input modalities."""

_PARAMETERS: dict[str, Capability] = {
    "tools": "tools",
    "structured_outputs": "json_schema",
    "reasoning": "reasoning",
}
"""OpenRouter's supported parameters."""

_FLAGS: dict[str, Capability] = {
    "vision": "vision",
    "audio": "audio",
    "function_calling": "tools",
    "reasoning": "reasoning",
}
"""Mistral's capabilities."""

_TAGS: dict[str, Capability] = {
    "vision": "vision",
    "file-input": "files",
    "tool-use": "tools",
    "reasoning": "reasoning",
}
"""The Vercel AI Gateway's tags."""


class _Architecture(Struct, frozen=True):
    input_modalities: list[str] | None = None


class _TopProvider(Struct, frozen=True):
    max_completion_tokens: _Number = None


class _Model(Struct, frozen=True):
    """Windows and caps go by many names.

    `context_length`: OpenRouter, Together; `context_window`: Groq, Vercel; `max_context_length`:
    Mistral; `max_model_len`: vLLM; `context_size` and `max_output_tokens`: Novita;
    `max_completion_tokens`: Groq; `max_tokens`: Vercel.
    """

    id: str
    created: _Number = None
    context_length: _Number = None
    context_window: _Number = None
    max_context_length: _Number = None
    max_model_len: _Number = None
    context_size: _Number = None
    max_completion_tokens: _Number = None
    max_output_tokens: _Number = None
    max_tokens: _Number = None
    top_provider: _TopProvider | None = None
    architecture: _Architecture | None = None
    supported_parameters: list[str] | None = None
    capabilities: object = None
    tags: object = None

    def live(self) -> LiveModel:
        window = (
            self.context_length
            or self.context_window
            or self.max_context_length
            or self.max_model_len
            or self.context_size
        )
        cap = (
            (self.top_provider.max_completion_tokens if self.top_provider else None)
            or self.max_completion_tokens
            or self.max_output_tokens
            or self.max_tokens
        )
        created = tokens(self.created)
        return LiveModel(
            self.id,
            tokens(window) or None,
            float(created) if created else None,
            tokens(cap) or None,
            self._can(),
        )

    def _can(self) -> tuple[Capability, ...] | None:
        """What is affirmed in any of the shapes that are known; None for a list without one."""
        if self.architecture is not None and self.architecture.input_modalities is not None:
            spoken = self.supported_parameters or []
            return (
                *_named(_MODALITIES, self.architecture.input_modalities),
                *_named(_PARAMETERS, spoken),
            )
        if isinstance(self.capabilities, dict) and "completion_chat" in self.capabilities:
            affirmed = [name for name, said in self.capabilities.items() if said is True]
            # Every chat model of Mistral takes a schema (docs: structured outputs).
            schema = ("json_schema",) if "completion_chat" in affirmed else ()
            return (*_named(_FLAGS, affirmed), *schema)
        if isinstance(self.tags, list):
            return _named(_TAGS, self.tags)
        return None


def _named(words: dict[str, Capability], said: list[object] | list[str]) -> tuple[Capability, ...]:
    return tuple(word for name, word in words.items() if name in said)


class _Links(Struct, frozen=True):
    next: str | None = None


class _Models(Struct, frozen=True):
    data: list[_Model]
    links: _Links | None = None


_DECODER = msgspec.json.Decoder(_Models | list[_Model])
"""Together answers with a bare list."""


def read_models(body: bytes) -> tuple[list[LiveModel], str | None]:
    """One page, and the query that asks for the next. Raises `CallError` when it is no list.

    Of those who speak so only OpenRouter pages: its `links.next` is a path with a query.
    """
    found = decode_models(_DECODER, body)
    if isinstance(found, list):
        return [row.live() for row in found], None
    return [row.live() for row in found.data], _following(found.links)


def page_query(cursor: str | None) -> dict[str, str]:
    """The query of a page that `read_models` named; nothing for the first."""
    return dict(parse_qsl(cursor)) if cursor else {}


def _following(links: _Links | None) -> str | None:
    """The query alone: where a list leads is never where a key is sent."""
    try:
        query = urlsplit(links.next if links and links.next else "").query
    except ValueError:
        return None
    return urlencode(parse_qsl(query)) or None

"""The models that Anthropic lists. Source: docs.claude.com/en/api/models-list."""

from datetime import datetime

import msgspec
from msgspec import Struct

from ultra.core.model import Capability
from ultra.providers.protocols.reading import decode_models, tokens
from ultra.providers.wire import LiveModel


class _Support(Struct, frozen=True):
    supported: bool = False


class _Model(Struct, frozen=True):
    id: str
    created_at: datetime | None = None
    max_input_tokens: int | float | None = None
    max_tokens: int | float | None = None
    capabilities: dict[str, _Support] | None = None

    def can(self) -> tuple[Capability, ...] | None:
        """What it says it can; every Claude takes tools, of which the list does not speak."""
        if not self.capabilities:
            return None
        told = {name for name, support in self.capabilities.items() if support.supported}
        return ("tools", *(word for name, word in _WORDS.items() if name in told))


_WORDS: dict[str, Capability] = {
    "image_input": "vision",
    "pdf_input": "files",
    "structured_outputs": "json_schema",
    "thinking": "reasoning",
}


class _Models(Struct, frozen=True):
    data: list[_Model]
    has_more: bool = False
    last_id: str | None = None


_DECODER = msgspec.json.Decoder(_Models)


def read_models(body: bytes) -> tuple[list[LiveModel], str | None]:
    """One page, and the cursor of the next. Raises `CallError` when the body is not a list."""
    page = decode_models(_DECODER, body)
    models = [
        LiveModel(
            row.id,
            tokens(row.max_input_tokens),
            row.created_at.timestamp() if row.created_at else None,
            tokens(row.max_tokens) or None,
            row.can(),
        )
        for row in page.data
    ]
    return models, page.last_id if page.has_more else None

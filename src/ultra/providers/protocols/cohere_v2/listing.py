"""The models that Cohere lists. Source: docs.cohere.com/reference/list-models."""

import msgspec
from msgspec import Struct

from ultra.core.model import Capability
from ultra.providers.protocols.reading import decode_models, tokens
from ultra.providers.wire import LiveModel


class _Model(Struct, frozen=True):
    name: str
    context_length: int | float | None = None
    features: list[str] | None = None

    def can(self) -> tuple[Capability, ...] | None:
        told = self.features
        return None if told is None else tuple(word for word in _FEATURES if word in told)


_FEATURES: tuple[Capability, ...] = ("vision", "tools", "json_schema", "reasoning")
"""Those of its features that have a name here, and it is the same name."""


class _Models(Struct, frozen=True):
    models: list[_Model]
    next_page_token: str | None = None


_DECODER = msgspec.json.Decoder(_Models)


def read_models(body: bytes) -> tuple[list[LiveModel], str | None]:
    """One page, and the cursor of the next. Raises `CallError` when the body is not a list."""
    page = decode_models(_DECODER, body)
    models = [
        LiveModel(row.name, tokens(row.context_length) or None, capabilities=row.can())
        for row in page.models
    ]
    return models, page.next_page_token or None

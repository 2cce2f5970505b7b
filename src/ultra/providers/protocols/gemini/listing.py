"""The models that Google lists, those that can chat. Source: ai.google.dev/api/models."""

import msgspec
from msgspec import Struct

from ultra.providers.protocols.reading import decode_models, tokens
from ultra.providers.wire import LiveModel


class _Model(Struct, frozen=True, rename="camel"):
    name: str
    input_token_limit: int | float | None = None
    output_token_limit: int | float | None = None
    supported_generation_methods: list[str] | None = None

    @property
    def chats(self) -> bool:
        methods = self.supported_generation_methods
        return methods is None or "generateContent" in methods


class _Models(Struct, frozen=True, rename="camel"):
    models: list[_Model]
    next_page_token: str | None = None


_DECODER = msgspec.json.Decoder(_Models)


def read_models(body: bytes) -> tuple[list[LiveModel], str | None]:
    """One page, and the cursor of the next. Raises `CallError` when the body is not a list."""
    page = decode_models(_DECODER, body)
    models = [
        LiveModel(
            row.name.removeprefix("models/"),
            tokens(row.input_token_limit),
            max_output_tokens=tokens(row.output_token_limit) or None,
        )
        for row in page.models
        if row.chats
    ]
    return models, page.next_page_token or None

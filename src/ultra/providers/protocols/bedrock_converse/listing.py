"""The models that Bedrock lists, those that write text.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html.
"""

import msgspec
from msgspec import Struct

from ultra.providers.protocols.reading import decode_models
from ultra.providers.wire import LiveModel


class _Model(Struct, frozen=True, rename="camel"):
    model_id: str
    output_modalities: list[str] | None = None

    @property
    def writes(self) -> bool:
        return self.output_modalities is None or "TEXT" in self.output_modalities


class _Models(Struct, frozen=True, rename="camel"):
    model_summaries: list[_Model]


_DECODER = msgspec.json.Decoder(_Models)


def read_models(body: bytes) -> list[LiveModel]:
    """The list. Raises `CallError` when the body is not one."""
    rows = decode_models(_DECODER, body).model_summaries
    return [LiveModel(row.model_id) for row in rows if row.writes]

"""Google's Gemini API. Source: ai.google.dev/api/generate-content."""

from collections.abc import Mapping

from ultra.core.errors import CallError
from ultra.core.model import Endpoint
from ultra.core.request import CallRequest
from ultra.providers.classify import call_error
from ultra.providers.protocols.gemini.listing import read_models
from ultra.providers.protocols.gemini.outgoing import generate_request
from ultra.providers.protocols.gemini.reader import GeminiReader
from ultra.providers.protocols.reading import BodyDecoder
from ultra.providers.wire import Decoder, LiveModel, WireRequest


class Gemini:
    """Fills `wire.WireProtocol`."""

    name = "gemini"

    def request(self, request: CallRequest) -> WireRequest:
        """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
        return generate_request(request)

    def decoder(self, request: CallRequest, *, streamed: bool) -> Decoder:
        """A fresh decoder for one answer."""
        return BodyDecoder(GeminiReader(), streamed=streamed)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """Why an answer of status 400 and above failed."""
        return call_error(status, headers, body)

    def models_request(self, endpoint: Endpoint, cursor: str | None = None) -> WireRequest:
        """The request that lists the models, a thousand at a time."""
        query = {"pageSize": "1000", **({"pageToken": cursor} if cursor else {})}
        return WireRequest("GET", endpoint.quirks.models_path, query=query)

    def models(self, body: bytes) -> tuple[list[LiveModel], str | None]:
        """One page of the list. Raises `CallError` when the body is not one."""
        return read_models(body)


PROTOCOL = Gemini()

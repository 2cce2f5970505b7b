"""Cohere's Chat API, version 2. Source: docs.cohere.com/v2/reference/chat."""

from collections.abc import Mapping

from ultra.core.errors import CallError
from ultra.core.model import Endpoint
from ultra.core.request import CallRequest
from ultra.providers.classify import call_error
from ultra.providers.protocols.cohere_v2.listing import read_models
from ultra.providers.protocols.cohere_v2.outgoing import chat_request
from ultra.providers.protocols.cohere_v2.reader import CohereReader, error_id
from ultra.providers.protocols.reading import BodyDecoder
from ultra.providers.wire import Decoder, LiveModel, WireRequest


class CohereV2:
    """Fills `wire.WireProtocol`."""

    name = "cohere-v2"

    def request(self, request: CallRequest) -> WireRequest:
        """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
        return chat_request(request)

    def decoder(self, request: CallRequest, *, streamed: bool) -> Decoder:
        """A fresh decoder for one answer."""
        return BodyDecoder(CohereReader(), streamed=streamed)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """Why an answer of status 400 and above failed; the id to quote stands in its body."""
        error = call_error(status, headers, body)
        error.request_id = error.request_id or error_id(body)
        return error

    def models_request(self, endpoint: Endpoint, cursor: str | None = None) -> WireRequest:
        """The request that lists the models that can chat, a thousand at a time."""
        path = endpoint.quirks.models_path
        page = {"page_token": cursor} if cursor else {}
        query = {"page_size": "1000", "endpoint": "chat", **page}
        return WireRequest("GET", "/v1/models" if path == "/models" else path, query=query)

    def models(self, body: bytes) -> tuple[list[LiveModel], str | None]:
        """One page of the list. Raises `CallError` when the body is not one."""
        return read_models(body)


PROTOCOL = CohereV2()

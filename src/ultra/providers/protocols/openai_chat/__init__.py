"""Chat Completions, as OpenAI defines it and most vendors and local servers speak it.

Source: platform.openai.com/docs/api-reference/chat; departures of vendors stand in `Quirks`.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from ultra.core.errors import CallError
from ultra.core.model import Endpoint
from ultra.core.request import CallRequest
from ultra.providers.classify import call_error
from ultra.providers.protocols.openai_chat.listing import page_query, read_models
from ultra.providers.protocols.openai_chat.outgoing import chat_request
from ultra.providers.protocols.openai_chat.reader import ChatReader
from ultra.providers.protocols.reading import BodyDecoder, Reader
from ultra.providers.wire import Decoder, LiveModel, WireRequest


class OpenAI(Struct, frozen=True):
    """Fills `wire.WireProtocol` for one of OpenAI's: they differ in what is sent and how it reads.

    `outgoing` raises `CallError` for what cannot be said so; `reader` makes one for each answer.
    """

    name: str
    outgoing: Callable[[CallRequest], WireRequest]
    reader: Callable[[], Reader]

    def request(self, request: CallRequest) -> WireRequest:
        """The call as a POST. Raises `CallError` for what this API has no words for."""
        return self.outgoing(request)

    def decoder(self, request: CallRequest, *, streamed: bool) -> Decoder:
        """A fresh decoder for one answer."""
        return BodyDecoder(self.reader(), streamed=streamed)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """Why an answer of status 400 and above failed."""
        return call_error(status, headers, body)

    def models_request(self, endpoint: Endpoint, cursor: str | None = None) -> WireRequest:
        """The request that lists the models; `cursor` is the query of a later page."""
        return WireRequest("GET", endpoint.quirks.models_path, query=page_query(cursor))

    def models(self, body: bytes) -> tuple[list[LiveModel], str | None]:
        """One page of the list. Raises `CallError` when the body is not one."""
        return read_models(body)


PROTOCOL = OpenAI("openai-chat", chat_request, ChatReader)

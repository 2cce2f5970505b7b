"""Anthropic's Messages API. Source: docs.claude.com/en/api/messages."""

from collections.abc import Mapping

from ultra.core.errors import CallError
from ultra.core.model import Endpoint
from ultra.core.request import CallRequest
from ultra.providers.classify import call_error
from ultra.providers.protocols.anthropic_messages.listing import read_models
from ultra.providers.protocols.anthropic_messages.outgoing import VERSION_HEADERS, messages_request
from ultra.providers.protocols.anthropic_messages.reader import MessagesReader
from ultra.providers.protocols.reading import BodyDecoder
from ultra.providers.wire import Decoder, LiveModel, WireRequest


class AnthropicMessages:
    """Fills `wire.WireProtocol`."""

    name = "anthropic-messages"

    def request(self, request: CallRequest) -> WireRequest:
        """The call as a POST. Raises `CallError` for an attachment that cannot be sent."""
        return messages_request(request)

    def decoder(self, request: CallRequest, *, streamed: bool) -> Decoder:
        """A fresh decoder for one answer."""
        return BodyDecoder(MessagesReader(), streamed=streamed)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """Why an answer of status 400 and above failed."""
        return call_error(status, headers, body)

    def models_request(self, endpoint: Endpoint, cursor: str | None = None) -> WireRequest:
        """The request that lists the models, a thousand at a time."""
        query = {"limit": "1000", **({"after_id": cursor} if cursor else {})}
        return WireRequest("GET", endpoint.quirks.models_path, b"", dict(VERSION_HEADERS), query)

    def models(self, body: bytes) -> tuple[list[LiveModel], str | None]:
        """One page of the list. Raises `CallError` when the body is not one."""
        return read_models(body)


PROTOCOL = AnthropicMessages()

"""Converse of Amazon Bedrock, one API for the models of all its vendors.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and
API_runtime_ConverseStream.html. Streams are binary and read by botocore, which signs as well.
"""

from collections.abc import Mapping

from ultra.core.errors import CallError
from ultra.core.model import Endpoint
from ultra.core.request import CallRequest
from ultra.providers.protocols.bedrock_converse.failures import refusal
from ultra.providers.protocols.bedrock_converse.framing import ConverseDecoder, need_botocore
from ultra.providers.protocols.bedrock_converse.listing import read_models
from ultra.providers.protocols.bedrock_converse.outgoing import converse_request
from ultra.providers.wire import Decoder, LiveModel, WireRequest


class BedrockConverse:
    """Fills `wire.WireProtocol`."""

    name = "bedrock-converse"

    def request(self, request: CallRequest) -> WireRequest:
        """The call as a POST. Raises `CallError` for an attachment that cannot be sent.

        Raises `ConfigError` without botocore: an answer that cannot be read is not paid for.
        """
        need_botocore()
        return converse_request(request)

    def decoder(self, request: CallRequest, *, streamed: bool) -> Decoder:
        """A fresh decoder for one answer."""
        return ConverseDecoder()

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> CallError:
        """Why an answer of status 400 and above failed."""
        return refusal(status, headers, body)

    def models_request(self, endpoint: Endpoint, cursor: str | None = None) -> WireRequest:
        """The request that lists the models, in one page."""
        path = endpoint.quirks.models_path
        return WireRequest("GET", "/foundation-models" if path == "/models" else path)

    def models(self, body: bytes) -> tuple[list[LiveModel], str | None]:
        """The list. Raises `CallError` when the body is not one."""
        return read_models(body), None


PROTOCOL = BedrockConverse()

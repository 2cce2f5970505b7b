"""The Responses API, as OpenAI defines it and Azure, xAI, OpenRouter and DeepSeek speak it too.

Source: platform.openai.com/docs/api-reference/responses.
"""

from ultra.providers.protocols.openai_chat import OpenAI
from ultra.providers.protocols.openai_responses.outgoing import responses_request
from ultra.providers.protocols.openai_responses.reader import ResponsesReader

PROTOCOL = OpenAI("openai-responses", responses_request, ResponsesReader)

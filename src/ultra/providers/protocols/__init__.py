"""The wire protocols by name; each is imported when it is first spoken."""

import importlib

from ultra.core.errors import ConfigError
from ultra.core.text import did_you_mean
from ultra.providers.wire import WireProtocol

PROTOCOLS: dict[str, str] = {
    "openai-chat": "openai_chat",
    "anthropic-messages": "anthropic_messages",
    "gemini": "gemini",
    "ollama": "ollama",
    "openai-responses": "openai_responses",
    "cohere-v2": "cohere_v2",
    "bedrock-converse": "bedrock_converse",
}
"""Name to module of this package; a module offers its protocol as `PROTOCOL`."""


def load(name: str) -> WireProtocol:
    """The protocol of that name. Raises `ConfigError` when there is none."""
    module = PROTOCOLS.get(name)
    if module is None:
        raise ConfigError(
            f"there is no protocol `{name}`",
            hint=did_you_mean(name, PROTOCOLS) or f"one of {', '.join(PROTOCOLS)}",
        )
    protocol: WireProtocol = importlib.import_module(f"{__name__}.{module}").PROTOCOL
    return protocol

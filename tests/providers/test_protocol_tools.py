"""Tools in the words of every protocol."""

from typing import Any

import msgspec
import pytest

from tests.support.protocols import a_request, sent

PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "weather", "description": "now", "parameters": PARAMETERS, "strict": True}
BARE = {"name": "now"}
NOTHING = {"type": "object", "properties": {}}
KNOWN = {"name": "weather", "description": "now", "parameters": PARAMETERS}


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        (
            "openai-chat",
            [{"type": "function", "function": WEATHER}, {"type": "function", "function": BARE}],
        ),
        (
            "openai-responses",
            [
                {"type": "function", **WEATHER},
                {"type": "function", "name": "now", "strict": False, "parameters": NOTHING},
            ],
        ),
        (
            "anthropic-messages",
            [
                {
                    "name": "weather",
                    "description": "now",
                    "input_schema": PARAMETERS,
                    "strict": True,
                },
                {"name": "now", "input_schema": NOTHING},
            ],
        ),
        (
            "gemini",
            [
                {
                    "functionDeclarations": [
                        {
                            "name": "weather",
                            "description": "now",
                            "parametersJsonSchema": PARAMETERS,
                        },
                        {"name": "now"},
                    ]
                }
            ],
        ),
        (
            "ollama",
            [
                {"type": "function", "function": KNOWN},
                {"type": "function", "function": {"name": "now", "parameters": NOTHING}},
            ],
        ),
        (
            "cohere-v2",
            [
                {"type": "function", "function": KNOWN},
                {"type": "function", "function": {"name": "now", "parameters": NOTHING}},
            ],
        ),
    ],
)
def test_tools_go_along_in_the_words_of_the_protocol(protocol: str, expected: Any) -> None:
    """Name, description and parameters arrive, and a call without tools names none."""
    request = a_request(protocol)

    assert sent(msgspec.structs.replace(request, tools=(WEATHER, BARE)))["tools"] == expected
    assert "tools" not in sent(request)


def test_cohere_is_strict_when_every_tool_is() -> None:
    """It has one switch for all."""
    request = a_request("cohere-v2")

    assert sent(msgspec.structs.replace(request, tools=(WEATHER,)))["strict_tools"] is True
    assert "strict_tools" not in sent(msgspec.structs.replace(request, tools=(WEATHER, BARE)))

"""What providers tell of their models beside the ids, each in words of its own."""

import json

import pytest

from tests.support.protocols import a_request
from ultra.providers.protocols import load
from ultra.providers.wire import LiveModel


def listed(protocol: str, page: object) -> list[LiveModel]:
    return load(protocol).models(json.dumps(page).encode())[0]


OPENROUTER = {
    "id": "a/b",
    "created": 1747930371,
    "context_length": 200_000,
    "architecture": {"input_modalities": ["image", "text", "file", "video"]},
    "top_provider": {"context_length": 200_000, "max_completion_tokens": 64_000},
    "supported_parameters": ["max_tokens", "reasoning", "structured_outputs", "tools"],
}
MISTRAL = {
    "id": "pixtral-12b",
    "max_context_length": 131_072,
    "capabilities": {
        "completion_chat": True,
        "function_calling": True,
        "vision": True,
        "fine_tuning": False,
        "audio": False,
    },
}
VERCEL = {
    "id": "a/b",
    "context_window": 400_000,
    "max_tokens": 128_000,
    "tags": ["file-input", "tool-use", "vision"],
}
GROQ = {"id": "x", "context_window": 131_072, "max_completion_tokens": 32_768}


@pytest.mark.parametrize(
    ("row", "window", "cap", "can"),
    [
        (
            OPENROUTER,
            200_000,
            64_000,
            ("vision", "files", "tools", "json_schema", "reasoning"),
        ),
        (MISTRAL, 131_072, None, ("vision", "tools", "json_schema")),
        (VERCEL, 400_000, 128_000, ("vision", "files", "tools")),
        (GROQ, 131_072, 32_768, None),
        ({"id": "x", "context_size": 9, "max_output_tokens": 5}, 9, 5, None),
        ({"id": "x", "capabilities": {"chat": True}, "tags": None}, None, None, None),
        ({"id": "x", "architecture": {"modality": "text"}}, None, None, None),
        ({"id": "x", "context_length": 0, "top_provider": {}}, None, None, None),
    ],
    ids=["openrouter", "mistral", "vercel", "groq", "novita", "other", "unsaid", "nothing"],
)
def test_servers_that_speak_alike_tell_in_words_of_their_own(
    row: dict[str, object], window: int | None, cap: int | None, can: tuple[str, ...] | None
) -> None:
    """Window, output cap and capabilities; what a list does not say is None, never no."""
    (model,) = listed("openai-chat", {"data": [row]})

    assert (model.context_window, model.max_output_tokens, model.capabilities) == (window, cap, can)


def test_a_mistral_model_that_does_not_chat_takes_no_schema() -> None:
    """What is told is told: nothing is in it."""
    row = {"id": "ocr", "capabilities": {"completion_chat": False}}

    assert listed("openai-chat", {"data": [row]})[0].capabilities == ()


@pytest.mark.parametrize("protocol", ["openai-chat", "openai-responses"])
def test_a_list_of_openrouter_goes_on_where_its_link_says(protocol: str) -> None:
    """Only the query of the link is followed: a list cannot send the key elsewhere."""
    page = {"data": [], "links": {"next": "https://evil.example/api/v1/models?offset=500&limit=5"}}

    place = a_request(protocol).target.endpoint

    cursor = load(protocol).models(json.dumps(page).encode())[1]
    request = load(protocol).models_request(place, cursor)

    assert (request.path, request.query) == ("/models", {"offset": "500", "limit": "5"})
    assert load(protocol).models_request(place).query == {}


@pytest.mark.parametrize("link", [None, "", "/models", "http://[bad"])
def test_a_link_that_leads_nowhere_ends_the_list(link: str | None) -> None:
    """As no link does."""
    page = {"data": [], "links": {"next": link}}

    assert load("openai-chat").models(json.dumps(page).encode())[1] is None


def test_anthropic_tells_its_capabilities_one_by_one() -> None:
    """Tools are not among them, as every Claude takes them."""
    support = {"image_input": True, "pdf_input": True, "structured_outputs": False, "batch": True}
    rows = [
        {
            "id": "claude-x",
            "max_input_tokens": 1_000_000,
            "max_tokens": 128_000,
            "capabilities": {name: {"supported": said} for name, said in support.items()},
        },
        {"id": "claude-y"},
    ]

    told, silent = listed("anthropic-messages", {"data": rows})

    assert (told.context_window, told.max_output_tokens) == (1_000_000, 128_000)
    assert told.capabilities == ("tools", "vision", "files")
    assert (silent.max_output_tokens, silent.capabilities) == (None, None)


def test_gemini_tells_what_goes_in_and_what_comes_out() -> None:
    """What it can take besides text is not in its list."""
    row = {"name": "models/gemini-x", "inputTokenLimit": 1_048_576, "outputTokenLimit": 65_536}

    (model,) = listed("gemini", {"models": [row]})

    assert (model.context_window, model.max_output_tokens) == (1_048_576, 65_536)
    assert model.capabilities is None


def test_cohere_tells_features() -> None:
    """Those that have a name here."""
    row = {"name": "command-x", "features": ["json_mode", "json_schema", "tools", "vision"]}

    told, silent = listed("cohere-v2", {"models": [row, {"name": "command-y"}]})

    assert told.capabilities == ("vision", "tools", "json_schema")
    assert silent.capabilities is None

"""What an answer of every family costs, from its bytes to nano-dollars, computed by hand.

Beside each stands the sum: tokens of a kind times dollars per million, which is micro-dollars. What
a family counts inside of what else is the whole difficulty.
"""

import json

import pytest
from msgspec import Struct

from tests.support.protocols import folded, read
from ultra.core.cost import Price, Rate, Tier, cost_nano


class Invoice(Struct, frozen=True):
    """The usage as a provider reports it, and the micro-dollars that its price makes of it."""

    protocol: str
    usage: dict[str, object]
    price: Price
    micro: float


def dollars(value: float) -> Rate:
    """So many dollars per million tokens."""
    return Rate(round(value * 1e9))


OPUS = Price(
    dollars(5), dollars(25), cache_read=dollars(0.5), cache_write=dollars(6.25),
    cache_write_1h=dollars(10),
)  # fmt: skip
SPEECH = Price(
    dollars(2.5), dollars(10), cache_read=dollars(1.25), audio_input=dollars(40),
    audio_output=dollars(80),
)  # fmt: skip
FLASH = Price(dollars(0.3), dollars(2.5), cache_read=dollars(0.03), audio_input=dollars(1))
PRO = Price(
    Rate(1_250_000_000, (Tier(200_000, 2_500_000_000),)),
    Rate(10_000_000_000, (Tier(200_000, 15_000_000_000),)),
    cache_read=Rate(125_000_000, (Tier(200_000, 250_000_000),)),
)
GROK = Price(dollars(3), dollars(15), cache_read=dollars(0.75))

INVOICES = {
    "anthropic, cache read and written for five minutes and for an hour": Invoice(
        "anthropic-messages",
        {
            "input_tokens": 100,
            "cache_read_input_tokens": 2000,
            "cache_creation_input_tokens": 700,
            "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 400},
            "output_tokens": 50,
        },
        OPUS,
        100 * 5 + 2000 * 0.5 + 300 * 6.25 + 400 * 10 + 50 * 25,
    ),
    "anthropic, thinking is part of the output": Invoice(
        "anthropic-messages",
        {
            "input_tokens": 10,
            "output_tokens": 900,
            "output_tokens_details": {"thinking_tokens": 850},
        },
        OPUS,
        10 * 5 + 900 * 25,
    ),
    "openai, cached tokens are part of the prompt": Invoice(
        "openai-chat",
        {
            "prompt_tokens": 1500,
            "completion_tokens": 300,
            "prompt_tokens_details": {"cached_tokens": 1024},
            "completion_tokens_details": {"reasoning_tokens": 256},
        },
        SPEECH,
        476 * 2.5 + 1024 * 1.25 + 300 * 10,
    ),
    "openai, sound in and out": Invoice(
        "openai-chat",
        {
            "prompt_tokens": 120,
            "completion_tokens": 80,
            "prompt_tokens_details": {"audio_tokens": 100},
            "completion_tokens_details": {"audio_tokens": 60},
        },
        SPEECH,
        20 * 2.5 + 100 * 40 + 20 * 10 + 60 * 80,
    ),
    "xai, reasoning stands beside the completion": Invoice(
        "openai-chat",
        {
            "prompt_tokens": 1000,
            "completion_tokens": 10,
            "total_tokens": 1210,
            "prompt_tokens_details": {"cached_tokens": 600, "text_tokens": 1000},
            "completion_tokens_details": {"reasoning_tokens": 200},
        },
        GROK,
        400 * 3 + 600 * 0.75 + 210 * 15,
    ),
    "gemini, cached tokens are part of the prompt, thoughts beside the answer": Invoice(
        "gemini",
        {
            "promptTokenCount": 50_000,
            "cachedContentTokenCount": 48_000,
            "candidatesTokenCount": 100,
            "thoughtsTokenCount": 400,
        },
        FLASH,
        2000 * 0.3 + 48_000 * 0.03 + 500 * 2.5,
    ),
    "gemini, a prompt above 200,000 tokens makes every kind dearer": Invoice(
        "gemini",
        {
            "promptTokenCount": 200_001,
            "cachedContentTokenCount": 100_000,
            "candidatesTokenCount": 1000,
        },
        PRO,
        100_001 * 2.5 + 100_000 * 0.25 + 1000 * 15,
    ),
    "gemini, a prompt of 200,000 tokens does not": Invoice(
        "gemini",
        {
            "promptTokenCount": 200_000,
            "cachedContentTokenCount": 100_000,
            "candidatesTokenCount": 1000,
        },
        PRO,
        100_000 * 1.25 + 100_000 * 0.125 + 1000 * 10,
    ),
    "bedrock, the cache stands beside the input": Invoice(
        "bedrock-converse",
        {
            "inputTokens": 40,
            "outputTokens": 20,
            "cacheReadInputTokens": 1000,
            "cacheWriteInputTokens": 500,
        },
        OPUS,
        40 * 5 + 1000 * 0.5 + 500 * 6.25 + 20 * 25,
    ),
    "responses, cached and reasoning tokens are parts": Invoice(
        "openai-responses",
        {
            "input_tokens": 2000,
            "input_tokens_details": {"cached_tokens": 1500},
            "output_tokens": 700,
            "output_tokens_details": {"reasoning_tokens": 600},
        },
        SPEECH,
        500 * 2.5 + 1500 * 1.25 + 700 * 10,
    ),
}


def answer(protocol: str, usage: dict[str, object]) -> dict[str, object]:
    """A whole answer of one word that reports this usage."""
    said = [{"type": "text", "text": "a"}]
    match protocol:
        case "anthropic-messages":
            return {"type": "message", "content": said, "stop_reason": "end_turn", "usage": usage}
        case "gemini":
            candidate = {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}
            return {"candidates": [candidate], "usageMetadata": usage}
        case "bedrock-converse":
            message = {"role": "assistant", "content": [{"text": "a"}]}
            return {"output": {"message": message}, "stopReason": "end_turn", "usage": usage}
        case "openai-responses":
            words = {"type": "message", "content": [{"type": "output_text", "text": "a"}]}
            return {"status": "completed", "output": [words], "usage": usage}
        case _:
            message = {"role": "assistant", "content": "a"}
            return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}


@pytest.mark.parametrize("invoice", INVOICES.values(), ids=INVOICES)
def test_an_invoice_is_that_of_the_hand_that_computed_it(invoice: Invoice) -> None:
    """To the nano-dollar."""
    body = json.dumps(answer(invoice.protocol, invoice.usage)).encode()

    heard = folded(read(invoice.protocol, body, streamed=False))

    assert cost_nano(heard.usage, invoice.price) == round(invoice.micro * 1000)

"""A prefix that comes again is marked where a provider keeps it only for a mark, and only there."""

import json

import pytest

from tests.support.protocols import a_request, sent
from ultra.core.request import Media, Message, Text, said
from ultra.providers.protocols import PROTOCOLS

LONG = "word " * 1000
MARKED = Message("user", (Text(LONG, cache=True),))
TURNS = (said("system", "be brief"), said("user", "one"), said("assistant", "two"), MARKED)
CLAUDE = "anthropic.claude-opus-4-6-v1:0"


def test_anthropic_gets_a_breakpoint_at_the_marked_words() -> None:
    """The words before it stay plain: one mark keeps all that stands above it."""
    body = sent(a_request("anthropic-messages", *TURNS))

    assert body["messages"][:2] == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
    ]
    assert body["messages"][2]["content"] == [
        {"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}
    ]
    assert json.dumps(body).count("cache_control") == 1


def test_anthropic_refuses_a_mark_on_blank_words() -> None:
    """So none is sent."""
    blank = Message("user", (Media("image/png", b"x"), Text(" ", cache=True)))

    assert "cache_control" not in json.dumps(sent(a_request("anthropic-messages", blank)))


def test_marked_instructions_keep_their_mark_at_anthropic() -> None:
    """The system prompt is the prefix that comes again most often."""
    told = Message("system", (Text(LONG, cache=True),))

    body = sent(a_request("anthropic-messages", told, said("user", "one")))

    assert body["system"] == [
        {"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}
    ]


@pytest.mark.parametrize("model", [CLAUDE, "us.amazon.nova-pro-v1:0"])
def test_marked_instructions_keep_their_mark_at_bedrock(model: str) -> None:
    """As a block of its own after the words, as in turns."""
    told = Message("system", (Text(LONG, cache=True),))

    body = sent(a_request("bedrock-converse", told, said("user", "one"), model=model))

    assert body["system"] == [{"text": LONG}, {"cachePoint": {"type": "default"}}]


@pytest.mark.parametrize("model", [CLAUDE, "us.amazon.nova-pro-v1:0"])
def test_bedrock_gets_a_cache_point_after_the_marked_turn(model: str) -> None:
    """For the models that keep one."""
    body = sent(a_request("bedrock-converse", *TURNS, model=model))

    assert body["messages"][-1]["content"] == [
        {"text": LONG},
        {"cachePoint": {"type": "default"}},
    ]


def test_other_models_of_bedrock_get_no_mark() -> None:
    """They refuse a request that has one."""
    body = sent(a_request("bedrock-converse", *TURNS, model="meta.llama3-3-70b-instruct-v1:0"))

    assert "cachePoint" not in json.dumps(body)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_without_a_mark_nothing_of_the_kind_is_sent(name: str) -> None:
    """Writing to a cache that nobody reads costs a quarter more."""
    told = json.dumps(sent(a_request(name, said("user", LONG), model=CLAUDE)))

    assert "cache" not in told


@pytest.mark.parametrize(
    "name", sorted(set(PROTOCOLS) - {"anthropic-messages", "bedrock-converse"})
)
def test_a_provider_that_keeps_prefixes_by_itself_gets_the_same_bytes(name: str) -> None:
    """OpenAI, Gemini and the rest look at the prefix alone: a mark must not change it."""
    marked = sent(a_request(name, *TURNS))

    assert marked == sent(a_request(name, *TURNS[:-1], said("user", LONG)))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_next_turn_begins_with_the_bytes_of_this_one(name: str) -> None:
    """Without its marks: whatever stands first in a body is what a provider can find again."""

    def turns(*messages: Message) -> str:
        body = sent(a_request(name, *messages, model=CLAUDE))
        return json.dumps(body.get("messages") or body.get("contents") or body["input"])

    plain = (*TURNS[:-1], said("user", LONG))
    now = turns(*plain)
    after = turns(*plain, said("assistant", "three"), said("user", "four"))

    assert after.startswith(now.rstrip("]"))

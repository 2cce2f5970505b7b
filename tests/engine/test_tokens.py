"""Tokens that nobody counted: by the model's own vocabulary where it is at hand, else by bytes."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.support.fakes import target
from ultra.core.request import CallRequest, Media, Message, Text, said
from ultra.engine.tokens import FAMILIES, input_tokens, output_tokens

WORDS = "The quick brown fox jumps over the lazy dog. " * 20
COUNTED = 201
"""What OpenAI's o200k counts of `WORDS`."""

installed = pytest.mark.skipif(find_spec("splintr") is None, reason="`ultra-llm[tokens]` is absent")


def request(model: str, *messages: Message) -> CallRequest:
    return CallRequest(target(model=model), messages or (said("user", WORDS),))


@installed
@pytest.mark.parametrize(
    "model", ["gpt-5-mini", "openai/gpt-4o", "o3-mini", "GPT-4.1", "gpt-oss-20b"]
)
def test_a_known_model_is_counted_by_its_own_vocabulary(model: str) -> None:
    """Whatever stands before its name."""
    assert output_tokens(request(model), WORDS) == COUNTED
    assert input_tokens(request(model)) == COUNTED + 4


@installed
@pytest.mark.parametrize(
    "model",
    [
        *("deepseek-chat", "llama-3.3-70b", "qwen3-coder", "kimi-k2", "glm-4.6"),
        *("gemini-2.5-pro", "mistral-large-latest", "gpt-4-turbo"),
    ],
)
def test_every_family_has_a_vocabulary_that_loads(model: str) -> None:
    """And counts within a tenth of the others for plain English."""
    assert abs(output_tokens(request(model), WORDS) - COUNTED) < COUNTED / 10


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "command-a", "some-new-model", "photo1"])
def test_a_model_without_a_known_vocabulary_is_judged_by_its_bytes(model: str) -> None:
    """Three bytes a token: an estimate from above."""
    assert output_tokens(request(model), WORDS) == len(WORDS) // 3
    assert input_tokens(request(model)) == 8 + len(WORDS) // 3


@installed
def test_attachments_and_tools_keep_their_bound() -> None:
    """Only words are counted by the vocabulary."""
    seen = Message("user", (Media("image/png", b"x"), Text(WORDS)))

    assert input_tokens(request("gpt-5", seen)) == 2000 + COUNTED + 4


@installed
def test_half_a_character_and_nothing_at_all_are_counted() -> None:
    """A lone surrogate is no reason to fail."""
    assert output_tokens(request("gpt-5"), "caf\ud83d") >= 2
    assert output_tokens(request("gpt-5"), "") == 0


@installed
def test_a_long_text_is_counted_by_its_beginning() -> None:
    """An answer of megabytes holds nobody up at Ctrl-C."""
    text = WORDS * 2_000

    assert abs(output_tokens(request("gpt-5"), text) / (COUNTED * 2_000) - 1) < 0.05


def test_without_the_extra_everything_is_judged_by_its_bytes() -> None:
    """In a process that cannot import it."""
    code = (
        "import sys; sys.modules['splintr'] = None\n"
        "from tests.support.fakes import target\n"
        "from ultra.core.request import CallRequest, said\n"
        "from ultra.engine.tokens import output_tokens\n"
        "request = CallRequest(target(model='gpt-5'), (said('user', 'x'),))\n"
        "print(output_tokens(request, 'x' * 300))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert ended.stdout == "100\n"


def test_no_family_is_hidden_behind_another() -> None:
    """The first pattern that is found holds, so none may stand twice."""
    assert len({pattern for pattern, _ in FAMILIES}) == len(FAMILIES)

"""What is asked, before any protocol puts it on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.request import (
    CallRequest,
    Media,
    Message,
    Prompt,
    Sampling,
    Text,
    fits_option,
    input_tokens_bound,
    output_tokens_seen,
    said,
    settled,
)

PICTURE = Media("image/png", data=b"png")


def test_words_and_attachments_of_a_turn_are_told_apart() -> None:
    """Each keeps its order."""
    turn = Message("user", (Text("look "), PICTURE, Text("here")))

    assert turn.text == "look here"
    assert turn.media == (PICTURE,)


def test_the_question_is_the_last_thing_the_user_said() -> None:
    """Answers and system prompts are not questions; nobody asking gives an empty one."""
    turns = (said("system", "s"), said("user", "one"), said("assistant", "a"), said("user", "two"))

    assert Prompt(turns).question == "two"
    assert Prompt((*turns, said("assistant", "b"))).question == "two"
    assert Prompt(turns[:1]).question == ""


def test_an_attachment_counts_as_two_thousand_tokens() -> None:
    """An upper estimate must cover what has no words."""
    with_picture = (Message("user", (Text("look"), PICTURE)),)

    assert input_tokens_bound(with_picture) == input_tokens_bound((said("user", "look"),)) + 2000


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=20))
def test_estimates_grow_with_the_text(text: str, more: str) -> None:
    """More text is never estimated lower, and no text but the empty one is free."""
    assert output_tokens_seen(text + more) >= output_tokens_seen(text)
    assert input_tokens_bound((said("user", text + more),)) >= input_tokens_bound(
        (said("user", text),)
    )
    assert (output_tokens_seen(text) == 0) == (text == "")


def a_target(**changes: object) -> Target:
    endpoint = Endpoint("lab", "openai-chat", "http://lab", KeyRef("none"), options={"seed": 1})
    return replace(Target("m", "m", endpoint), **changes)


def test_a_profile_speaks_where_a_call_is_silent() -> None:
    """The call's own word wins over its model's, and that over its provider's."""
    target = a_target(options={"temperature": 0.2, "stop": "END", "top_k": 5, "seed": 2})
    sampling = Sampling(temperature=0.9, extra={"mirostat": 1})

    asked = settled(CallRequest(target, (said("user", "hi"),), sampling=sampling)).sampling

    assert (asked.temperature, asked.seed, asked.stop) == (0.9, 2, ("END",))
    assert asked.extra == {"mirostat": 1, "top_k": 5}


def test_a_cap_of_the_profile_is_sent_unless_the_call_has_one() -> None:
    """What the model can is no cap; what the profile lets it is one."""
    message = (said("user", "hi"),)
    capped, able = a_target(output_cap=80), a_target(max_output_tokens=80)

    assert settled(CallRequest(capped, message)).sampling.max_output_tokens == 80
    assert settled(CallRequest(able, message)).sampling.max_output_tokens is None
    own = Sampling(max_output_tokens=9)
    assert settled(CallRequest(capped, message, sampling=own)).sampling.max_output_tokens == 9


def test_the_dials_of_a_simulation_are_not_sampling() -> None:
    """They stay where the provider reads them."""
    endpoint = Endpoint("sim", "simulated", "", KeyRef("none"), options={"seed": 7})
    request = CallRequest(Target("m", "m", endpoint), (said("user", "hi"),))

    assert settled(request) is request


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("temperature", 1, True),
        ("temperature", "hot", False),
        ("temperature", True, False),
        ("seed", 1.5, False),
        ("stop", ["a"], True),
        ("anything", object(), True),
    ],
)
def test_an_option_takes_its_own_kind(name: str, value: object, fits: bool) -> None:
    """What ultra does not know it does not judge."""
    assert fits_option(name, value) is fits

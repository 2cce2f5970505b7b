"""The key of an answer: whatever can change the answer changes it, and nothing else does."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.fakes import PRICE
from ultra.core.model import Endpoint, KeyRef, Quirks, Target, Timers
from ultra.core.request import CallRequest, Media, Message, Sampling, Text, settled
from ultra.engine.cache_key import ENDPOINT_APART, REQUEST_APART, TARGET_APART, cache_key

Change = Callable[[CallRequest], CallRequest]

ENDPOINT = Endpoint("lab", "openai-chat", "http://127.0.0.1:8000/v1", KeyRef("env", "LAB_KEY"))
TARGET = Target("fast", "m-1", ENDPOINT, price=PRICE)
PICTURE = Media("image/png", b"\x89PNG", name="a.png")
ASKED = CallRequest(
    TARGET,
    (
        Message("system", (Text("be brief"),)),
        Message("user", (Text("what is this?"), PICTURE)),
    ),
)


def _request(**fields: Any) -> Change:
    return lambda request: replace(request, **fields)


def _target(**fields: Any) -> Change:
    return lambda request: replace(request, target=replace(request.target, **fields))


def _endpoint(**fields: Any) -> Change:
    return lambda request: _target(endpoint=replace(request.target.endpoint, **fields))(request)


def _sampling(**fields: Any) -> Change:
    return lambda request: replace(request, sampling=replace(request.sampling, **fields))


def _parts(*parts: Any, role: Any = "user") -> Change:
    return lambda request: replace(request, messages=(Message(role, parts),))


TELLING: dict[str, Change] = {
    "protocol": _endpoint(protocol="openai-responses"),
    "provider": _endpoint(provider="other"),
    "base_url": _endpoint(base_url="http://127.0.0.1:8001/v1"),
    "login in base_url": _endpoint(base_url="http://me:pass@127.0.0.1:8000/v1"),
    "headers": _endpoint(headers={"x-beta": "1"}),
    **{
        f"quirk {name}": _endpoint(quirks=replace(Quirks(), **{name: value}))
        for name, value in {
            "max_tokens_field": "max_completion_tokens",
            "stream_usage": False,
            "query": {"api-version": "2"},
            "schema": "none",
            "seed": False,
            "seed_field": "random_seed",
            "images": False,
            "audio": False,
            "files": "none",
            "path": "/v2",
            "models_path": "/list",
            "system_role": "developer",
        }.items()
    },
    "model": _target(model="m-2"),
    "context_window": _target(context_window=8_000),
    "max_output_tokens of the model": _target(max_output_tokens=900),
    "capabilities": _target(capabilities=("reasoning",)),
    "options of the model": _target(options={"temperature": 0.4}),
    "options of the provider": _endpoint(options={"top_k": 4}),
    "output_cap": _target(output_cap=64),
    **{
        f"sampling {name}": _sampling(**{name: value})
        for name, value in {
            "temperature": 0.0,
            "top_p": 0.5,
            "max_output_tokens": 10,
            "stop": ("END",),
            "seed": 0,
            "reasoning_effort": "low",
            "extra": {"top_k": 1},
            "user_id": "u",
            "metadata": {"a": "b"},
            "service_tier": "flex",
        }.items()
    },
    "json_schema": _request(json_schema={"type": "object"}),
    "order of the schema": _request(json_schema={"properties": {"b": {}, "a": {}}}),
    "other order of the schema": _request(json_schema={"properties": {"a": {}, "b": {}}}),
    "sample": _request(sample=1),
    "tools": _request(tools=({"name": "f"},)),
    "words": _parts(Text("what is that?"), PICTURE),
    "role": _parts(Text("what is this?"), PICTURE, role="assistant"),
    "no system prompt": _parts(Text("what is this?"), PICTURE),
    "order of parts": _parts(PICTURE, Text("what is this?")),
    "parts cut elsewhere": _parts(Text("what is"), Text(" this?"), PICTURE),
    "media type": _parts(Text("what is this?"), replace(PICTURE, media_type="image/gif")),
    "bytes": _parts(Text("what is this?"), replace(PICTURE, data=b"\x89PNH")),
    "name of the file": _parts(Text("what is this?"), replace(PICTURE, name="b.png")),
    "url": _parts(Text("what is this?"), Media("image/png", url="http://127.0.0.1/a.png")),
}

SILENT: dict[str, Change] = {
    "stream": _request(stream=False),
    "name": _target(name="quick"),
    "price": _target(price=None),
    "timers": _endpoint(timers=Timers(first_token_s=1.0)),
    "where the key lies": _endpoint(key=KeyRef("keyring", "lab")),
    "how the key goes": _endpoint(auth="x-api-key"),
    "vendor": _endpoint(vendor="openai"),
    "concurrency": _endpoint(concurrency=2),
    "requests_per_minute": _endpoint(requests_per_minute=2),
    "tokens_per_minute": _endpoint(tokens_per_minute=2),
    "marks": lambda request: replace(
        request,
        messages=(request.messages[0], Message("user", (Text("what is this?", True), PICTURE))),
    ),
}


def _key(request: CallRequest, key_fp: str = "abcd1234") -> str:
    return cache_key(settled(request), key_fp)


@pytest.mark.parametrize("name", TELLING)
def test_what_changes_the_answer_changes_the_key(name: str) -> None:
    """No answer is served to another question."""
    assert _key(TELLING[name](ASKED)) != _key(ASKED)


def test_no_two_of_the_changes_have_the_same_key() -> None:
    """Nor is one change taken for another."""
    keys = [_key(change(ASKED)) for change in TELLING.values()]

    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", SILENT)
def test_what_changes_nothing_of_the_answer_keeps_the_key(name: str) -> None:
    """The same question is found however it is asked."""
    assert _key(SILENT[name](ASKED)) == _key(ASKED)


def test_every_field_is_held_to_one_or_the_other() -> None:
    """A field that is added later counts until somebody says that it does not."""
    assert set(CallRequest.__struct_fields__) >= REQUEST_APART
    assert set(Target.__struct_fields__) >= TARGET_APART
    assert set(Endpoint.__struct_fields__) >= ENDPOINT_APART
    for kind in (Sampling, Quirks):
        named = " ".join(TELLING)
        assert [name for name in kind.__struct_fields__ if name not in named] == []


def test_another_key_is_another_answer() -> None:
    """What one account paid for is not served to another."""
    assert _key(ASKED, "aaaa") != _key(ASKED, "bbbb") != _key(ASKED, "")


def test_an_option_counts_where_it_ends_up() -> None:
    """Said in the profile or on the command line: the same goes over the wire."""
    of_model = _target(options={"temperature": 0.4})(ASKED)
    of_call = _sampling(temperature=0.4)(ASKED)

    assert _key(of_model) == _key(of_call)
    assert _key(_sampling(temperature=0.4)(of_model)) == _key(of_model)


def test_the_order_of_options_says_nothing() -> None:
    """`-o a 1 -o b 2` asks what `-o b 2 -o a 1` asks."""
    one, two = {"a": 1, "b": 2}, {"b": 2, "a": 1}

    assert _key(_sampling(extra=one)(ASKED)) == _key(_sampling(extra=two)(ASKED))


def test_the_dials_of_a_simulated_model_count() -> None:
    """They are its options, and never in the sampling."""
    simulated = _endpoint(protocol="simulated", options={"accuracy": 0.5})(ASKED)

    assert _key(simulated) != _key(_endpoint(options={"accuracy": 0.9})(simulated))
    assert _key(simulated) != _key(_target(options={"accuracy": 0.9})(simulated))


texts = st.text(max_size=8)
parts = st.one_of(
    st.builds(Text, texts),
    st.builds(Media, texts, st.binary(max_size=4), texts, texts),
)
messages = st.lists(
    st.builds(
        Message,
        st.sampled_from(["system", "user", "assistant"]),
        st.lists(parts, max_size=3).map(tuple),
    ),
    max_size=3,
).map(tuple)
samplings = st.builds(
    Sampling,
    temperature=st.none() | st.floats(0, 2),
    stop=st.lists(texts, max_size=2).map(tuple),
    extra=st.dictionaries(texts, st.integers() | texts | st.lists(texts, max_size=2), max_size=2),
    metadata=st.dictionaries(texts, texts, max_size=2),
)


@given(one=messages, two=messages, drawn=samplings, other=samplings, fps=st.tuples(texts, texts))
def test_keys_are_equal_for_equal_questions_alone(
    one: tuple[Message, ...],
    two: tuple[Message, ...],
    drawn: Sampling,
    other: Sampling,
    fps: tuple[str, str],
) -> None:
    """However messages, options and fingerprints are cut, none runs over into another."""
    asked = replace(ASKED, messages=one, sampling=drawn)
    again = replace(ASKED, messages=two, sampling=other)

    same = (one, drawn, fps[0]) == (two, other, fps[1])
    assert (_key(asked, fps[0]) == _key(again, fps[1])) == same


def test_half_a_surrogate_pair_has_a_key() -> None:
    """What a model said of that kind comes back with the conversation."""
    assert _key(_parts(Text("\ud83d"))(ASKED)) != _key(_parts(Text("\ud83e"))(ASKED))

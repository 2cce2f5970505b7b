"""Options that every user knows by one name go out under each protocol's own, or are refused."""

from typing import Any

import pytest

from tests.support.protocols import a_request, sent
from ultra.core.errors import CallError, ErrorClass
from ultra.core.request import Sampling
from ultra.providers.protocols import PROTOCOLS

every = pytest.mark.parametrize("name", PROTOCOLS)

MODELS = {
    "anthropic-messages": "claude-opus-4-6",
    "gemini": "gemini-3-pro",
    "bedrock-converse": "anthropic.claude-opus-4-6-v1:0",
}

TAKEN: dict[str, dict[str, dict[str, Any]]] = {
    "openai-chat": {
        "user_id": {"user": "u-1"},
        "metadata": {"metadata": {"job": "nightly"}},
        "service_tier": {"service_tier": "flex"},
    },
    "openai-responses": {
        "user_id": {"user": "u-1"},
        "metadata": {"metadata": {"job": "nightly"}},
        "service_tier": {"service_tier": "flex"},
    },
    "anthropic-messages": {
        "user_id": {"metadata": {"user_id": "u-1"}},
        "service_tier": {"service_tier": "flex"},
    },
    "gemini": {
        "metadata": {"labels": {"job": "nightly"}},
        "service_tier": {"serviceTier": "flex"},
    },
    "bedrock-converse": {
        "metadata": {"requestMetadata": {"job": "nightly"}},
        "service_tier": {"serviceTier": {"type": "flex"}},
    },
    "cohere-v2": {},
    "ollama": {},
}
"""What each protocol sends for an option; one that is missing has to be refused."""

ASKED: dict[str, Sampling] = {
    "user_id": Sampling(user_id="u-1"),
    "metadata": Sampling(metadata={"job": "nightly"}),
    "service_tier": Sampling(service_tier="flex"),
}


def body(name: str, sampling: Sampling) -> dict[str, Any]:
    return sent(a_request(name, model=MODELS.get(name, "m"), sampling=sampling))


@every
@pytest.mark.parametrize("option", ASKED)
def test_an_option_is_sent_by_the_protocols_name_or_refused(name: str, option: str) -> None:
    """A refusal names the option and is made before anything is sent."""
    wanted = TAKEN[name].get(option)
    if wanted is None:
        with pytest.raises(CallError, match=f"takes no `{option}`") as caught:
            body(name, ASKED[option])
        assert caught.value.error_class is ErrorClass.INVALID_REQUEST
        assert not caught.value.sent
        assert f"-o {option}" in (caught.value.hint or "")
        return
    assert body(name, ASKED[option]) == {**body(name, Sampling()), **wanted}


@every
def test_effort_is_mapped_by_every_protocol(name: str) -> None:
    """Low, medium and high are three different requests, and none of them is the default one."""
    bodies = [
        body(name, Sampling(reasoning_effort=effort)) for effort in (None, "low", "medium", "high")
    ]

    assert all(one not in bodies[:place] for place, one in enumerate(bodies))


@every
def test_an_option_that_nobody_knows_goes_through(name: str) -> None:
    """Wherever the protocol keeps such things, with its value as it is."""
    told = str(body(name, Sampling(extra={"brand_new": {"deep": [1, None]}})))

    assert "'brand_new': {'deep': [1, None]}" in told

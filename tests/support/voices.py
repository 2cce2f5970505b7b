"""What a model says that is asked for JSON of a fixed shape: what fits what it is shown."""

import re
from collections.abc import Callable

import msgspec

from tests.support.fakes import Script, says
from ultra.core.request import CallRequest

FENCE = re.compile(
    r"<answer-(?P<nonce>[a-z2-9]{12}) label=(?P<label>[A-Z]+)>\n(?P<text>.*?)\n"
    r"</answer-(?P=nonce)>",
    re.DOTALL,
)
ANALYSIS = (
    '{"consensus":["blue"],"contradictions":[],"partial_coverage":[],"unique":[],'
    '"blind_spots":[],"errors":[]}'
)


def words_of(request: CallRequest) -> str:
    """All that the model is told."""
    return "\n".join(message.text for message in request.messages)


def shown_in(request: CallRequest) -> dict[str, str]:
    """The answers that a request shows by their labels, first to last."""
    return {found["label"]: found["text"] for found in FENCE.finditer(words_of(request))}


def kind_of(request: CallRequest) -> str:
    """What is asked for: `words`, `analysis`, `claims`, `ranking`, `duel`, `gate` or `choice`."""
    fields = (request.json_schema or {}).get("properties", {})
    named = {
        "consensus": "analysis",
        "claims": "claims",
        "ranking": "ranking",
        "winner": "duel",
        "verdict": "gate",
        "label": "choice",
    }
    return next((kind for field, kind in named.items() if field in fields), "words")


def fitting(request: CallRequest) -> str:
    """JSON of the shape asked for, from a judge whom neither order nor label sways.

    It holds what is written in earlier letters of the alphabet to be better.
    """
    shown = shown_in(request)
    ranked = sorted(shown, key=lambda label: shown[label])
    values: dict[str, object] = {
        "ranking": {"reviews": [], "ranking": ranked},
        "duel": {"reviews": [], "winner": ranked[0] if ranked else ""},
        "gate": {"reasons": [], "verdict": "pass", "score": 9},
        "choice": {"label": ranked[0] if ranked else ""},
        "claims": {"answer": "written", "claims": [{"text": "it is", "support": ranked[:1]}]},
    }
    kind = kind_of(request)
    return ANALYSIS if kind == "analysis" else msgspec.json.encode(values[kind]).decode()


def voice(words: Script, judging: Script | None = None) -> Callable[[CallRequest, int], Script]:
    """A model that says `words` and, asked for JSON, `judging`: None for what fits."""

    def script(request: CallRequest, _number: int) -> Script:
        if kind_of(request) == "words":
            return words
        return says(fitting(request)) if judging is None else judging

    return script

"""What can be set of a simulated model, and where the settings come from."""

from typing import Literal

import msgspec
from msgspec import Struct

from ultra.core.errors import CallError, ErrorClass
from ultra.core.request import CallRequest
from ultra.core.text import did_you_mean

Fault = Literal[
    "400",
    "401",
    "402",
    "403",
    "404",
    "408",
    "413",
    "422",
    "429",
    "500",
    "502",
    "503",
    "504",
    "529",
    "cut",
    "stall",
    "bad_json",
    "slow",
    "refuse",
    "filter",
    "empty",
    "length",
]
"""A status is answered by that status. `refuse`: nobody listens. `stall`: headers, then silence.
`slow`: a word a second. `cut`: the connection closes half-way. `bad_json`: what comes is HTML.
`filter`: refused for its content. `empty`: an end without a word. `length`: the cap is reached
half-way."""


MOST_ODDS = 100
"""Beyond this a chance is 0 or 1 to more digits than there are."""


class Dials(Struct, frozen=True, forbid_unknown_fields=True):
    """How a simulated model behaves.

    `latency_s` is the time to the first token, in seconds; `tokens_per_s` paces what follows, 0
    not at all; `jitter` lets both vary by that share (0..1). `accuracy` is the chance (0..1) of the
    right answer to a built-in question. `verbosity` is about how many words another answer has.
    `reasoning` is how many tokens it thinks, shown as reasoning. `json` answers with JSON even
    without a schema; a schema in the request always does. `fail` happens with the chance
    `fail_rate`; `retry_after_s` goes with a status.

    With the chance `rho` (0..1) all models that are asked the same share one draw of the right or
    wrong answer. `n_wrong` is how many wrong answers there are to choose from, None for all.
    `quality` marks what is no known answer as of that quality; `claims` is how many numbers it
    states. As a judge: `beta` is the log-odds of one unit of quality, `gamma` of being shown first,
    `lam` of a hundred words, `kappa` of being its own; `p_badjson` is the chance (0..1) of JSON
    that is cut. As a writer: `p_invent` is the chance (0..1) of an invented number after each that
    it is shown.
    """

    seed: int = 0
    latency_s: float = 0.0
    tokens_per_s: float = 0.0
    jitter: float = 0.0
    accuracy: float = 1.0
    verbosity: int = 40
    reasoning: int = 0
    json: bool = False
    fail: Fault | None = None
    fail_rate: float = 1.0
    retry_after_s: float | None = None
    rho: float = 0.0
    n_wrong: int | None = None
    quality: float | None = None
    claims: int = 0
    beta: float = 4.0
    gamma: float = 0.0
    lam: float = 0.0
    kappa: float = 0.0
    p_badjson: float = 0.0
    p_invent: float = 0.0


def dials(request: CallRequest) -> Dials:
    """The endpoint's options, the model's over them, and those of this call (`-o`) over both.

    The seed of the sampling, when there is one, wins over the dial's. Raises `CallError` as a
    server does that is sent a parameter it does not know, with every mistake of the value named.
    """
    target = request.target
    merged = {**target.endpoint.options, **target.options, **request.sampling.extra}
    if request.sampling.seed is not None:
        merged["seed"] = request.sampling.seed
    if isinstance(merged.get("fail"), int):
        merged["fail"] = str(merged["fail"])
    if merged.get("tokens_per_s") is None:
        merged.pop("tokens_per_s", None)
    _refuse_unknown(merged)
    try:
        found = msgspec.convert(merged, Dials, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(f"simulated model: {error}") from error
    _refuse_out_of_range(found)
    return found


def _refuse_unknown(merged: dict[str, object]) -> None:
    known = Dials.__struct_fields__
    for name in merged:
        if name not in known:
            hint = did_you_mean(name, known) or "it has " + ", ".join(f"`{dial}`" for dial in known)
            raise _invalid(f"a simulated model has no option `{name}`", hint)


def _refuse_out_of_range(found: Dials) -> None:
    shares = {
        "jitter": found.jitter,
        "accuracy": found.accuracy,
        "fail_rate": found.fail_rate,
        "rho": found.rho,
        "p_badjson": found.p_badjson,
        "p_invent": found.p_invent,
    }
    for name, share in shares.items():
        if not 0.0 <= share <= 1.0:
            raise _invalid(f"`{name}` is `{share:g}`, not between 0 and 1")
    amounts = {
        "latency_s": found.latency_s,
        "tokens_per_s": found.tokens_per_s,
        "verbosity": found.verbosity,
        "reasoning": found.reasoning,
        "claims": found.claims,
    }
    for name, amount in amounts.items():
        if not 0.0 <= amount < float("inf"):
            raise _invalid(f"`{name}` is `{amount:g}`, not a number from 0 on")
    if found.n_wrong is not None and found.n_wrong < 1:
        raise _invalid(f"`n_wrong` is `{found.n_wrong}`, not a number from 1 on")
    weights = {
        "quality": found.quality or 0.0,
        "beta": found.beta,
        "gamma": found.gamma,
        "lam": found.lam,
        "kappa": found.kappa,
    }
    for name, weight in weights.items():
        if not abs(weight) <= MOST_ODDS:
            raise _invalid(f"`{name}` is `{weight:g}`, not between -{MOST_ODDS} and {MOST_ODDS}")


def _invalid(message: str, hint: str | None = None) -> CallError:
    return CallError(
        ErrorClass.INVALID_REQUEST, message, hint=hint, sent=True, status=400, code="invalid_option"
    )

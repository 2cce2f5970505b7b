"""Answers to one prompt that were held against each other: by the user, judges, expectations."""

from msgspec import Struct, field

from ultra.core.verdict import Ballot


class Entry(Struct, frozen=True):
    """One answer. `model` is `provider:model`.

    `met` says whether it met every expectation, None where it was held to none. `cost_nano` is None
    for unknown; `simulated` says that it was made up.
    """

    call_id: str
    model: str
    met: bool | None = None
    cost_nano: int | None = None
    simulated: bool = False


class Contest(Struct, frozen=True):
    """What is known of the answers of one run.

    `prompt` is the same for the same words. `entries` stand in the order in which they were shown
    to whoever picked; `picked` is the call chosen, None where nobody chose.
    """

    run_id: str
    prompt: str
    entries: tuple[Entry, ...]
    ballots: tuple[Ballot, ...] = ()
    picked: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


class Meeting(Struct, frozen=True):
    """Two models held against each other on one prompt.

    `share` is what the one named first won: 1, 0 or 0.5. With `ordered` it was also shown first;
    without, nobody was shown anything, as with expectations.
    """

    prompt: str
    first: str
    second: str
    share: float
    ordered: bool = True


class Timed(Struct, frozen=True):
    """How long a whole answer took that was not cached, in seconds from the beginning of its call.

    `model` is `provider:model`, and `ensemble:NAME` for one of an ensemble.
    """

    model: str
    duration_s: float
    tags: dict[str, str] = field(default_factory=dict)


class Ranked(Struct, frozen=True):
    """A model by what was found of its answers.

    `prompts` are those it met others or an expectation on. `picked` of `offered` times it was
    chosen; `preferred` (0..1) is its share of the pairs that judges were shown it in, `judged` how
    many these are; `met` of `checked` answers were as expected. `accepted` of `answers` were good
    enough, by the pick, else the expectations, else the judges' first place, and `accepted_nano` is
    what one of those cost with all that were not, None for unknown. `strength` is log-odds against
    the mean with its 95% interval; None where there is too little for it, or no library.
    """

    model: str
    prompts: int
    picked: int
    offered: int
    preferred: float | None
    judged: int
    met: int
    checked: int
    accepted: int
    answers: int
    accepted_nano: int | None
    p95_s: float | None
    strength: float | None = None
    low: float | None = None
    high: float | None = None
    rank: int | None = None
    simulated: bool = False


class Ranking(Struct, frozen=True):
    """Models that met each other, directly or through others, and on how many prompts they did.

    `order_effect` is the log-odds of merely being shown first, None where nothing was ordered or
    there is too little. `unmeasured` says why strengths or ranks are missing.
    """

    models: tuple[Ranked, ...]
    prompts: int
    order_effect: float | None = None
    unmeasured: str = ""

"""What many calls came to: how they ended, how long they took, what they used and cost.

Money is nano-dollars, times are seconds.
"""

from collections.abc import Sequence
from typing import Literal, get_args

from msgspec import Struct, field

from ultra.core.errors import UsageError
from ultra.core.tags import tag_name
from ultra.core.text import did_you_mean, one_line
from ultra.core.usage import Usage

Period = Literal["hour", "day", "week", "month"]
Trait = Literal[
    "model",
    "provider",
    "name",
    "route",
    "strategy",
    "cost_center",
    "environment",
    "profile",
    "role",
    "verb",
]

PERIODS: tuple[Period, ...] = get_args(Period)
TRAITS: tuple[Trait, ...] = get_args(Trait)


class Tag(Struct, frozen=True):
    """The tag of that name as a dimension, whose values are told apart."""

    name: str


Dimension = Trait | Period | Tag
"""What calls are told apart by; `name` is what the model was asked for by, such as an alias."""


class Span(Struct, frozen=True):
    """From `begin` until just before `end`, which is None where there is no end.

    `zone` is the IANA name of the zone whose days are meant, empty for the machine's own.
    """

    begin: float = 0.0
    end: float | None = None
    zone: str = ""


class Filter(Struct, frozen=True):
    """Which calls are meant: those with one of the values of every trait that is given.

    `model` is what `logs -m` takes: an id, `provider:model`, a provider or the name it was asked
    for by. Of `tags` a call's run must have all. `simulated` None means either.
    """

    model: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    strategy: tuple[str, ...] = ()
    cost_center: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    profile: tuple[str, ...] = ()
    role: tuple[str, ...] = ()
    verb: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    simulated: bool | None = None


class Latency(Struct, frozen=True):
    """Of so many calls: the mean, the extremes, and what half, 95% and 99% stayed within.

    Percentiles are exact, by nearest rank: each is a time that was measured.
    """

    calls: int
    avg: float
    min: float
    max: float
    p50: float
    p95: float
    p99: float


class Totals(Struct, frozen=True):
    """What calls came to.

    `answered` says how many were answered whole, `cached` how many of these an earlier answer
    served, `cancelled` how many were called off; `errors` counts the others by class. `known_nano`
    is what is known of the cost: `unpriced` calls have a try without a price, and the sum is from
    below. `saved_nano` is what is known of what the cache saved, `unsaved` how many it served at
    an unknown price. `attempts` are all that were sent. Times are of whole answers that were not
    cached, from the beginning of the call, retries included; `tokens_per_s` is their pace after
    the first token. None is not known.
    """

    calls: int = 0
    answered: int = 0
    cached: int = 0
    cancelled: int = 0
    attempts: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    usage: Usage = Usage()
    known_nano: int = 0
    unpriced: int = 0
    charged_nano: int = 0
    saved_nano: int = 0
    unsaved: int = 0
    tokens_per_s: float | None = None
    ttft_s: Latency | None = None
    duration_s: Latency | None = None

    @property
    def cost_nano(self) -> int | None:
        """What all of it cost; None where the price of a part is not known."""
        return None if self.unpriced else self.known_nano

    @property
    def failed(self) -> int:
        """Calls that ended without a whole answer though nobody called them off."""
        return sum(self.errors.values())


class Group(Struct, frozen=True):
    """The totals of calls that are alike in all that they are told apart by.

    `key` has a value for each dimension, empty for none: a window by its beginning, a model as
    `provider:model`. What was simulated never stands together with what was not.
    """

    key: tuple[str, ...]
    simulated: bool
    totals: Totals


class EndedCall(Struct, frozen=True):
    """One call that ended, as its row has it: figures and names, and none of its words.

    `usage` is what all of its tries used; `unpriced` counts tries without a price.
    """

    call_id: str
    run_id: str
    started_at: float
    verb: str
    role: str
    strategy: str
    route: str
    profile: str
    environment: str
    cost_center: str
    tags: dict[str, str]
    provider: str
    model: str
    name: str
    simulated: bool
    cached: bool
    status: str
    error_class: str | None
    attempts: int
    ttft_s: float | None
    duration_s: float | None
    usage: Usage
    known_nano: int
    unpriced: int
    charged_nano: int
    saved_nano: int | None


class TotalsReport(Struct, frozen=True):
    """What was asked for: `span.zone` is the name of a zone, never empty.

    `windows` names those of the span from the first that has a call to the last, none left out;
    empty where calls are not told apart by time.
    """

    span: Span
    by: tuple[Dimension, ...]
    groups: tuple[Group, ...]
    windows: tuple[str, ...] = ()


def dimensions_of(texts: Sequence[str]) -> tuple[Dimension, ...]:
    """What `--by` names, commas allowed; each once, and none of `all`.

    Raises `UsageError` for what is none, and for windows of two lengths.
    """
    words = [word.strip() for text in texts for word in text.split(",")]
    found = tuple(dict.fromkeys(_dimension(word) for word in words if word != "all"))
    if len(set(found) & set(PERIODS)) > 1:
        raise UsageError("`--by` takes one of hour, day, week and month")
    return found


def word_of(dimension: Dimension) -> str:
    """The dimension as `--by` has it."""
    if isinstance(dimension, Tag):
        return f"tag:{dimension.name}"
    return dimension.replace("_", "-")


def _dimension(text: str) -> Dimension:
    kind, colon, name = text.partition(":")
    if colon and kind == "tag":
        return Tag(tag_name(name))
    words: dict[str, Dimension] = {word_of(one): one for one in (*TRAITS, *PERIODS)}
    if text in words:
        return words[text]
    shown = one_line(text, 60)
    meant = did_you_mean(text, words) or f"there are {', '.join(words)}, all"
    raise UsageError(
        f"`--by {shown}` is nothing that calls are told apart by",
        hint=f"{meant}; a tag of that name is `--by tag:{shown.partition('=')[0]}`",
    )

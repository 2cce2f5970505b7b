"""What taking care of the log comes to: what would go, what went, and where it cannot reach.

Moments are UTC seconds since the epoch.
"""

from typing import Literal

from msgspec import Struct, field

Privacy = Literal["full", "hashed", "off"]
"""What the log keeps of words: all of them, a keyed hash of each prompt and answer, or nothing."""

PRIVACIES: tuple[Privacy, ...] = ("full", "hashed", "off")
"""From the loosest."""

Where = Literal[
    "prompts",
    "answers",
    "reasoning",
    "tool calls",
    "errors",
    "options",
    "verdicts",
    "messages",
    "cached answers",
    "experiments",
]
"""What a pattern is looked for in. `messages` are what models were sent."""

REDACTED = "[redacted]"


class Doomed(Struct, frozen=True):
    """Which runs would go. `size` is bytes of words, what only these runs refer to included.

    Not among them are `running`, runs under way, and `going_on`, runs of conversations that have
    a turn which is to stay: what a model was sent holds the turns before.
    """

    runs: int
    calls: int
    size: int
    oldest: float | None
    newest: float | None
    running: int = 0
    going_on: int = 0


class Gone(Struct, frozen=True):
    """What went. `freed` is by how many bytes the file became smaller; `spare` is room inside it.

    `figures` counts rows of figures that went too. `copies` are files beside the log that are older
    and still hold the words. `lingering` says that somebody reads the log, so that words may stand
    in the file beside it until they are done.
    """

    runs: int = 0
    calls: int = 0
    figures: int = 0
    freed: int = 0
    spare: int = 0
    copies: tuple[str, ...] = ()
    lingering: bool = False


class Found(Struct, frozen=True):
    """Where a pattern stands, as how many texts hold it; never what it matched.

    `runs` is how many runs that is. `attachments` and `registrations` of experiments are not
    changed; `running` are runs under way, whose words are still to come. `unused` counts pages that
    hold it in a part of the file where nothing is kept any more.
    """

    places: dict[Where, int] = field(default_factory=dict)
    runs: int = 0
    attachments: int = 0
    registrations: int = 0
    running: int = 0
    unused: int = 0

    @property
    def texts(self) -> int:
        """How many texts are to be changed."""
        return sum(self.places.values())

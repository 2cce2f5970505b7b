"""What the log is searched for, a page at a time."""

from msgspec import Struct

from ultra.core.records import RunSummary
from ultra.core.tags import Marks


class Sought(Struct, frozen=True):
    """Which runs are meant: those to which all of it applies; what is empty or None leaves all.

    `words` are looked for in prompts and answers, in the words of FTS5 where they are that, else as
    they stand; the last of them may be the beginning of a word. `model` is a name, a model id, a
    provider or `provider:model`. Times are UTC seconds since the epoch, `until` exclusive.
    """

    words: str = ""
    model: str = ""
    status: str = ""
    marks: Marks = Marks()
    since: float | None = None
    until: float | None = None


class Place(Struct, frozen=True):
    """Where a page ends: the start and the row of its last run."""

    started_at: float
    row: int


class Page(Struct, frozen=True):
    """Some runs, the newest first; `end` is where the next page begins, None after the last run.

    What words are looked for in is kept in the order in which it came into the log, and so are its
    pages: imported conversations are as new there as their import.
    """

    runs: tuple[RunSummary, ...]
    end: Place | None = None

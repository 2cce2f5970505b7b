"""What the audit trail says: who changed what, and when.

An entry is never changed; its digest stands on the digest of the entry before it.
"""

from typing import Literal, get_args

from msgspec import Struct, field

Action = Literal[
    "key.set",
    "key.removed",
    "budget.set",
    "budget.removed",
    "budget.reconciled",
    "breaker.opened",
    "breaker.reset",
    "profile.used",
    "profile.written",
    "profile.changed",
    "profile.trusted",
    "profile.untrusted",
    "alias.set",
    "alias.removed",
    "template.set",
    "template.removed",
    "prices.refreshed",
    "prices.restored",
    "cache.cleared",
    "log.pruned",
    "log.deleted",
    "log.redacted",
    "log.copied",
    "log.imported",
    "audit.gap",
]
"""What is done, as `thing.done`.

`profile.changed` is a profile file found to be another than when it was last used, whoever changed
it. `audit.gap` is written by the trail itself, where entries that it should hold are not there.
"""

ACTIONS: tuple[str, ...] = get_args(Action)

Fact = str | int | float | bool | None


class Deed(Struct, frozen=True):
    """A change that is to be written down. `at` is UTC seconds since the epoch.

    `subject` is what was changed: a provider, a scope, a file, a name. `detail` is never a secret:
    a key is told by its fingerprint, a pattern that was searched for by how often it was found.
    """

    action: Action
    subject: str
    detail: dict[str, Fact] = field(default_factory=dict)
    at: float = 0.0
    user: str = ""
    host: str = ""


class Author(Struct, frozen=True):
    """Who changes something: a user of the system, on a machine."""

    user: str = ""
    host: str = ""

    def did(self, action: Action, subject: str, at: float, **detail: Fact) -> Deed:
        """A change by this author at a moment."""
        return Deed(action, subject, detail, at, self.user, self.host)


NOBODY = Author()
"""Whoever it is that a test or a benchmark stands for."""


class Entry(Struct, frozen=True):
    """One entry of the trail. `number` counts from 1, `digest` is SHA-256 in hexadecimal."""

    number: int
    at: float
    user: str
    host: str
    action: str
    subject: str
    detail: dict[str, Fact]
    digest: str


class Break(Struct, frozen=True):
    """Where the trail does not hold. `at` is None where no time is known."""

    number: int
    at: float | None
    reason: str


class Proof(Struct, frozen=True):
    """What became of verifying the trail: how many entries hold together, and what does not.

    `broken` is the first entry that is not what was written. `missing` says that the newest entry
    ever announced is not there. `gaps` are the entries that told so before.
    """

    entries: int
    broken: Break | None = None
    missing: Break | None = None
    gaps: tuple[int, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is found to be wrong now."""
        return self.broken is None and self.missing is None

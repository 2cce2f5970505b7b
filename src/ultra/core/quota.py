"""What a provider says is left of its limits, in the same words whoever says it."""

from msgspec import Struct


class Allowance(Struct, frozen=True, omit_defaults=True):
    """One limit: `limit` in a window, `remaining` now, whole again `reset_s` seconds from now.

    None is what the provider did not say.
    """

    limit: int | None = None
    remaining: int | None = None
    reset_s: float | None = None


class Quota(Struct, frozen=True, omit_defaults=True):
    """The limits of one credential at one model: requests, and tokens of whatever kind is scarcest.

    None where the provider says nothing of a kind.
    """

    requests: Allowance | None = None
    tokens: Allowance | None = None

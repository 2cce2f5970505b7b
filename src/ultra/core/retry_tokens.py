"""How many retries a provider is worth: what each costs, and what an answer earns.

After botocore 1.44's standard retry quota (500 tokens, 14 and 5 a retry, 1 an answer), for programs
that make few calls.
"""

from ultra.core.errors import ErrorClass

CAPACITY = 100.0
COST, THROTTLED_COST, EARNED = 5.0, 2.0, 1.0


def retry_cost(after: ErrorClass | None) -> float:
    """What a retry costs, by the failure that it follows: a rate limit is no sign of trouble."""
    return THROTTLED_COST if after is ErrorClass.RATE_LIMIT else COST


def affords(tokens: float, after: ErrorClass | None) -> bool:
    """Whether a retry can be paid for."""
    return tokens >= retry_cost(after)


def paid(tokens: float, after: ErrorClass | None) -> float:
    """What is left after a retry was paid for."""
    return max(0.0, tokens - retry_cost(after))


def earned(tokens: float, after: ErrorClass | None, *, retried: bool) -> float:
    """What there is after an answer: one more, or what its retry had cost."""
    return min(CAPACITY, tokens + (retry_cost(after) if retried else EARNED))

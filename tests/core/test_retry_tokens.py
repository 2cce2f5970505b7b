"""How many retries a provider is worth."""

from hypothesis import given
from hypothesis import strategies as st

from ultra.core.errors import ErrorClass
from ultra.core.retry_tokens import CAPACITY, affords, earned, paid

CLASSES = st.sampled_from([ErrorClass.SERVER, ErrorClass.RATE_LIMIT, None])


def test_twenty_failed_retries_use_the_bucket_up() -> None:
    """Fifty where the provider only wants more time."""
    for after, most in ((ErrorClass.SERVER, 20), (ErrorClass.RATE_LIMIT, 50)):
        tokens, made = CAPACITY, 0
        while affords(tokens, after):
            tokens, made = paid(tokens, after), made + 1

        assert made == most


def test_a_retry_that_is_answered_costs_nothing() -> None:
    """And answers without one fill the bucket, one by one."""
    tokens = paid(CAPACITY, ErrorClass.TIMEOUT)

    assert earned(tokens, ErrorClass.TIMEOUT, retried=True) == CAPACITY
    assert earned(tokens, None, retried=False) == CAPACITY - 4


@given(st.lists(st.tuples(CLASSES, st.booleans(), st.booleans())))
def test_the_bucket_is_never_over_full_nor_in_debt(
    steps: list[tuple[ErrorClass | None, bool, bool]],
) -> None:
    """Whatever is paid and earned."""
    tokens = CAPACITY
    for after, pays, retried in steps:
        if not pays:
            tokens = earned(tokens, after, retried=retried)
        elif affords(tokens, after):
            tokens = paid(tokens, after)

        assert 0.0 <= tokens <= CAPACITY

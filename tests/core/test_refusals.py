"""How waits are told."""

import pytest

from ultra.core.refusals import span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "1 s"),
        (1.2, "2 s"),
        (120.0, "120 s"),
        (121.0, "3 min"),
        (3600.0, "60 min"),
        (86_400.0, "24 h"),
        (200_000.0, "3 days"),
    ],
)
def test_a_wait_is_told_in_the_unit_that_people_would_use(seconds: float, words: str) -> None:
    """Rounded up: nobody comes back too soon."""
    assert span(seconds) == words

"""What is typed to find runs."""

import pytest

from ultra.core.errors import UsageError
from ultra.core.history import Sought
from ultra.core.tags import Marks
from ultra.runtime.history import sought_of

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("filters", "sought"),
    [
        ("", Sought("w")),
        ("model:openai:gpt-5 status:ok", Sought("w", "openai:gpt-5", "ok")),
        ("tag:job=night tag:a=b", Sought("w", marks=Marks(tags={"job": "night", "a": "b"}))),
        ('center:"my lab"', Sought("w", marks=Marks("my lab"))),
        ("since:1h", Sought("w", since=NOW - 3600)),
        ("until:1970-01-02", Sought("w", until=172_800.0)),
    ],
    ids=str,
)
def test_a_line_of_filters_is_read(filters: str, sought: Sought) -> None:
    """Each piece narrows what is found; quotes hold a value with blanks together."""
    assert sought_of("w", filters, now=NOW, zone="UTC") == sought


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ("modl:x", "no filter"),
        ("word", "no filter"),
        ("model:", "has no value"),
        ("status:fine", "no run has the status `fine`"),
        ("since:soon", "is no moment"),
        ("since:2026-02-01 until:2026-01-01", "is not before"),
        ("tag:job", "has no value"),
        ('center:"a', "a quote is not closed"),
        ("\x1b[2J:x", "`:x` is no filter"),
    ],
)
def test_what_is_no_filter_says_what_there_is(filters: str, message: str) -> None:
    """Half a word, while it is typed, is an error that names the forms."""
    with pytest.raises(UsageError) as caught:
        sought_of("", filters, now=NOW, zone="UTC")

    assert message in caught.value.message
    assert caught.value.hint or message == "is not before"

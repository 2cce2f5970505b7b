"""Tags and cost centers as they are typed."""

import pytest

from ultra.core.errors import UsageError
from ultra.core.tags import LONGEST_VALUE, MOST_TAGS, cost_center_of, tag_of, tags_of


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("job=nightly", ("job", "nightly")),
        ("a.b_c-1=x", ("a.b_c-1", "x")),
        ("url=https://x.example/?a=b", ("url", "https://x.example/?a=b")),
        ("team=Forschung & Lehre", ("team", "Forschung & Lehre")),
        (f"n={'é' * LONGEST_VALUE}", ("n", "é" * LONGEST_VALUE)),
    ],
)
def test_the_first_equals_sign_splits(text: str, tag: tuple[str, str]) -> None:
    """The value may hold anything that can be printed."""
    assert tag_of(text) == tag


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("job", "tag `job` has no value"),
        ("=nightly", "is not the name of a tag"),
        ("my job=x", "`my job` is not the name of a tag"),
        ("-job=x", "is not the name of a tag"),
        ("ñ=x", "is not the name of a tag"),
        (f"{'n' * 65}=x", "is not the name of a tag"),
        ("job=", "the value of tag `job`"),
        ("job=a\nb", "the value of tag `job`"),
        ("job=\x1b[31m", "the value of tag `job`"),
        (f"job={'x' * (LONGEST_VALUE + 1)}", "the value of tag `job`"),
    ],
)
def test_what_is_no_tag_is_told(text: str, told: str) -> None:
    """In one line, naming what is wrong with it."""
    with pytest.raises(UsageError) as raised:
        tag_of(text)

    assert told in raised.value.message
    assert "\n" not in raised.value.message
    assert "\x1b" not in raised.value.message


def test_tags_are_by_name_and_none_is_lost_in_silence() -> None:
    """The same one twice is one; two values of one name are a mistake, and so are too many."""
    assert tags_of(["a=1", "b=2", "a=1"]) == {"a": "1", "b": "2"}
    with pytest.raises(UsageError, match="`a` is given twice"):
        tags_of(["a=1", "a=2"])
    with pytest.raises(UsageError, match="32 tags at most, not 33"):
        tags_of([f"t{number}=x" for number in range(MOST_TAGS + 1)])


@pytest.mark.parametrize(
    ("text", "name"), [("", ""), (" research ", "research"), ("a/b c", "a/b c")]
)
def test_a_cost_center_is_any_short_name(text: str, name: str) -> None:
    """Blanks around it are none of it."""
    assert cost_center_of(text) == name


@pytest.mark.parametrize("text", ["x" * 65, "a\nb", "a\x07"])
def test_what_is_no_cost_center_is_told(text: str) -> None:
    """Control characters would reach screens and reports."""
    with pytest.raises(UsageError, match="cost center"):
        cost_center_of(text)

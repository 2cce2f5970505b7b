"""Tokens by disjoint kinds."""

from hypothesis import given
from hypothesis import strategies as st

from ultra.core.usage import Usage

COUNTS = st.none() | st.integers(0, 10**9)
USAGES = st.builds(Usage, **dict.fromkeys(Usage.__struct_fields__, COUNTS))


def test_totals_are_sums_of_disjoint_kinds() -> None:
    """Every kind counts once, on its own side."""
    usage = Usage(*(2**place for place in range(len(Usage.__struct_fields__))))

    assert usage.input_tokens == 1 + 2 + 4 + 8 + 16 + 256
    assert usage.output_tokens == 32 + 64 + 128


def test_a_side_of_which_nothing_is_known_is_unknown() -> None:
    """None is not 0; one known kind makes its side known."""
    assert Usage().input_tokens is None
    assert Usage(text_output_tokens=3).input_tokens is None
    assert Usage(cache_read_tokens=0).input_tokens == 0
    assert Usage(reasoning_tokens=4).output_tokens == 4


@given(USAGES, USAGES)
def test_adding_is_by_kind_and_keeps_what_is_unknown(left: Usage, right: Usage) -> None:
    """A kind that neither knows stays unknown; the order does not matter."""
    total = left + right

    assert total == right + left
    for kind in Usage.__struct_fields__:
        known = [n for n in (getattr(left, kind), getattr(right, kind)) if n is not None]
        assert getattr(total, kind) == (sum(known) if known else None)


@given(USAGES)
def test_adding_nothing_changes_nothing(usage: Usage) -> None:
    """An empty usage is the zero of addition."""
    assert usage + Usage() == usage

"""Simulations are not measured for coverage."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _untraced() -> Iterator[None]:
    """They run lines by the thousand that other tests show, and measured take twice as long.

    The mark `no_cover` is not enough: in a worker two measurements lie one upon the other, and it
    ends the upper one.
    """
    trace = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(trace)

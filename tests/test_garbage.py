"""What runs leave behind in the one process that makes them all."""

import gc

from tests.conftest import GC_THRESHOLDS
from ultra.runtime.loop import Interrupt, run


async def _nothing(_interrupt: Interrupt) -> None:
    """A run that does nothing."""


def test_a_run_in_a_test_freezes_nothing() -> None:
    """Else every worker would keep the garbage of all its tests."""
    before = gc.get_freeze_count()

    run(_nothing)

    assert gc.get_freeze_count() == before


def test_each_test_begins_with_the_same_thresholds() -> None:
    """Whatever a run before it has set."""
    assert gc.get_threshold() == GC_THRESHOLDS

"""A loop for what is open for days."""

import gc

from ultra.runtime.interactive import GC_THRESHOLD, interactive
from ultra.runtime.loop import Interrupt


def test_garbage_is_collected_as_for_a_program_that_stays() -> None:
    """And never looked for in the program itself, which is half of what there is."""
    frozen = gc.get_freeze_count()
    seen: list[tuple[int, int]] = []

    async def main(_interrupt: Interrupt) -> None:
        seen.append((gc.get_threshold()[0], gc.get_freeze_count()))

    before = gc.get_threshold()
    try:
        assert interactive(main) is None
    finally:
        gc.set_threshold(*before)
    assert seen == [(GC_THRESHOLD, frozen)]

"""How far a batch is, as one line that is redrawn on a terminal; nothing in a pipe."""

from ultra.core.ports import Clock
from ultra.output.figures import seconds, usd
from ultra.output.screen import Screen
from ultra.output.ticker import FRAME_S
from ultra.output.width import clip

_SLOT = "batch"
_BAR = 24


class BatchProgress:
    """Draws the line when told of a row, no more often than a frame; `close` removes it.

    `before` are the rows that were done when it began, which tell nothing of the pace.
    """

    def __init__(self, screen: Screen, clock: Clock, *, prompts: int, before: int) -> None:
        self._screen = screen
        self._clock = clock
        self._prompts = prompts
        self._before = before
        self._started = clock.monotonic()
        self._drawn = float("-inf")

    def show(self, done: int, lost: int, known_nano: int) -> None:
        """Tell rows with a result, answers that were lost, and what is known of the cost."""
        now = self._clock.monotonic()
        if now - self._drawn < FRAME_S and done < self._prompts:
            return
        self._drawn = now
        full = _BAR * done // self._prompts
        bar = self._screen.style("━" * full, "green") + self._screen.style(
            "━" * (_BAR - full), "dim"
        )
        facts = [f"{done:,} of {self._prompts:,} prompts", usd(known_nano)]
        if lost:
            facts.append(f"{lost:,} answers lost")
        new = done - self._before
        if new and done < self._prompts:
            left = (now - self._started) / new * (self._prompts - done)
            facts.append(f"about {seconds(left)} left")
        room = max(self._screen.width - _BAR - 2, 1)
        self._screen.show(_SLOT, [f"{bar} {clip(' · '.join(facts), room)}"])

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._screen.drop(_SLOT)

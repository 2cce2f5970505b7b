"""The list of runs: one line each, laid out for the width that there is."""

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ultra.core.records import RunSummary
from ultra.output.figures import seconds, usd
from ultra.output.safe import cell
from ultra.output.width import pad

_STATUS = {"ok": "", "running": "bold", "error": "red", "partial": "yellow"}
_WORDS = 400
"""Characters of a prompt that a line is made from: more than any screen is wide."""


class RunLine(Visual):
    """One run on one line; what matters least is left out where there is no room."""

    def __init__(self, run: RunSummary) -> None:
        self._run = run

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """The line, in the columns that fit."""
        return self._line(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """All that there is."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """One line."""
        return 1

    def _line(self, width: int) -> Content:
        run = self._run
        # As `at least` is in a receipt: a column has room for a sign.
        at_least = run.cost_nano is None and run.known_nano > 0
        cost = f"≥ {usd(run.known_nano)}" if at_least else usd(run.cost_nano)
        cost = "simulated" if run.simulated else cost
        columns = [(pad(_when(run.started_at, width), 11 if width < 120 else 16), "dim")]
        columns.append((pad(run.verb, 8), ""))
        if width >= 60:
            models = cell(", ".join(run.models), 60)
            columns.append((pad(models, 14 if width < 120 else 30), "bold"))
        if width >= 100:
            columns.append((pad(seconds(run.duration_s), 8, right=True), "dim"))
        ended = [(pad(cost, 12, right=True), "dim")] if width >= 70 else []
        ended.append((pad(run.status, 9), _STATUS.get(run.status, "dim")))
        taken = sum(len(text) + 1 for text, _ in (*columns, *ended))
        said = "(not kept)" if run.prompt is None else cell(run.prompt, _WORDS)
        words = (pad(said, max(width - taken, 0)), "")
        spaced = [part for one in (*columns, words, *ended) for part in (one, (" ", ""))]
        return Content.assemble(*spaced[:-1])


class RunList(OptionList):
    """Runs, the newest first; what is added goes below, and what is pointed at stays so."""

    DEFAULT_CSS = """
    RunList, RunList:focus { height: 1fr; border: none; padding: 0; }
    """

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - textual's
        super().__init__(markup=False, id=id)
        self.runs: list[RunSummary] = []

    @property
    def pointed(self) -> RunSummary | None:
        """The run that is pointed at."""
        return None if self.highlighted is None else self.runs[self.highlighted]

    def fill(self, runs: Sequence[RunSummary], *, keep: bool) -> None:
        """Show these; `keep` points at the same run as before, where it is still among them."""
        if keep and list(runs) == self.runs:
            return
        before, scroll = self.pointed if keep else None, self.scroll_y
        self.runs = []
        self.clear_options()
        self.more(runs)
        ids = [run.run_id for run in runs]
        wanted = before.run_id if before is not None else ""
        if runs:
            self.highlighted = ids.index(wanted) if wanted in ids else 0
        if keep:
            self.scroll_to(y=scroll, animate=False)

    def more(self, runs: Sequence[RunSummary]) -> None:
        """Show these below."""
        self.runs.extend(runs)
        self.add_options(Option(RunLine(run)) for run in runs)


def _when(started_at: str, width: int) -> str:
    """When it began in the user's own zone; with the year where there is room."""
    local = datetime.fromisoformat(started_at).astimezone()
    return local.strftime("%Y-%m-%d %H:%M" if width >= 120 else "%m-%d %H:%M")

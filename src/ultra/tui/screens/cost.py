"""What was spent, by whom it was charged, and what budgets leave."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from ultra.core.gauges import Gauge
from ultra.core.totals import Dimension, Group, Totals, word_of
from ultra.output.charts import Bar, standing
from ultra.output.figures import calls, count, lower_bound, share, usd
from ultra.output.tables import Column
from ultra.runtime.outlay import DAYS, Outlay, dimensions, outlay
from ultra.tui.screens.page import ReadingPage
from ultra.tui.widgets.choices import Choice, Choices
from ultra.tui.widgets.rows import Line, Rows

COLUMNS = (
    Column("", shrink=True),
    Column("calls", right=True, spare=3),
    Column("tokens in", right=True, spare=2),
    Column("tokens out", right=True, spare=1),
    Column("cost", right=True),
    Column("of all", right=True),
    Column("", spare=4),
)
SPANS = {1: "today", 7: "7 days", 30: "30 days"}
BAR = 16
"""Columns of a budget's gauge."""


class CostPage(ReadingPage[Outlay]):
    """Spend of a few days told apart by what the user likes, above the budgets."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "span(1)", "Today", id="cost.today"),
        Binding("w", "span(7)", "Week", id="cost.week", tooltip="the last 7 days"),
        Binding("m", "span(30)", "Month", id="cost.month", tooltip="the last 30 days"),
        Binding("b", "by(1)", "By", id="cost.by", tooltip="tell spend apart by the next thing"),
        Binding("B", "by(-1)", "By, back", show=False, id="cost.by_back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._days = 7
        self._by: Dimension = "model"
        self._outlay: Outlay | None = None

    def body(self) -> Iterable[Widget]:
        """What is looked at, its course, its parts, and the budgets."""
        yield Choices(id="spans")
        yield Choices(id="dimensions")
        yield Static(id="course", markup=False)
        yield Rows(COLUMNS, id="parts")
        yield Static(id="gauges", markup=False)

    def on_mount(self) -> None:
        """Arrow keys move in the table at once."""
        self.query_one(Rows).list.focus()

    def read(self) -> Outlay:
        """The spend of the days looked at."""
        return outlay(self.runtime, self._days, self._by)

    def show(self, found: Outlay) -> None:
        """Draw all of it."""
        self._outlay = found
        known = dimensions(found.tags)
        self.query_one("#spans", Choices).show(list(SPANS.values()), DAYS.index(found.days))
        self.query_one("#dimensions", Choices).show(
            ["by " + word_of(known[0]), *map(word_of, known[1:])],
            known.index(found.by) if found.by in known else -1,
        )
        self.query_one(Rows).fill([_line(group, found) for group in found.groups])
        self._draw()

    def tick(self) -> None:
        """Nothing that is shown changes by itself until the hour or the day is over."""
        if self._outlay is None or self.runtime.clock.time() >= self._outlay.ends_at:
            super().tick()

    def on_resize(self) -> None:
        """Fit the course and the gauges to the new width."""
        self._draw()

    def on_choice_chosen(self, event: Choice.Chosen) -> None:
        """A click is the same as the key."""
        if event.choices.id == "spans":
            self.action_span(DAYS[event.place])
        elif self._outlay is not None:
            self._by = dimensions(self._outlay.tags)[event.place]
            self.look()

    def action_span(self, days: int) -> None:
        """Look at so many days."""
        self._days = days
        self.look()

    def action_by(self, step: int) -> None:
        """Tell spend apart by the next thing, or by the one before."""
        known = dimensions(() if self._outlay is None else self._outlay.tags)
        here = known.index(self._by) if self._by in known else 0
        self._by = known[(here + step) % len(known)]
        self.look()

    def _draw(self) -> None:
        if self._outlay is None:
            return
        width = max(10, self.size.width - 4)
        course = _course(self._outlay, width, 9 if self.size.height >= 36 else 5)
        self.query_one("#course", Static).update(Content("\n".join(course)))
        told = [_gauge(one) for one in self._outlay.gauges] or [
            "no budget: `ultra budgets set all 5 --per day` sets one"
        ]
        self.query_one("#gauges", Static).update(Content("\n".join(told)))


def _line(group: Group, found: Outlay) -> Line:
    totals = group.totals
    name = group.key[0] or "(none)"
    cells = (
        name,
        count(totals.calls),
        count(totals.usage.input_tokens),
        count(totals.usage.output_tokens),
        _cost(totals),
        "" if group.simulated else _part(totals, found.real),
        "simulated" if group.simulated else _unpriced(totals),
    )
    return Line(f"{name} {group.simulated}", cells, "dim" if group.simulated else "")


def _cost(totals: Totals) -> str:
    return lower_bound(totals.cost_nano, totals.known_nano)


def _part(totals: Totals, real: Totals) -> str:
    """Its part of what is known; nothing where nothing is."""
    unknown = not real.known_nano or (totals.unpriced and not totals.known_nano)
    return share(None if unknown else totals.known_nano / real.known_nano)


def _unpriced(totals: Totals) -> str:
    return f"{count(totals.unpriced)} without a price" if totals.unpriced else ""


def _course(found: Outlay, width: int, height: int) -> list[str]:
    """Bars over time under what they come to; a word where there is nothing to draw."""
    real = found.real
    told = f"{_cost(real)} in {calls(real.calls)}"
    if real.unpriced:
        told += f", {count(real.unpriced)} of them without a price"
    if any(group.simulated for group in found.groups):
        told += "; what is simulated is in none of it"
    if not real.known_nano:
        return [told]
    bars = [Bar(_when(window.begins), window.known_nano) for window in found.windows]
    return [told, *standing(bars, (width, height), lambda nano: usd(round(nano)))]


def _when(begins: str) -> str:
    """The hour of an hour, the date of a day."""
    return begins[11:16] if "T" in begins else begins


def _gauge(one: Gauge) -> str:
    limit = one.limit
    name = f"{limit.scope} per {limit.period}, {limit.mode}"
    if not one.window:
        return f"{name}: {usd(limit.limit_nano)}"
    used = one.used_nano / limit.limit_nano if limit.limit_nano else 1.0
    full = min(BAR, round(used * BAR))
    held = min(full, round(BAR * one.reserved_nano / limit.limit_nano)) if limit.limit_nano else 0
    bar = "█" * (full - held) + "▒" * held + "░" * (BAR - full)
    left = usd(one.left_nano) if one.left_nano >= 0 else f"-{usd(-one.left_nano)}"
    parts = [f"{share(used)} of {usd(limit.limit_nano)}", f"{left} left"]
    if one.reserved_nano:
        parts.append(f"{usd(one.reserved_nano)} reserved ▒")
    if one.uncertain_nano:
        parts.append(f"{usd(one.uncertain_nano)} uncertain")
    if one.unpriced:
        parts.append(f"{calls(one.unpriced)} without a price in none of it")
    return f"{bar} {name}: {', '.join(parts)}"

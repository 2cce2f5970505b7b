"""Which endpoints can be used, how they fared, and breakers moved by hand."""

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from ultra.core.errors import ErrorClass, UltraError
from ultra.core.health import EndpointHealth, Spread
from ultra.core.quota import Allowance
from ultra.output.figures import count, lower_bound, rate, share
from ultra.output.health import endpoint_lines
from ultra.output.moments import ago
from ultra.output.sparklines import sparkline
from ultra.output.tables import Column
from ultra.runtime import by_hand
from ultra.runtime.board import Board, Keyring, Place, board, probe
from ultra.tui.screens.page import ReadingPage
from ultra.tui.widgets.asking import Confirm, Reading
from ultra.tui.widgets.rows import Line, Rows

COLUMNS = (
    Column("state"),
    Column("model", shrink=True),
    Column("answered", right=True),
    Column("first 50/95", right=True),
    Column("whole 50/95", right=True, spare=2),
    Column("tok/s", right=True, spare=3),
    Column("today", right=True, spare=1),
    Column("first token", spare=5),
    Column("whole", spare=5),
    Column("quota left", right=True, spare=4),
    Column("last error", spare=6),
)

MARKS = {"ok": "●", "limited": "◐", "down": "✖", "unknown": "○", "misconfigured": "!"}
STYLES = {
    "ok": "$text-success",
    "limited": "$text-warning",
    "down": "$text-error bold",
    "unknown": "$text-muted",
    "misconfigured": "$text-error bold",
}
CURVE = 16
"""Columns of a curve."""


class ProvidersPage(ReadingPage[Board]):
    """A row for each model of the profile; what is to be said of the chosen one stands below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "probe", "Probe", id="probe", tooltip="ask for its list of models, free"),
        Binding(
            "P",
            "probe_all",
            "Probe all",
            show=False,
            id="probe_all",
            tooltip="ask every provider for its list of models, free",
        ),
        Binding("o", "open", "Open", id="open", tooltip="let no call through until it is reset"),
        Binding("r", "reset", "Reset", id="reset", tooltip="let calls through again"),
        Binding("enter", "details", "Details", id="details", tooltip="all that is known of it"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._keyring = Keyring()
        self._board: Board | None = None

    def body(self) -> Iterable[Widget]:
        """The table, and the chosen endpoint below it."""
        yield Rows(COLUMNS, id="endpoints")
        yield Static(id="chosen", markup=False)
        yield Static(id="notes", markup=False)

    def on_mount(self) -> None:
        """Arrow keys move in the table at once."""
        self.query_one(Rows).list.focus()

    def read(self) -> Board:
        """How every endpoint stands."""
        return board(self.runtime, self._keyring)

    def show(self, found: Board) -> None:
        """Draw the table, and what is below it."""
        self._board = found
        now = found.report.checked_at
        self.query_one(Rows).fill([_line(place, now) for place in found.places])
        notes = self.query_one("#notes", Static)
        notes.update(Content("\n".join(found.report.trouble)))
        notes.display = bool(found.report.trouble)
        self._show_chosen()

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Another row is the chosen one."""
        self._show_chosen()

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Enter, or a click on the chosen row."""
        self.action_details()

    def action_details(self) -> None:
        """Open all that is known of the chosen endpoint."""
        place = self._chosen()
        if place is not None and self._board is not None:
            self.app.push_screen(Reading(place.name, _all(place, self._board.report.checked_at)))

    def action_probe(self) -> None:
        """Ask the provider of the chosen endpoint for its models."""
        place = self._chosen()
        if place is not None:
            self._ask([place])

    def action_probe_all(self) -> None:
        """Ask every provider for its models."""
        if self._board is not None:
            self._ask(self._board.places)

    def action_reset(self) -> None:
        """Let calls through to the chosen endpoint again."""
        place = self._chosen()
        if place is not None:
            self.run_worker(self._reset(place.name), group="by hand")

    def action_open(self) -> None:
        """Let no call through to the chosen endpoint, if the user means it."""
        place = self._chosen()
        if place is None:
            return
        question = (
            f"Let no call through to {place.name}, from any process of yours on this machine,"
            " until it is reset?"
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._open(place.name), group="by hand")

        self.app.push_screen(Confirm(question), answered)

    def _chosen(self) -> Place | None:
        key = self.query_one(Rows).chosen
        places = () if self._board is None else self._board.places
        return next((place for place in places if place.name == key), None)

    def _show_chosen(self) -> None:
        place = self._chosen()
        lines = [] if place is None or self._board is None else _told(place, self._board)
        self.query_one("#chosen", Static).update(Content("\n".join(lines)))

    def _ask(self, places: Iterable[Place]) -> None:
        names = sorted({one.health.provider for one in places if not one.health.simulated})
        if not names:
            self.notify("simulated: there is nobody to ask", markup=False)
            return
        self.notify(f"asking {', '.join(names)} for their models", markup=False)
        self.run_worker(self._probe(names), group="probing", exclusive=True)

    async def _probe(self, names: list[str]) -> None:
        try:
            trouble = await asyncio.to_thread(probe, self.runtime, self._keyring, names)
        except UltraError as error:
            self.ultra.report(error)
            return
        if trouble:
            self.ultra.warn(trouble)
        self.look()

    async def _open(self, name: str) -> None:
        try:
            await asyncio.to_thread(by_hand.open_, self.runtime, name)
        except UltraError as error:
            self.ultra.report(error)
        else:
            self.notify(f"no call goes to {name} until it is reset", markup=False)
            self.look()

    async def _reset(self, name: str) -> None:
        try:
            moved = await asyncio.to_thread(by_hand.reset, self.runtime, name)
        except UltraError as error:
            self.ultra.report(error)
        else:
            said = f"calls go to {name} again" if moved else f"no call to {name} was held back"
            self.notify(said, markup=False)
            self.look()


def state(one: EndpointHealth, now: float) -> str:
    """What stops calls to an endpoint, or that nothing does, in a word or two."""
    key = one.credential
    if key.problem:
        return "no key"
    if key.breaker.state in ("open", "forced"):
        return "no credit" if key.breaker.last_class == ErrorClass.QUOTA else "key bad"
    if one.breaker.state in ("open", "forced"):
        return "open"
    if one.breaker.state in ("probing", "due"):
        return "half-open"
    return "gated" if (one.gate.shut_until_at or 0.0) > now else "closed"


def _line(place: Place, now: float) -> Line:
    one, traffic = place.health, place.health.traffic
    error = traffic.last_error
    word = state(one, now)
    standing = "down" if word == "open" else one.standing  # also of one that is simulated
    cells = (
        f"{MARKS[standing]} {word}",
        place.name,
        f"{share(traffic.success)} of {count(traffic.tries)}" if traffic.tries else "-",
        _ranks(traffic.ttft_s),
        _ranks(traffic.duration_s),
        rate(traffic.output_tokens_per_s),
        _today(place),
        sparkline(place.ttft_s, CURVE),
        sparkline(place.duration_s, CURVE),
        _quota(one),
        f"{error.error_class}, {ago(error.failed_at, now)}" if error else "",
    )
    return Line(place.name, cells, STYLES[standing])


def _ranks(spread: Spread | None) -> str:
    return "-" if spread is None else f"{_seconds(spread.p50)}/{_seconds(spread.p95)}"


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _today(place: Place) -> str:
    if place.today is None:
        return "-"
    if place.health.simulated:
        return "simulated"  # what it would have cost is not spent
    return lower_bound(place.today.cost_nano, place.today.known_nano)


def _quota(one: EndpointHealth) -> str:
    """The scarcest of what the provider said is left."""
    quota = one.gate.quota
    kinds = () if quota is None else (("requests", quota.requests), ("tokens", quota.tokens))
    left = [(allowance, kind) for kind, allowance in kinds if allowance and allowance.limit]
    if not left:
        return "-"
    allowance, kind = min(left, key=lambda pair: _part(pair[0]))
    return f"{count(allowance.remaining)} {kind}"


def _part(allowance: Allowance) -> float:
    return (allowance.remaining or 0) / (allowance.limit or 1)


def _told(place: Place, found: Board) -> list[str]:
    return endpoint_lines(place.health, found.report.checked_at)


def _all(place: Place, now: float) -> list[str]:
    """The same, and how its last answers went."""
    lines = endpoint_lines(place.health, now)
    for name, values in (("first token", place.ttft_s), ("whole", place.duration_s)):
        if values:
            span = f"{_seconds(min(values))} to {_seconds(max(values))} s"
            many = "last answer" if len(values) == 1 else f"last {len(values)} answers"
            lines += ["", f"{name}, {many}: {span}", sparkline(values, 60)]
    if place.today is not None:
        many = "call" if place.today.calls == 1 else "calls"
        calls = f"{count(place.today.calls)} {many}, {count(place.today.answered)} answered"
        lines += ["", f"today {calls}, {_today(place)}"]
    return lines

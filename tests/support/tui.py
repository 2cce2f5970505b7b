"""The app driven without a terminal, over a real runtime with a log of its own."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from difflib import unified_diff
from pathlib import Path

from msgspec.structs import replace
from textual.pilot import Pilot

from tests.support.ledger import STARTED, attempt_record, ledger_at, result, run_end, run_record
from tests.support.patience import PATIENCE_S
from tests.support.runs import ManualClock
from ultra.core.errors import ErrorClass, Failure
from ultra.core.ledger import AttemptResult
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.quota import Quota
from ultra.core.usage import Usage
from ultra.runtime.preferences import Preferences
from ultra.runtime.runtime import Runtime
from ultra.tui.app import UltraApp

NOW = STARTED + 400.0
"""2026-09-21T13:20:00Z: the moment at which pictures are taken."""

SIZES = ((80, 24), (120, 40), (200, 60))

SNAPSHOTS = Path(__file__).parents[1] / "tui" / "snapshots"

PROFILE = """\
version: 1
environment: testing
providers:
  lab: {protocol: openai-chat, base_url: "http://127.0.0.1:9/v1", key: none}
models:
  good: {model: "lab:good", price: {input_per_mtok: 1.0, output_per_mtok: 2.0}}
  other: {model: "lab:other", price: {input_per_mtok: 1.0, output_per_mtok: 2.0}}
  unpriced: "lab:unpriced"
groups: {all: [good, other]}
defaults: {ask: good, compare: [good, other]}
"""
"""Models of one provider on loopback, which nobody need be asked for anything."""


NO_KEY = KeyRef("none")


class Fixed(ManualClock):
    """A clock that stands at `NOW` until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW


def runtime(
    home: Path,
    profile: str | None = "development",
    environ: Mapping[str, str] | None = None,
    *,
    text: str | None = None,
) -> Runtime:
    """A runtime below `home`, at a fixed moment; nothing of the user's machine is seen.

    `text` is what its `ultra.yaml` says, and serves when `profile` is None.
    """
    if text is not None:
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "ultra.yaml").write_text(text, encoding="utf-8")
    made = Runtime(
        profile,
        environ={"ULTRA_HOME": str(home), "TZ": "UTC", **(environ or {})},
        cwd=home.parent,
        warn=lambda _text: None,
    )
    made.clock = Fixed()  # type: ignore[assignment]  # it fills the same seam
    return made


@asynccontextmanager
async def shown(
    made: Runtime, *, size: tuple[int, int] = (80, 24), preferences: Preferences | None = None
) -> AsyncIterator[Pilot[None]]:
    """The app on a screen of that size, once nothing moves any more."""
    app = UltraApp(made, preferences)
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settled(pilot)
            yield pilot
    finally:
        made.close()


async def settled(pilot: Pilot[None]) -> None:
    """Wait until the app has read and drawn all that it set out to."""
    before: str | None = None
    while (now := words(pilot)) != before or len(pilot.app.workers):
        before = now
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def until(pilot: Pilot[None], true: Callable[[], object]) -> None:
    """Wait until something is true of the app: what comes by way of the log, or of a provider."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await pilot.pause(0.02)


async def filled(database: Path, *, simulated: bool = False, quota: Quota | None = None) -> None:
    """A log of three models over nine days: answers, one failure, one model without a price."""
    database.parent.mkdir(parents=True, exist_ok=True)
    ledger = ledger_at(database)
    for number in reversed(range(27)):  # the newest last, as they would have come
        model = ("good", "other", "unpriced")[number % 3]
        at = NOW - 30.0 - (number // 3) * 86_400.0
        run = f"run{number:09}"
        tags = {"job": "review"} if number % 2 else {}
        center = "research" if number % 4 else ""
        marks = {"tags": tags, "cost_center": center, "simulated": simulated}
        ledger.begin_run(run_record(run, started_at=at, **marks))
        attempt = attempt_record(run, target=_target(model, simulated), started_at=at)
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, replace(_ended(number, model, at), quota=quota))
        ledger.end_run(run, run_end(run_id=run, ended_at=at + 3.0))
    assert await ledger.flush(30.0)
    ledger.shutdown(30.0)


def _target(model: str, simulated: bool) -> Target:
    protocol = "simulated" if simulated else "openai-chat"
    return Target(model, model, Endpoint("lab", protocol, "http://127.0.0.1:9/v1", NO_KEY))


def _ended(number: int, model: str, at: float) -> AttemptResult:
    if number == 1:
        said = Failure(ErrorClass.OVERLOADED, "busy \x1b[31m[red]now[/red]", status=529)
        return result("", status="error", ended_at=at + 1.0, failure=said, cost_nano=0)
    cost = None if model == "unpriced" else 1_000_000 * (number + 1)
    usage = Usage(text_input_tokens=100 + number, text_output_tokens=40)
    return result(
        ended_at=at + 2.0,
        ttft_s=0.1 + number / 100,
        duration_s=1.0 + number / 10,
        cost_nano=cost,
        charged_nano=cost or 0,
        usage=usage,
    )


def words(pilot: Pilot[None]) -> str:
    """What is on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)


def snapshot(pilot: Pilot[None], name: str) -> None:
    """The screen is as it was when `make snap` drew it last; else its words are compared.

    Our own few lines: pytest-textual-snapshot 1.1.0 holds syrupy, and so pytest, below 9.
    """
    width, height = pilot.app.size
    drawn = pilot.app.export_screenshot(title="ultra tui", simplify=True)
    made = re.sub(r"terminal-\d+", "terminal", drawn)  # textual names styles after a hash
    path = SNAPSHOTS / f"{name}-{width}x{height}.svg"
    if os.environ.get("ULTRA_SNAP"):
        SNAPSHOTS.mkdir(exist_ok=True)
        path.write_text(made, encoding="utf-8")
        return
    assert path.exists(), f"there is no {path.name}: `make snap` draws it"
    kept = path.read_text(encoding="utf-8")
    changed = list(
        unified_diff(_words_of(kept), _words_of(made), "kept", "drawn", lineterm="", n=0)
    )
    assert not changed, "\n".join(changed)
    assert made == kept, f"{path.name} has the same words in other colours: see `make snap`"


def _words_of(svg: str) -> list[str]:
    lines = re.findall(r'<text[^>]*y="([\d.]+)"[^>]*>(.*?)</text>', svg)
    rows: dict[str, str] = {}
    for place, text in lines:
        rows[place] = rows.get(place, "") + text.replace("&#160;", " ")
    return list(rows.values())

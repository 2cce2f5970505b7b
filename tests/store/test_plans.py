"""Whatever the log is asked, it looks things up: a million calls are not read to tell of a few.

The statements are those that SQLite was really given, and the plans its own.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from benchmarks.filled import MODELS, fill, word
from ultra.core.alerts import Measure, Rule
from ultra.core.history import Place, Sought
from ultra.core.model import Endpoint, KeyRef, Target
from ultra.core.tags import Marks
from ultra.core.totals import Filter, Span, Tag
from ultra.store import few
from ultra.store.alerts import measured
from ultra.store.ended import Ended
from ultra.store.experience import last_asked, samples
from ultra.store.glance import glance
from ultra.store.health import Where, lately, models_asked, traffic
from ultra.store.marks import tag_names
from ultra.store.owner import myself
from ultra.store.queries import Log
from ultra.store.reading import reading
from ultra.store.spending import spending
from ultra.store.sweep import sweep
from ultra.store.tail import Tail
from ultra.store.totals import sums, totals

NOW = time.time()
ALIAS, PROVIDER, MODEL = MODELS[0]
URL = "http://127.0.0.1:1/v1"
TARGET = Target(ALIAS, MODEL, Endpoint(PROVIDER, "openai-chat", URL, KeyRef("none")))
DAY_S = 86_400.0
LATELY = Span(NOW - 30 * DAY_S, None, "UTC")
MEASURES: tuple[Measure, ...] = ("spend", "budget", "breaker", "errors", "duration", "first_token")
GROWING = {"runs", "calls", "attempts", "call_totals", "pieces", "messages", "prompts", "run_tags"}
"""Tables that have a row or more for every call."""

_NAMED = re.compile(
    r"\b(?:FROM|JOIN)\s+(\w+)(?:\s+(?:AS\s+)?(?!WHERE|ON|JOIN|CROSS|INDEXED|ORDER|LEFT)(\w+))?"
)
_STEP = re.compile(r"^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")

MEANT = {"runs_running", "attempts_running", "runs_to_index"}
"""Partial indexes that hold what is asked for and nothing else."""


class Full(NamedTuple):
    """A log, and ids that stand in it."""

    path: Path
    log: Log
    run: str
    session: str
    conversation: str


Ask = Callable[[Full], Any]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Full:
    """A log with something of everything. Plans do not depend on how much there is."""
    return made(tmp_path_factory.mktemp("log") / "ultra.db", 300)


def made(path: Path, calls: int) -> Full:
    fill(path, calls, NOW)
    sql = "SELECT run_id, session, conversation FROM runs WHERE conversation != '' LIMIT 1"
    with closing(sqlite3.connect(path)) as connection:
        ids = connection.execute(sql).fetchone()
    return Full(path, Log(path), *ids)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that is run from here on, with what was bound to it."""
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    return statements


def plans(path: Path, statements: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The plan of every statement that reads or changes rows."""
    with closing(sqlite3.connect(path)) as connection:
        for told in dict.fromkeys(statements):
            sql = told.replace("Inf)", "9e999)")  # which SQLite writes and cannot read
            if re.match(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT)\b", sql) and "sqlite_" not in sql:
                rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}")
                yield sql, [row[3] for row in rows]


def scanned(sql: str, plan: list[str]) -> list[tuple[str, str]]:
    """Tables that grow and are gone through from one end, each with the index that leads."""
    tables = {alias or table: table for table, alias in _NAMED.findall(sql)}
    found = [match.groups() for step in plan if (match := _STEP.match(step))]
    named = [(tables.get(name, name), index or "") for name, index in found]
    return [(table, index) for table, index in named if table in GROWING and index not in MEANT]


def _read(ask: Callable[[sqlite3.Connection], Any]) -> Ask:
    def asked(full: Full) -> Any:
        with reading(full.path) as connection:
            assert connection is not None
            return ask(connection)

    return asked


def _spent(full: Full) -> None:
    with spending(full.path, Filter()) as found:
        found.spent(LATELY)
        found.parts(LATELY, ("day", "cost_center"))
        found.unpriced(LATELY)
        found.reach(LATELY)


def _swept(full: Full) -> None:
    with closing(sqlite3.connect(full.path, isolation_level=None)) as connection:
        sweep(connection, myself(), NOW)


def _followed(full: Full) -> None:
    tail = Tail(full.path)
    tail.look(NOW)
    with closing(sqlite3.connect(full.path)) as connection, connection:
        connection.execute("UPDATE runs SET degraded = degraded WHERE id = 1")
    tail.look(NOW)
    tail.close()


FIRST = {"experience": [[("calls", "calls_model")]]}
"""Where the first row of an index is asked for, and nothing after it."""

WALKED = {"runs_started", "runs_cost_center", "runs_ill"}
"""Indexes that runs are walked along from the newest, until there are enough."""

LOOKED_UP: dict[str, Ask] = {
    "search": lambda full: full.log.runs(limit=3, query=word(3)),
    "search-model": lambda full: full.log.runs(limit=3, query=word(3), model=ALIAS),
    "search-page": lambda full: full.log.page(Sought(word(3)), Place(NOW, 99), limit=3),
    "id": lambda full: full.log.run(full.run),
    "beginning of an id": lambda full: full.log.run(full.run[:8]),
    "id of a call": lambda full: full.log.run(f"{full.run}-1"),
    "completion of an id": lambda full: full.log.call_ids(full.run[:2]),
    "completion of a call": lambda full: full.log.call_ids(f"{full.run}-"),
    "what was sent": lambda full: full.log.asked(full.run),
    "branch": lambda full: full.log.branch(f"{full.run}-1"),
    "model": lambda full: full.log.runs(limit=3, model=MODEL),
    "alias": lambda full: full.log.runs(limit=3, model=ALIAS),
    "provider": lambda full: full.log.runs(limit=3, model=PROVIDER),
    "provider and model": lambda full: full.log.runs(limit=3, model=f"{PROVIDER}:{MODEL}"),
    "nobody": lambda full: full.log.page(Sought(model="nobody"), limit=3),
    "tag": lambda full: full.log.runs(limit=3, marks=Marks(tags={"job": "nightly"})),
    "two tags": lambda full: full.log.runs(
        limit=3, marks=Marks(tags={"job": "nightly", "team": "team-1"})
    ),
    "session": lambda full: full.log.last_run(full.session),
    "session and verb": lambda full: full.log.last_run(full.session, "ask"),
    "conversation": lambda full: full.log.conversation(full.conversation),
    "values of two tags": lambda full: full.log.tagged("job", "team"),
    "experience": lambda full: full.log.experience(),
    "samples": _read(lambda log: samples(log, [TARGET], NOW)),
    "samples of a tag": _read(lambda log: samples(log, [TARGET], NOW, {"job": "nightly"})),
    "turns": _read(lambda log: last_asked(log, [TARGET])),
    "health": _read(lambda log: traffic(log, Where(PROVIDER, URL), MODEL, NOW)),
    "models of an endpoint": _read(
        lambda log: models_asked(log, Where(PROVIDER, URL), NOW - DAY_S)
    ),
    "totals of a month": _read(lambda log: totals(log, LATELY)),
    "totals by day and model": _read(lambda log: totals(log, LATELY, by=("day", "model"))),
    "totals by tag": _read(
        lambda log: sums(log, Span(NOW - DAY_S, None, "UTC"), Filter(model=(MODEL,)), (Tag("job"),))
    ),
    "totals of a tag": _read(
        lambda log: sums(log, Span(NOW - DAY_S, None, "UTC"), Filter(tags={"job": "nightly"}))
    ),
    "last answers of a model": _read(lambda log: lately(log, Where(PROVIDER, URL), MODEL, NOW)),
    "names of tags": _read(lambda log: tag_names(log, 20)),
    "shell prompt": lambda full: glance(full.path, NOW),
    "spending": _spent,
    "calls that ended": lambda full: list(Ended(full.path, LATELY, Filter()).look()),
    "alerts": _read(
        lambda log: [measured(log, Rule("x", measure), (), NOW) for measure in MEASURES]
    ),
    "sweep": _swept,
}

ALONG: dict[str, Ask] = {
    "list": lambda full: full.log.runs(limit=3),
    "page": lambda full: full.log.page(Sought(), Place(NOW, 99), limit=3),
    "since": lambda full: full.log.runs(limit=3, since=NOW - DAY_S),
    "cost center": lambda full: full.log.runs(limit=3, marks=Marks("search")),
    "what went wrong": lambda full: full.log.page(Sought(status="error"), limit=3),
    "what is under way": lambda full: full.log.page(Sought(status="running"), limit=3),
    "what went well": lambda full: full.log.page(Sought(status="ok"), limit=3),
    "latest": lambda full: full.log.recent_ids(3),
    "tail": _followed,
}


@pytest.mark.parametrize("name", LOOKED_UP)
def test_what_is_sought_is_looked_up(full: Full, told: list[str], name: str) -> None:
    """No table that grows is gone through, not even along an index."""
    LOOKED_UP[name](full)

    found = {sql: scanned(sql, plan) for sql, plan in plans(full.path, told)}
    assert found, "nothing was asked"
    assert [tables for tables in found.values() if tables] == FIRST.get(name, []), found


@pytest.mark.parametrize("name", ALONG)
def test_the_newest_are_walked_to_and_not_sorted(full: Full, told: list[str], name: str) -> None:
    """An index gives them in order, so that the walk ends with the last that is wanted."""
    ALONG[name](full)

    for sql, plan in plans(full.path, told):
        for table, index in scanned(sql, plan):
            assert (table, index in WALKED or "ORDER BY rowid DESC" in sql) == (table, True), sql
            assert "LIMIT" in sql
        if any(index in " ".join(plan) for index in WALKED):
            assert not [step for step in plan if "ORDER BY" in step and "LAST" not in step], sql


@pytest.mark.parametrize("sought", [Sought(model=ALIAS), Sought(marks=Marks(tags={"job": "docs"}))])
def test_what_most_runs_have_is_walked_to(
    full: Full, told: list[str], monkeypatch: pytest.MonkeyPatch, sought: Sought
) -> None:
    """Looking up all of them would take longer than passing by a few others."""
    monkeypatch.setattr(few, "MOST", 2)

    assert len(full.log.page(sought, limit=3).runs) == 3

    walks = [scanned(sql, plan) for sql, plan in plans(full.path, told)]
    assert [walk for walk in walks if walk] == [[("runs", "runs_started")]]


def test_a_scan_would_be_seen(full: Full) -> None:
    """The reading of plans that the other tests rest on."""
    asked = [
        "SELECT count(*) FROM calls c JOIN attempts a ON a.call_id = c.call_id",
        "SELECT 1 FROM attempts WHERE request_id = 'x'",
        "SELECT * FROM runs WHERE run_id = 'x'",
    ]

    found = [scanned(sql, plan) for sql, plan in plans(full.path, asked)]

    assert [bool(tables) for tables in found] == [True, True, False]


STEPS = 500
"""What a few rows more or less come to."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Full, Full]:
    """A log, and one that is four times as long."""
    home = tmp_path_factory.mktemp("logs")
    return made(home / "short.db", 1_000), made(home / "long.db", 4_000)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda full: full.log.runs(limit=3), id="list"),
        pytest.param(lambda full: full.log.runs(limit=3, model=ALIAS), id="alias"),
        pytest.param(lambda full: full.log.runs(limit=3, model="nobody"), id="nobody"),
        pytest.param(lambda full: full.log.runs(limit=3, marks=Marks("search")), id="cost center"),
        pytest.param(lambda full: full.log.runs(limit=3, marks=Marks("no")), id="no cost center"),
        pytest.param(lambda full: full.log.run(full.run), id="id"),
        pytest.param(lambda full: full.log.call_ids(""), id="all ids"),
        pytest.param(lambda full: full.log.experience(), id="experience"),
        pytest.param(_read(lambda log: last_asked(log, [TARGET])), id="turns"),
        pytest.param(
            _read(lambda log: models_asked(log, Where(PROVIDER, URL), NOW - DAY_S)), id="models"
        ),
    ],
)
def test_a_longer_log_is_no_more_work(
    both: tuple[Full, Full], monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    """Counted in steps of SQLite's machine: a plan may name an index and still walk along it."""
    monkeypatch.setattr(few, "MOST", 50)
    short, long = (worked(monkeypatch, ask, full) for full in both)

    assert long < 1.5 * short + STEPS


def worked(monkeypatch: pytest.MonkeyPatch, ask: Ask, full: Full) -> int:
    steps = [0]
    connect = sqlite3.connect

    def counted() -> int:
        steps[0] += 10
        return 0

    def counting(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)
        connection.set_progress_handler(counted, 10)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", counting)
        ask(full)
    return steps[0]

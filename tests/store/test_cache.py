"""Kept answers in SQLite: against a model in Python, and on bad days of file and clock."""

import asyncio
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from tests.support.caches import kept
from tests.support.ledger import (
    RUN,
    STARTED,
    attempt_record,
    ledger_at,
    one,
    result,
    rows,
    run_end,
    run_record,
    words_in,
)
from ultra.core.model import ModelRef
from ultra.core.ports import CachedAnswer
from ultra.core.profile import CacheRules
from ultra.core.stream import Finished, TextDelta
from ultra.core.usage import Usage
from ultra.store import cache as cache_module
from ultra.store.answers import packed, unpacked
from ultra.store.cache import FARTHEST_S, HOPELESS_S, SKEW_S, AnswerShelf, SqliteCache
from ultra.store.cached import cache_stats, clear, matching
from ultra.store.database import Place, open_database
from ultra.store.owner import myself, to_text

MODEL = ModelRef("lab", "m-1")
DAY = 86_400.0
RULES = CacheRules(enabled=True, ttl_s=DAY, max_mb=1)


class SetClock:
    """A clock that is set; it has no say in how long the loop waits."""

    def __init__(self, now: float = STARTED) -> None:
        self.now = now
        self.steady = 0.0

    def monotonic(self) -> float:
        return self.steady

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the cache never sleeps on the clock")


def cache_at(
    path: Path, clock: SetClock | None = None, warnings: list[str] | None = None, **rules: Any
) -> SqliteCache:
    told = [] if warnings is None else warnings
    return SqliteCache(
        path,
        clock=clock or SetClock(),
        rules=replace(RULES, **rules),
        warn=told.append,
        place=Place(path, 0.2, path.with_name("no-mounts")),
    )


async def look(cache: SqliteCache, key: str = "k", holder: str = "me", **how: Any) -> Any:
    return await cache.look(key, holder, lease_s=how.get("lease_s", 30.0))


async def put(cache: SqliteCache, key: str = "k", text: str = "rayleigh") -> None:
    cache.keep(key, "me", MODEL, kept(text))
    await cache.flush(5.0)


def text_of(found: Any) -> str:
    assert isinstance(found, CachedAnswer), found
    return "".join(body.text for body in found.bodies if isinstance(body, TextDelta))


class Shelf(RuleBasedStateMachine):
    """Two processes (two connections) against plain dictionaries and a clock that jumps."""

    keys = st.sampled_from(["a", "b", "c"])
    who = st.sampled_from([0, 1])

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        place = Place(self.folder / "ultra.db", 1.0, self.folder / "no-mounts")
        self.connections = [open_database(place, STARTED).connection for _ in (0, 1)]
        me = myself()
        self.shelves = [AnswerShelf(connection, RULES, me) for connection in self.connections]
        self.now = STARTED
        self.answers: dict[str, tuple[str, float, float]] = {}
        self.leases: dict[str, tuple[str, float]] = {}

    def teardown(self) -> None:
        for connection in getattr(self, "connections", ()):
            connection.close()
        shutil.rmtree(getattr(self, "folder", "/nonexistent"), ignore_errors=True)

    def fresh(self, key: str) -> str | None:
        text, at, expires = self.answers.get(key, ("", 0.0, 0.0))
        good = text and expires > self.now and self.now - DAY < at <= self.now + SKEW_S
        return text if good else None

    def lease(self, key: str) -> str | None:
        holder, until = self.leases.get(key, ("", 0.0))
        return holder if self.now < until <= self.now + FARTHEST_S else None

    @rule(key=keys, who=who, lease_s=st.sampled_from([None, 30.0, 600.0]))
    def look(self, key: str, who: int, lease_s: float | None) -> None:
        holder = f"call-{who}"

        found = self.shelves[who].look(key, holder, lease_s, self.now)

        if self.fresh(key) is not None:
            assert text_of(found) == self.fresh(key)
            assert found.age_s == max(0.0, self.now - self.answers[key][1])  # type: ignore[union-attr]
            return
        held = self.lease(key)
        if held is not None:
            assert found == ("wait" if held else "alone")
        elif lease_s is None:
            assert found == "alone"
        else:
            assert found == "lead"
            self.leases[key] = (holder, self.now + lease_s)

    @rule(key=keys, who=who, text=st.text("xyz", min_size=1, max_size=4))
    def keep(self, key: str, who: int, text: str) -> None:
        self.shelves[who].keep(key, f"call-{who}", MODEL, kept(text), self.now)

        self.answers = {k: row for k, row in self.answers.items() if row[2] > self.now}
        self.answers[key] = (text, self.now, self.now + DAY)
        self.leases = {k: row for k, row in self.leases.items() if row[1] > self.now}
        self.leases.pop(key, None)

    @rule(key=keys, who=who, hopeless=st.booleans())
    def release(self, key: str, who: int, hopeless: bool) -> None:
        self.shelves[who].release(key, f"call-{who}", self.now, hopeless=hopeless)

        if self.leases.get(key, ("", 0.0))[0] == f"call-{who}":
            del self.leases[key]
            if hopeless:
                self.leases[key] = ("", self.now + HOPELESS_S)

    @rule(seconds=st.sampled_from([1.0, 45.0, 700.0, DAY / 2, DAY, -3600.0, -DAY]))
    def jump(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def rows_are_those_of_the_model(self) -> None:
        if not hasattr(self, "connections"):
            return
        found = self.connections[0].execute("SELECT k, created_at, expires_at FROM cache")
        assert {k: (at, until) for k, at, until in found} == {
            k: (at, until) for k, (_, at, until) in self.answers.items()
        }
        leases = self.connections[1].execute("SELECT k, holder, until FROM cache_lease")
        assert {k: (holder, until) for k, holder, until in leases} == self.leases


TestShelf = Shelf.TestCase
TestShelf.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


async def test_what_was_kept_is_found_with_its_age_and_cost(tmp_path: Path) -> None:
    """By its key alone."""
    clock = SetClock()
    cache = cache_at(tmp_path / "ultra.db", clock)
    await put(cache)
    clock.now += 40.0

    found, other = await look(cache), await look(cache, "other", lease_s=None)

    assert (text_of(found), found.age_s, found.cost_nano) == ("rayleigh", 40.0, 700)
    assert other == "alone"


@pytest.mark.parametrize(
    ("jump_s", "hit"),
    [(DAY - 1.0, True), (DAY + 1.0, False), (-1.0, True), (-DAY, False)],
    ids=["within the day", "a day later", "a second back", "a day back"],
)
async def test_a_clock_that_jumps_never_makes_an_answer_older_than_it_may_be(
    tmp_path: Path, jump_s: float, hit: bool
) -> None:
    """An answer from the future is of unknown age: it is asked for anew, and kept anew."""
    clock = SetClock()
    cache = cache_at(tmp_path / "ultra.db", clock)
    await put(cache)
    clock.now += jump_s

    found = await look(cache)

    assert isinstance(found, CachedAnswer) == hit
    await put(cache, text="new")
    assert text_of(await look(cache)) == "new"


async def test_a_profile_that_wants_fresher_answers_gets_none_older(tmp_path: Path) -> None:
    """The shorter of two times to live holds."""
    clock = SetClock()
    await put(cache_at(tmp_path / "ultra.db", clock))
    clock.now += 100.0

    assert await look(cache_at(tmp_path / "ultra.db", clock, ttl_s=99.0)) == "lead"


async def test_the_cache_stays_within_its_size_and_keeps_what_served_last(tmp_path: Path) -> None:
    """The answer that served longest ago goes first."""
    clock, path = SetClock(), tmp_path / "ultra.db"
    cache = cache_at(path, clock)
    noise = [random.Random(number).randbytes(200_000).hex() for number in range(5)]
    for number, text in enumerate(noise[:4]):
        clock.now += 100.0
        await put(cache, f"k{number}", text)
    clock.now += 100.0
    await look(cache, "k0")
    await cache.flush(5.0)
    clock.now += 100.0
    await put(cache, "k4", noise[4])

    left = {key for (key,) in rows(path, "SELECT k FROM cache")}

    assert one(path, "SELECT sum(size) FROM cache") <= 1_000_000
    assert {"k0", "k4"} <= left
    assert "k1" not in left


async def test_an_answer_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    """And nobody waits for it."""
    cache = cache_at(tmp_path / "ultra.db", max_mb=0)
    assert await look(cache) == "lead"

    await put(cache)

    assert await look(cache, holder="other") == "alone"


@pytest.mark.parametrize(
    "damage",
    [
        "answer = substr(answer, 1, 20)",
        "answer = x'00'",
        "answer = ''",
        "answer = 'text'",
        "answer = zeroblob(100)",
    ],
)
async def test_a_damaged_answer_is_none(tmp_path: Path, damage: str) -> None:
    """It is asked for anew without a word, and kept anew."""
    path = tmp_path / "ultra.db"
    warnings: list[str] = []
    cache = cache_at(path, warnings=warnings)
    await put(cache)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE cache SET {damage}")
        connection.commit()

    assert await look(cache) == "lead"
    await put(cache, text="again")
    assert (text_of(await look(cache)), warnings) == ("again", [])


def test_an_answer_of_another_format_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an older ultra kept is asked for anew."""
    bodies = (TextDelta("one"), Finished("stop"))
    assert unpacked(packed(bodies) or b"") == bodies

    monkeypatch.setattr("ultra.store.answers.FORMAT", 2)

    newer = packed(bodies)
    monkeypatch.undo()
    assert unpacked(newer or b"") is None
    assert unpacked(packed((TextDelta("half"),)) or b"") is None


async def test_a_text_that_no_file_can_hold_is_not_kept(tmp_path: Path) -> None:
    """Half a surrogate pair is no UTF-8; the answer itself was shown."""
    warnings: list[str] = []
    cache = cache_at(tmp_path / "ultra.db", warnings=warnings)

    await put(cache, text="\ud83d")

    assert (await look(cache), warnings) == ("lead", [])


async def test_the_lead_of_a_process_that_died_is_free_at_once(tmp_path: Path) -> None:
    """Nobody waits for the dead."""
    path = tmp_path / "ultra.db"
    cache = cache_at(path)
    assert await look(cache) == "lead"
    assert await look(cache, holder="other") == "wait"
    dead = to_text(replace(myself(), pid=2**22 + 1))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE cache_lease SET owner = ?", (dead,))
        connection.commit()

    assert await look(cache, holder="other") == "lead"


async def test_a_lead_that_was_taken_over_is_not_given_back_by_its_first_holder(
    tmp_path: Path,
) -> None:
    """A slow leader's failure does not call a third one."""
    clock = SetClock()
    cache = cache_at(tmp_path / "ultra.db", clock)
    assert await look(cache, holder="slow") == "lead"
    clock.now += 31.0
    assert await look(cache, holder="next") == "lead"

    cache.release("k", "slow", hopeless=False)
    await cache.flush(5.0)

    assert await look(cache, holder="third") == "wait"


async def test_a_locked_file_costs_the_cache_and_not_the_answer(tmp_path: Path) -> None:
    """It is said once; then the cache is left alone for a minute, and tried again."""
    path, clock = tmp_path / "ultra.db", SetClock()
    warnings: list[str] = []
    cache = cache_at(path, clock, warnings)
    await put(cache)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")

        assert text_of(await look(cache)) == "rayleigh"
        assert [await look(cache, "new") for _ in range(3)] == ["alone"] * 3
        cache.keep("new", "me", MODEL, kept())
        await cache.flush(5.0)

    assert len(warnings) == 1
    assert "locked" in warnings[0]
    clock.steady += 61.0
    assert await look(cache, "new") == "lead"


@pytest.mark.parametrize("trouble", ["a directory", "no database", "no room for one"])
async def test_a_file_that_cannot_be_used_costs_the_cache_and_not_the_answer(
    tmp_path: Path, trouble: str
) -> None:
    """One warning, and everybody asks for themselves."""
    path = tmp_path / "ultra.db"
    warnings: list[str] = []
    if trouble == "a directory":
        path.mkdir()
    elif trouble == "no database":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE others (x)")
    else:
        path = tmp_path / "file" / "ultra.db"
        path.parent.write_text("in the way")
    cache = cache_at(path, warnings=warnings)

    assert [await look(cache), await look(cache)] == ["alone", "alone"]
    await put(cache)

    assert len(warnings) == 1


async def test_a_look_that_nobody_waits_for_any_more_takes_no_lead(tmp_path: Path) -> None:
    """Ctrl-C while the file is slow leaves nothing behind."""
    path = tmp_path / "ultra.db"
    cache = cache_at(path)
    task = asyncio.create_task(look(cache))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    cache.release("k", "me", hopeless=False)
    await cache.flush(5.0)

    assert rows(path, "SELECT * FROM cache_lease") == []


async def test_a_hit_that_is_fresh_in_memory_writes_nothing(tmp_path: Path) -> None:
    """When an answer served last is known to the minute: forty hits are not forty writes."""
    path, clock = tmp_path / "ultra.db", SetClock()
    cache = cache_at(path, clock)
    await put(cache)
    before = one(path, "SELECT used_at FROM cache")
    clock.now += cache_module.USED_S
    await look(cache)
    await cache.flush(5.0)
    assert one(path, "SELECT used_at FROM cache") == before

    clock.now += 1.0
    await look(cache)
    await cache.flush(5.0)

    assert one(path, "SELECT used_at FROM cache") == clock.now


async def test_clearing_forgets_the_words_for_good(tmp_path: Path) -> None:
    """Not even the bytes of the file hold them; the log's own rows are another matter."""
    path = tmp_path / "ultra.db"
    cache = cache_at(path)
    blob = packed(kept("rayleigh scattering").bodies) or b""
    await put(cache, text="rayleigh scattering")
    assert blob in path.read_bytes() + Path(f"{path}-wal").read_bytes()

    assert clear(path, None, None) == 1

    whole = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert blob not in whole
    assert words_in(tmp_path, ["rayleigh"]) == []
    assert await look(cache) == "lead"


async def test_what_is_forgotten_can_be_chosen(tmp_path: Path) -> None:
    """By model, provider or both, and by age."""
    path, clock = tmp_path / "ultra.db", SetClock()
    cache = cache_at(path, clock)
    for number, model in enumerate(("lab:one", "lab:two", "other:one")):
        cache.keep(f"k{number}", "me", ModelRef.parse(model), kept())
        clock.now += 100.0
    await cache.flush(5.0)

    assert matching(path, "lab", None) == 2
    assert matching(path, "one", None) == 2
    assert matching(path, "lab:one", None) == 1
    assert matching(path, None, STARTED + 150.0) == 2
    assert matching(path, "other", STARTED + 150.0) == 0
    assert clear(path, "lab", STARTED + 50.0) == 1
    assert {key for (key,) in rows(path, "SELECT k FROM cache")} == {"k1", "k2"}


async def test_a_served_call_counts_as_no_attempt_and_uses_no_tokens(tmp_path: Path) -> None:
    """In the views that people read; what it saved stands beside what was spent."""
    path = tmp_path / "ultra.db"
    ledger = ledger_at(path)
    usage = Usage(text_input_tokens=10, text_output_tokens=5)
    ledger.begin_run(run_record())
    asked, served = attempt_record(), attempt_record(call=2, number=0, kind="cache")
    await ledger.admit(asked)
    ledger.close(asked.attempt_id, result(usage=usage))
    ledger.serve(
        served, result(usage=usage, cost_nano=0, charged_nano=0, saved_nano=700, ttft_s=None)
    )
    ledger.end_run(RUN, run_end())
    assert await ledger.flush(5.0)

    calls = rows(path, "SELECT attempts, cached, saved_usd FROM v_calls ORDER BY call_id")
    costs = rows(
        path, "SELECT calls, input_tokens, output_tokens, known_usd, cached, saved_usd FROM v_costs"
    )

    assert calls == [(1, 0, None), (0, 1, 7e-7)]
    assert costs == [(2, 10, 5, 7e-7, 1, 7e-7)]
    stats = cache_stats(path, STARTED)
    assert (stats.hits, stats.saved_nano, stats.unpriced) == (1, 700, 0)


async def test_stats_of_no_file_and_of_an_empty_cache_are_nothing(tmp_path: Path) -> None:
    """And make no file."""
    path = tmp_path / "ultra.db"

    stats = cache_stats(path, STARTED)

    assert (stats.entries, stats.size_bytes, stats.hits, stats.oldest) == (0, 0, 0, None)
    assert not path.exists()
    assert (matching(path, None, None), clear(path, None, None)) == (0, 0)

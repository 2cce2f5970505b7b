"""Logs as they are after months of use: made in SQL, so that a million calls take minutes.

The words have the frequencies of a language (Zipf's law over made-up words), the calls come from
several providers, with retries, failures, answers from the cache, cost centers and tags.
"""

import hashlib
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import accumulate
from pathlib import Path

from ultra.core.ids import new_run_id
from ultra.store.database import Place, open_database
from ultra.store.schema import MIGRATIONS

CALLS_OF_TEN = 18
"""Calls of ten runs: seven of one model, two of three members, one of four and a writer."""

ANSWER_BYTES = 1_700
DISK_BYTES = 14_000
"""What a call takes at the most, the copy that is made before renewing included."""

YEAR_S = 365 * 86_400.0
WITHOUT_TOTALS = MIGRATIONS[:7]
"""Filled as an older ultra left it: opening it then makes the totals, as it does for users."""

_VOCABULARY = 40_000
_PASSAGES = 16_384
_PASSAGE_WORDS = 33
"""On average 45; so a million calls come to 2 GB of prompts and answers, each counted once."""

_SETTINGS = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-1000000", "foreign_keys=OFF")

_REBUILD = "INSERT INTO runs_fts (runs_fts) VALUES ('rebuild')"

MODELS = (
    ("smart", "anthropic", "claude-opus-4-5"),
    ("fast", "anthropic", "claude-haiku-4-5"),
    ("gpt", "openai", "gpt-5.2"),
    ("mini", "openai", "gpt-5-mini"),
    ("gem", "google", "gemini-3-pro"),
    ("flash", "google", "gemini-3-flash"),
    ("llama", "local", "llama-4-70b"),
    ("qwen", "local", "qwen3-32b"),
)

_TABLES = (
    "CREATE TEMP TABLE passages (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    "CREATE TEMP TABLE models (id INTEGER PRIMARY KEY, name TEXT, provider TEXT, model TEXT)",
    "CREATE TEMP TABLE centers (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TEMP TABLE asked (i INTEGER PRIMARY KEY, k INTEGER, run_id TEXT, at REAL, members)",
    """CREATE TEMP TABLE made (i INTEGER PRIMARY KEY, k INTEGER, run INTEGER, place INTEGER,
  call_id TEXT, at REAL, writer INTEGER, status TEXT, error TEXT)""",
)


def _mixed(number: str) -> str:
    """SQL for 31 bits that look random and are the same every time."""
    return f"((({number}) * 2654435761 + 1013904223) % 4294967296 >> 1)"


def _passage(number: str) -> str:
    return f"(SELECT text FROM passages WHERE id = {_mixed(number)} % {_PASSAGES})"


_ASKED = f"""
INSERT INTO asked
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :runs)
SELECT i, {_mixed("i * 7 + 3")}, new_id(),
  :now - :over * (:runs - i) / :runs, CASE i % 10 WHEN 9 THEN 5 WHEN 4 THEN 3 WHEN 8 THEN 3 ELSE 1
  END FROM n"""

_MADE = f"""
INSERT INTO made
SELECT row_number() OVER () - 1, {_mixed("i * 31 + column1")}, i, column1,
  run_id || '-' || (column1 + 1), at + 0.001 * column1, members = 5 AND column1 = 4, 'ok', NULL
FROM asked JOIN (VALUES (0), (1), (2), (3), (4)) WHERE column1 < members ORDER BY i, column1"""

_ENDED = """
UPDATE made SET status = CASE WHEN k % 200 = 7 THEN 'cancelled' ELSE 'error' END,
  error = CASE WHEN k % 200 = 7 THEN 'cancelled' WHEN k % 200 < 4 THEN 'rate_limit'
    WHEN k % 200 = 4 THEN 'timeout' ELSE 'overloaded' END
WHERE k % 200 IN (1, 3, 4, 5, 7)"""

_RUNS = f"""
INSERT INTO runs (run_id, verb, strategy, profile, environment, host, cwd, session, conversation,
  prompt, simulated, keep_text, version, started_at, owner, status, ended_at, duration_s,
  answer_call, answer, indexed, cost_center)
SELECT run_id, CASE members WHEN 1 THEN 'ask' WHEN 3 THEN 'compare' ELSE 'fuse' END,
  CASE members WHEN 1 THEN 'single' WHEN 3 THEN 'all' ELSE 'fuse' END,
  CASE k % 5 WHEN 0 THEN 'work' ELSE 'home' END, CASE k % 5 WHEN 0 THEN 'production' ELSE
  'development' END, 'host', '/home/user/project-' || (k % 12), 'tty-' || (i / 40), CASE WHEN k % 6
  = 0 THEN printf('conversation-%d', i / 30) ELSE '' END,
  {_passage("i * 5 + 1")} || ' ' || {_passage("i * 5 + 2")} || ' q' || i,
  k % 100 = 0, 1, '0.4.0', at, '[]', 'ok', at + 4.0, 4.0, run_id || '-1',
  {{answer}}, 1, (SELECT name FROM centers WHERE id = k % 6)
FROM asked ORDER BY i"""

_ANSWER = f"""
{_passage("{i} * 11 + 1")} || ' ' || {_passage("{i} * 11 + 2")} || ' ' || {_passage("{i} * 11 + 3")}
|| char(10) || {_passage("{i} * 11 + 4")} || ' ' || {_passage("{i} * 11 + 5")} || ' id' || {{i}}"""

_PROMPTS = (
    """
INSERT INTO messages SELECT sha(content), content FROM (SELECT json_object('role', 'user', 'parts',
  json_array(json_object('text', prompt))) AS content FROM runs ORDER BY id)""",
    """
INSERT INTO prompts SELECT sha(listing), listing FROM
  (SELECT json_array(sha256) AS listing FROM messages ORDER BY rowid)""",
)

_CALLS = """
INSERT INTO calls (call_id, run_id, role, member_index, sample, name, provider, model, protocol,
  base_url, simulated, options, started_at, status, ended_at, prompt)
SELECT m.call_id, r.run_id, CASE WHEN m.writer THEN 'writer' WHEN r.verb = 'ask' THEN 'answer' ELSE
  'member' END, CASE WHEN NOT m.writer THEN m.place END, 0, t.name, t.provider, t.model,
  'openai-chat', 'http://127.0.0.1:1/v1', r.simulated, '{}', m.at, m.status, m.at + 4.0, p.sha256
FROM made m JOIN runs r ON r.id = m.run + 1 JOIN prompts p ON p.rowid = m.run + 1
JOIN models t ON t.id = (r.id * 3 + m.place) % 8 ORDER BY m.i"""

_ATTEMPTS = """
INSERT INTO attempts (attempt_id, call_id, number, started_at, status, ended_at, duration_s, ttft_s,
  chunks, text, finish_reason, text_input_tokens, cache_read_tokens, text_output_tokens,
  reasoning_tokens, usage_source, cost_nano, charged_nano, price_source, error_class,
  error_message, error_status, kind, key_fp, saved_nano)
SELECT call_id || '.1', call_id, k % 25 != 0, at, status, at + 0.5 + (k % 8000) / 1000.0,
  0.5 + (k % 8000) / 1000.0, CASE WHEN status = 'ok' THEN 0.2 + (k % 1700) / 1000.0 END, 40,
  CASE WHEN status = 'ok' THEN {answer} END, CASE WHEN status = 'ok' THEN 'stop' END,
  CASE WHEN status = 'ok' THEN 100 + k % 900 END, CASE WHEN k % 3 = 0 THEN 64 END,
  CASE WHEN status = 'ok' THEN 50 + k % 700 END, CASE WHEN k % 4 = 0 THEN 200 END, 'provider',
  CASE WHEN i % 8 != 7 THEN 1000 * (k % 9000) END, 1000 * (k % 9000), 'catalog', error,
  CASE WHEN error IS NOT NULL THEN 'the server said no' END,
  CASE WHEN error = 'rate_limit' THEN 429 END, CASE WHEN k % 25 = 0 THEN 'cache' ELSE 'primary' END,
  'abcd', CASE WHEN k % 25 = 0 THEN 1000 * (k % 9000) END
FROM made ORDER BY i"""

_AGAIN = """
INSERT INTO attempts (attempt_id, call_id, number, started_at, status, ended_at, duration_s, kind,
  key_fp, error_class, error_status, cost_nano, charged_nano)
SELECT call_id || '.2', call_id, 2, at + 9.0, 'error', at + 9.4, 0.4, 'retry', 'abcd', error, 429,
  0, 0 FROM made WHERE error = 'rate_limit' ORDER BY i"""

_TAGS = """
INSERT INTO run_tags SELECT run_id, 'job', CASE k % 3 WHEN 0 THEN 'nightly' WHEN 1 THEN 'review'
  ELSE 'docs' END FROM asked WHERE k % 10 < 3 UNION ALL
SELECT run_id, 'team', 'team-' || (k % 9) FROM asked WHERE k % 10 < 2"""


def fill(path: Path, calls: int, now: float, over_s: float = YEAR_S) -> float:
    """Make a log at `path` of about so many calls over the time before `now`, and index it.

    Returns the seconds that renewing it took: it is written as an ultra without totals left it.
    Raises `RuntimeError` where the disk has no room for it.
    """
    if shutil.disk_usage(path.parent).free < calls * DISK_BYTES:
        raise RuntimeError(
            f"{calls:,} calls need {calls * DISK_BYTES / 1e9:.0f} GB in {path.parent}"
        )
    with _hasty(Place(path, steps=WITHOUT_TOTALS), now) as connection:
        connection.create_function("sha", 1, _sha, deterministic=True)
        connection.create_function("new_id", 0, new_run_id)
        connection.execute("BEGIN")
        values = {"runs": max(10, calls * 10 // CALLS_OF_TEN), "now": now, "over": over_s}
        _prepare(connection)
        for statement in _statements():
            connection.execute(statement, values)
        connection.execute("COMMIT")
    start = time.perf_counter()
    open_database(Place(path), now).connection.close()
    seconds = time.perf_counter() - start
    for copy in path.parent.glob(f"{path.name}.schema-*"):
        copy.unlink()
    with _hasty(Place(path), now) as connection:
        connection.execute(_REBUILD)
        connection.execute("PRAGMA journal_mode=WAL")
    return seconds


@contextmanager
def _hasty(place: Place, now: float) -> Iterator[sqlite3.Connection]:
    """A connection that may leave half of everything behind when the machine stops."""
    with closing(open_database(place, now).connection) as connection:
        for setting in _SETTINGS:
            connection.execute(f"PRAGMA {setting}")
        yield connection


def word(rank: int) -> str:
    """The made-up word that is the so-many-th in frequency, 0 the commonest."""
    syllables = ("ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "pla", "tre", "gri")
    letters = []
    rest = rank + len(syllables)
    while rest:
        rest, part = divmod(rest, len(syllables))
        letters.append(syllables[part])
    return "".join(letters)


def _statements() -> list[str]:
    answers = [_ANSWER.replace("{i}", which) for which in ("m.i", "i")]
    first = f"(SELECT {answers[0]} FROM made m WHERE m.call_id = asked.run_id || '-1')"
    return [
        _ASKED,
        _MADE,
        _ENDED,
        "CREATE UNIQUE INDEX temp.made_call ON made(call_id)",
        _RUNS.replace("{answer}", first),
        *_PROMPTS,
        _CALLS,
        _ATTEMPTS.replace("{answer}", answers[1]),
        _AGAIN,
        _TAGS,
    ]


def _prepare(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    chance = random.Random(6)
    words = [word(rank) for rank in range(_VOCABULARY)]
    weights = list(accumulate(1.0 / (rank + 2.7) for rank in range(_VOCABULARY)))
    connection.executemany(
        "INSERT INTO passages VALUES (?, ?)",
        (
            (at, " ".join(chance.choices(words, cum_weights=weights, k=_length(chance))))
            for at in range(_PASSAGES)
        ),
    )
    connection.executemany(
        "INSERT INTO models VALUES (?, ?, ?, ?)", ((at, *row) for at, row in enumerate(MODELS))
    )
    names = ("", "", "search", "support", "research", "platform")
    connection.executemany("INSERT INTO centers VALUES (?, ?)", enumerate(names))


def _length(chance: random.Random) -> int:
    """Words of a passage: many short ones, few long ones."""
    return max(4, min(400, round(chance.lognormvariate(0.0, 0.8) * _PASSAGE_WORDS)))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

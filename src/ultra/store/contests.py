"""What was found better than what, and what models were asked for, as the log has it."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import Any

import msgspec
from msgspec import Struct

from ultra.core.contests import Contest, Entry, Timed
from ultra.core.tags import Marks
from ultra.core.verdict import Ballot, Verdict
from ultra.store.bulk import MOST_VALUES
from ultra.store.rows import strings

TOLD_SINCE = 6
"""The version of the file from which it has all that is asked for here."""

_TAG = """EXISTS (SELECT 1 FROM run_tags t
  WHERE t.run_id = r.run_id AND t.name = ? AND t.value = ?)"""
_CENTER = "r.cost_center = ?"

_RUNS = """
SELECT r.run_id FROM runs r WHERE r.started_at >= ? AND r.started_at < ? {marked} AND r.run_id IN (
  SELECT run_id FROM picks UNION SELECT run_id FROM ballots UNION SELECT run_id FROM checks)
ORDER BY r.started_at DESC LIMIT ?"""

_COST = """(WITH RECURSIVE part(id) AS (SELECT c.call_id UNION
     SELECT p.call_id FROM calls p JOIN part ON p.parent = part.id WHERE p.run_id = c.run_id),
   paid(nano) AS (SELECT CASE WHEN a.kind = 'cache' THEN a.saved_nano ELSE a.cost_nano END
     FROM attempts a WHERE a.call_id IN (SELECT id FROM part))
   SELECT CASE WHEN count(*) = count(nano) THEN sum(nano) END FROM paid)"""
"""What an answer costs: an ensemble's is that of the calls made for it, and one that was on record
already costs what it did when it was asked for."""

_MEMBERS = f"""
SELECT c.run_id, c.call_id, c.provider, c.model, c.simulated, c.prompt,
  (SELECT min(k.met) FROM checks k WHERE k.call_id = c.call_id AND k.run_id = c.run_id),
  {_COST}
FROM calls c WHERE c.run_id IN ({{slots}}) AND c.status = 'ok' AND c.parent = ''
  AND (c.role IN ('answer', 'member') OR c.call_id IN (SELECT k.call_id FROM checks k
    WHERE k.run_id = c.run_id))
ORDER BY c.run_id, c.member_index IS NULL, c.member_index, c.sample, c.rowid"""  # noqa: S608  (SQL of our own)

_ELSEWHERE = f"""
SELECT c.call_id, c.provider, c.model, c.simulated, {_COST}
FROM calls c WHERE c.call_id IN ({{slots}})"""  # noqa: S608

_TIMED = """
SELECT c.provider || ':' || c.model, max(0.0, a.started_at - c.started_at) + a.duration_s, c.run_id
FROM runs r JOIN calls c ON c.run_id = r.run_id JOIN attempts a ON a.call_id = c.call_id
  AND a.number = (SELECT max(number) FROM attempts t WHERE t.call_id = c.call_id)
WHERE r.started_at >= ? AND r.started_at < ? AND c.status = 'ok' AND a.kind != 'cache'
  AND a.duration_s IS NOT NULL AND c.role IN ('answer', 'member', 'writer') {marked}"""
"""No analysis, judge or probe: their times are not those of answers."""


class _Member(Struct, frozen=True):
    """One answer of a run, as its columns have it."""

    call_id: str
    provider: str
    model: str
    simulated: int
    prompt: str | None
    met: int | None
    cost_nano: int | None

    @property
    def entry(self) -> Entry:
        met = None if self.met is None else bool(self.met)
        model = f"{self.provider}:{self.model}"
        return Entry(self.call_id, model, met, self.cost_nano, bool(self.simulated))


def contests(
    connection: sqlite3.Connection,
    since: float,
    marks: Marks,
    *,
    until: float = inf,
    limit: int = -1,
) -> list[Contest]:
    """Runs in which something was picked, judged or checked, newest first; `limit` -1 for all.

    Of those that began at `since` or later and before `until`.

    A log of an older ultra, which the next run renews, tells of none.
    """
    if connection.execute("PRAGMA user_version").fetchone()[0] < TOLD_SINCE:
        return []
    marked, values = _marked(marks)
    wanted = _RUNS.format(marked=marked)
    runs = [run for (run,) in connection.execute(wanted, (since, until, *values, limit))]
    members: dict[str, list[_Member]] = {run: [] for run in runs}
    for run, *columns in _many(connection, _MEMBERS, runs):
        members[run].append(_Member(*columns))
    ballots, tags = _ballots(connection, runs), _tags(connection, runs)
    picks = {run: (call, blind) for run, call, blind in _many(connection, _PICKS, runs)}
    strangers = _strangers(connection, members, ballots)
    found = []
    for run in runs:
        picked, blind = picks.get(run, (None, 0))
        labels = _labels(connection, run) if blind else {}
        own = sorted(members[run], key=lambda one: labels.get(one.call_id, ""))
        cast = ballots.get(run, [])
        shown = dict.fromkeys(call for one in cast for call in one.display_order)
        entries = [
            *(one.entry for one in own),
            *(strangers[call] for call in shown if call in strangers),
        ]
        prompt = next((one.prompt for one in own if one.prompt), run)
        found.append(Contest(run, prompt, tuple(entries), tuple(cast), picked, tags.get(run, {})))
    return found


_PICKS = "SELECT run_id, call_id, blind FROM picks WHERE run_id IN ({slots})"
_CAST = """SELECT run_id, judge, call_id, display_order, ranking FROM ballots
WHERE run_id IN ({slots}) ORDER BY run_id, call_id"""
_TAGGED = "SELECT run_id, name, value FROM run_tags WHERE run_id IN ({slots})"


def timed(
    connection: sqlite3.Connection, since: float, marks: Marks, *, until: float = inf
) -> list[Timed]:
    """Whole answers, those of ensembles beside those of the calls that were made for them."""
    marked, values = _marked(marks)
    rows = connection.execute(_TIMED.format(marked=marked), (since, until, *values)).fetchall()
    tags = _tags(connection, list({run for _, _, run in rows}))
    return [Timed(model, seconds, tags.get(run, {})) for model, seconds, run in rows]


def _marked(marks: Marks) -> tuple[str, list[str]]:
    """The conditions that marks come to, and what is bound to them."""
    said = [(_TAG, [name, value]) for name, value in marks.tags.items()]
    said += [(_CENTER, [marks.cost_center])] if marks.cost_center else []
    words = "".join(f" AND {condition}" for condition, _ in said)
    return words, [value for _, values in said for value in values]


def _many(connection: sqlite3.Connection, sql: str, ids: Sequence[str]) -> Iterable[Any]:
    """The rows of a question about many ids, as many at once as a statement binds."""
    for start in range(0, len(ids), MOST_VALUES):
        batch = ids[start : start + MOST_VALUES]
        slots = ", ".join("?" * len(batch))
        yield from connection.execute(sql.format(slots=slots), batch)


def _ballots(connection: sqlite3.Connection, runs: Sequence[str]) -> dict[str, list[Ballot]]:
    found: dict[str, list[Ballot]] = {}
    for run, judge, call_id, order, ranking in _many(connection, _CAST, runs):
        ballot = Ballot(judge, call_id, tuple(strings(order)), tuple(strings(ranking)))
        found.setdefault(run, []).append(ballot)
    return found


def _tags(connection: sqlite3.Connection, runs: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for run, name, value in _many(connection, _TAGGED, runs):
        found.setdefault(run, {})[name] = value
    return found


def _strangers(
    connection: sqlite3.Connection,
    members: Mapping[str, Sequence[_Member]],
    ballots: Mapping[str, Sequence[Ballot]],
) -> dict[str, Entry]:
    """Answers that judges were shown and that are no members: of earlier runs, of layers."""
    own = {one.call_id for several in members.values() for one in several}
    shown = {call for cast in ballots.values() for one in cast for call in one.display_order}
    return {
        call_id: Entry(call_id, f"{provider}:{model}", None, cost_nano, bool(simulated))
        for call_id, provider, model, simulated, cost_nano in _many(
            connection, _ELSEWHERE, sorted(shown - own)
        )
    }


def _labels(connection: sqlite3.Connection, run: str) -> dict[str, str]:
    """What each answer was shown under to somebody who was not to know whose it was."""
    row = connection.execute("SELECT verdict FROM verdicts WHERE run_id = ?", (run,)).fetchone()
    verdict = msgspec.json.decode(row[0], type=Verdict) if row else Verdict(())
    return dict(zip(verdict.call_ids, verdict.labels, strict=False))

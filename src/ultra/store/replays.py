"""Logged prompts with their answers, to be asked again of somebody else."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ultra.core.answer import Answer
from ultra.core.batch import TAG
from ultra.core.replay import Found, Logged
from ultra.core.tags import Marks
from ultra.store.turns import prompt_messages

_TAG = """EXISTS (SELECT 1 FROM run_tags t
  WHERE t.run_id = r.run_id AND t.name = ? AND t.value = ?)"""

_RUNS = f"""
SELECT r.run_id, r.verb, r.keep_text, r.simulated, r.answer,
  ifnull((SELECT p.call_id FROM picks p WHERE p.run_id = r.run_id), r.answer_call),
  (SELECT p.messages FROM calls c JOIN prompts p ON p.sha256 = c.prompt
   WHERE c.run_id = r.run_id AND c.role IN ('answer', 'member')
   ORDER BY c.parent != '', c.member_index IS NULL, c.member_index, c.rowid LIMIT 1)
FROM runs r WHERE r.verb IN ('ask', 'chat', 'compare') AND r.status != 'running'
  AND NOT EXISTS (SELECT 1 FROM run_tags b WHERE b.run_id = r.run_id AND b.name = '{TAG}')
  {{wanted}} ORDER BY r.started_at DESC, r.id DESC"""  # noqa: S608  (a name of our own)

_ANSWER = """
SELECT c.name, c.provider, c.model, c.simulated, a.text, a.kind = 'cache', a.saved_nano,
  a.started_at - c.started_at + a.duration_s, a.finish_reason
FROM calls c JOIN attempts a ON a.call_id = c.call_id
WHERE c.call_id = ? AND c.status = 'ok' ORDER BY a.number DESC LIMIT 1"""

_COST = """
SELECT CASE WHEN count(*) = count(a.cost_nano) THEN sum(a.cost_nano) END, r.duration_s,
  count(DISTINCT c.call_id)
FROM runs r JOIN calls c ON c.run_id = r.run_id JOIN attempts a ON a.call_id = c.call_id
WHERE r.run_id = ? AND (? = 0 OR c.call_id = ? OR c.parent = ?)"""

NOT_KEPT = "words were kept out of the log"
NO_ANSWER = "no whole answer"
NO_PICK = "a comparison that nobody picked from"
REPEATED = "asked again later"
MADE_UP = "a made-up answer, or a real one to hold a simulated model against"


class Sought(Struct, frozen=True):
    """Which runs: those of the ids, else those since a moment with the marks.

    `simulated` says whether made-up answers are meant, or none but these are left out.
    """

    runs: tuple[str, ...] = ()
    since: float = 0.0
    marks: Marks = Marks()
    simulated: bool = False


def logged(connection: sqlite3.Connection, sought: Sought) -> Found:
    """What can be asked again, newest first, each prompt once; and what was left out for what."""
    wanted, values = _wanted(sought)
    skipped: Counter[str] = Counter()
    found: dict[str, Logged] = {}
    for row in connection.execute(_RUNS.format(wanted=wanted), values).fetchall():
        why = _unfit(row, sought)
        one = None if why else _logged(connection, row)
        if one is None:
            skipped[why or NO_ANSWER] += 1
        elif row[6] in found:
            skipped[REPEATED] += 1
        else:
            found[row[6]] = one
    return Found(tuple(found.values()), dict(skipped))


def _wanted(sought: Sought) -> tuple[str, list[Any]]:
    if sought.runs:
        return f"AND r.run_id IN ({', '.join('?' * len(sought.runs))})", list(sought.runs)
    marks = sought.marks
    words, values = "AND r.started_at >= ?", list[Any]((sought.since,))
    for name, value in marks.tags.items():
        words, values = f"{words} AND {_TAG}", [*values, name, value]
    if marks.cost_center:
        words, values = f"{words} AND r.cost_center = ?", [*values, marks.cost_center]
    return words, values


def _unfit(row: Sequence[Any], sought: Sought) -> str | None:
    """Why a run cannot be asked again; None when it may be."""
    _, verb, keep_text, simulated, answer, call_id, messages = row
    if bool(simulated) != sought.simulated:
        return MADE_UP
    if not keep_text or messages is None:
        return NOT_KEPT
    if verb == "compare" and call_id is None:
        return NO_PICK
    return None if call_id is not None and (answer or verb == "compare") else NO_ANSWER


def _logged(connection: sqlite3.Connection, row: Sequence[Any]) -> Logged | None:
    """The answer with its prompt; None where there are no words."""
    run_id, verb, _, _, written, call_id, messages = row
    said = connection.execute(_ANSWER, (call_id,)).fetchone()
    if said is None:
        return None
    name, provider, model, simulated, text, cached, saved_nano, own_s, finish = said
    text = text if verb == "compare" else written
    if not text or not text.strip() or finish == "content_filter":
        return None
    picked = int(verb == "compare")
    cost_nano, run_s, calls = connection.execute(
        _COST, (run_id, picked, call_id, call_id)
    ).fetchone()
    answer = Answer(call_id, name, provider, model, "ok", text=text, simulated=bool(simulated))
    return Logged(
        run_id,
        tuple(prompt_messages(connection, messages)),
        answer,
        saved_nano if cached else cost_nano,
        None if cached else run_s if calls > 1 else own_s,
    )

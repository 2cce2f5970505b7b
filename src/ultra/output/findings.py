"""What a comparison found, as notes and small tables that every format shows in its own way."""

from collections.abc import Sequence

from msgspec import Struct

from ultra.core.records import CallDocument, RunDocument
from ultra.core.verdict import Verdict
from ultra.output.figures import share
from ultra.output.progress import call_name
from ultra.output.tables import Column
from ultra.output.written import changes, claims, doubts

_LEAST_FOR_MATRIX = 3
"""Of two answers the table of figures says how alike they are."""


class Finding(Struct, frozen=True):
    """One thing that was found: sentences, and a table where there is one. Nothing is made safe."""

    title: str
    notes: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


class Names:
    """What the calls of a run go by."""

    def __init__(self, document: RunDocument) -> None:
        self._names = {call.call_id: call_name(call.name, call.sample) for call in document.calls}

    def __getitem__(self, call_id: str) -> str:
        return self._names.get(call_id, call_id)

    def all(self, call_ids: Sequence[str]) -> str:
        """Several, in order."""
        return ", ".join(self[call_id] for call_id in call_ids)


def findings(document: RunDocument) -> list[Finding]:
    """What was found, the most telling first; nothing for what was not looked for."""
    verdict = document.verdict
    if verdict is None:
        return []
    names = Names(document)
    found = [
        _verdict(document, verdict, names),
        _ballots(verdict, names),
        _remarks(verdict, names),
        _checks(verdict, names),
        _agreement(verdict, names),
        _conflicts(verdict, names),
        _matrix(verdict, names),
        _claims(verdict, names),
        _told("doubts", doubts(verdict)),
        _told("the debate", changes(verdict)),
    ]
    return [one for one in found if one is not None]


def score_of(document: RunDocument, call: CallDocument) -> float | None:
    """What the judges give an answer on average, 0..1; None where none judged it."""
    standings = document.verdict.standings if document.verdict else ()
    return next((one.score for one in standings if one.call_id == call.call_id), None)


def met_of(document: RunDocument, call: CallDocument) -> bool | None:
    """Whether an answer met every expectation; None where there was none."""
    checks = document.verdict.checks if document.verdict else ()
    met = [check.met for check in checks if check.call_id == call.call_id]
    return all(met) if met else None


def extracted_of(document: RunDocument, call: CallDocument) -> str | None:
    """What an answer comes to; None where nothing was extracted, or nothing could be."""
    verdict = document.verdict
    if verdict is None or not verdict.extracted or call.call_id not in verdict.call_ids:
        return None
    return verdict.extracted[verdict.call_ids.index(call.call_id)]


def _verdict(document: RunDocument, verdict: Verdict, names: Names) -> Finding | None:
    notes = []
    if document.picked is not None:
        notes.append(f"picked: {names[document.picked]}")
    if verdict.labels:
        whose = sorted(zip(verdict.labels, verdict.call_ids, strict=True))
        notes.append("shown as " + ", ".join(f"{label}: {names[call]}" for label, call in whose))
    if not verdict.contenders:
        return Finding("verdict", tuple(notes)) if notes else None
    if verdict.ballots:
        notes.append(_winner(verdict, names))
        if verdict.swap_consistency is not None:
            kept = share(verdict.swap_consistency)
            notes.append(f"{kept} of the pairs are judged alike whichever is shown first")
        if verdict.concordance is not None:
            notes.append(f"the ballots' rankings concur at {verdict.concordance:.2f} (Kendall's W)")
        notes += [
            f"{one.judge} did not judge {names[one.call_id]}: its own answer"
            for one in verdict.recusals
        ]
    if verdict.unmeasured:
        notes.append(verdict.unmeasured)
    columns, rows = _standings(verdict)
    return Finding("verdict", tuple(notes), columns, rows)


def _winner(verdict: Verdict, names: Names) -> str:
    judges = len({ballot.judge for ballot in verdict.ballots})
    ballots = len(verdict.ballots)
    heard = (
        f"{judges} judge{'s' if judges > 1 else ''}, {ballots} ballot{'s' if ballots > 1 else ''}"
    )
    if verdict.winner is None:
        return f"no winner: the best are equal ({heard})"
    return f"winner: {names[verdict.winner]} ({heard})"


def _standings(
    verdict: Verdict,
) -> tuple[tuple[Column, ...], tuple[tuple[str, ...], ...]]:
    """The contenders, with those figures that any of them has."""
    every: list[tuple[Column, list[str]]] = [
        (Column("model", shrink=True), [one.name for one in verdict.contenders]),
        (Column("samples", right=True), [str(len(one.call_ids)) for one in verdict.contenders]),
    ]
    if verdict.ballots:
        every += [
            (Column("score", right=True), [_figure(one.score) for one in verdict.contenders]),
            (Column("95%"), [_interval(one.low, one.high) for one in verdict.contenders]),
            (Column("judges", right=True), [str(one.judges) for one in verdict.contenders]),
        ]
    if verdict.checks:
        every += [
            (
                Column("met", right=True),
                [f"{one.passed} of {one.checked}" for one in verdict.contenders],
            ),
            (
                Column("met, 95%"),
                [_interval(one.pass_low, one.pass_high) for one in verdict.contenders],
            ),
        ]
    columns = tuple(column for column, _ in every)
    return columns, tuple(zip(*(cells for _, cells in every), strict=True))


def _ballots(verdict: Verdict, names: Names) -> Finding | None:
    if not verdict.ballots:
        return None
    columns = (Column("judge", shrink=True), Column("shown"), Column("best first"))
    rows = tuple(
        (one.judge, names.all(one.display_order), names.all(one.ranking) or "a tie")
        for one in verdict.ballots
    )
    return Finding("ballots", (), columns, rows)


def _remarks(verdict: Verdict, names: Names) -> Finding | None:
    notes: dict[str, None] = {}
    for one in sorted(verdict.remarks, key=lambda one: verdict.call_ids.index(one.call_id)):
        for sign, words in (("+", one.strengths), ("-", one.errors)):
            for said in words:
                notes[f"{names[one.call_id]}: {sign} {said} ({one.judge})"] = None
    return Finding("what judges say", tuple(notes)) if notes else None


def _checks(verdict: Verdict, names: Names) -> Finding | None:
    if not verdict.checks:
        return None
    columns = (Column("model"), Column("expected", shrink=True), Column("met"))
    rows = tuple(
        (names[one.call_id], one.expectation, "yes" if one.met else f"no: {one.why}")
        for one in verdict.checks
    )
    return Finding("expectations", (), columns, rows)


def _agreement(verdict: Verdict, names: Names) -> Finding | None:
    groups = [[verdict.call_ids[place] for place in group] for group in verdict.clusters]
    notes = []
    if verdict.agreement is not None:
        notes.append(f"{share(verdict.agreement)} agree, by {verdict.agreed_on}")
    if verdict.extracted:
        told = [verdict.extracted[group[0]] or "" for group in verdict.clusters]
        unread = [
            call
            for call, key in zip(verdict.call_ids, verdict.extracted, strict=True)
            if key is None
        ]
        rows = [(key, names.all(group)) for key, group in zip(told, groups, strict=True)]
        rows += [("nothing that could be read", names.all(unread))] if unread else []
        columns = (Column("comes to", shrink=True), Column("who"))
        return Finding("agreement", tuple(notes), columns, tuple(rows))
    for reading in verdict.readings:
        same = " | ".join(names.all(group) for group in reading.groups)
        notes.append(f"{reading.judge} reads as the same: {same}")
    notes += [f"{names.all(group)} say the same" for group in groups if len(group) > 1]
    if verdict.medoid is not None:
        notes.append(f"most like the others: {names[verdict.call_ids[verdict.medoid]]}")
    return Finding("agreement", tuple(notes)) if notes else None


def _conflicts(verdict: Verdict, names: Names) -> Finding | None:
    if not verdict.conflicts:
        return None
    columns = (Column("about", shrink=True), Column("value"), Column("who"))
    rows = tuple(
        (one.about, value.value, names.all(value.call_ids))
        for one in verdict.conflicts
        for value in one.values
    )
    return Finding("numbers that conflict", (), columns, rows)


def _matrix(verdict: Verdict, names: Names) -> Finding | None:
    if len(verdict.similarity) < _LEAST_FOR_MATRIX:
        return None
    who = [names[call] for call in verdict.call_ids]
    columns = (Column("similarity"), *(Column(name, right=True) for name in who))
    rows = tuple(
        (name, *(share(value) for value in row))
        for name, row in zip(who, verdict.similarity, strict=True)
    )
    return Finding("likeness of words, which is no agreement", (), columns, rows)


def _claims(verdict: Verdict, names: Names) -> Finding | None:
    rows = tuple(claims(verdict, names.__getitem__))
    columns = (Column("claim", shrink=True), Column("who"))
    return Finding("claims", (), columns, rows) if rows else None


def _told(title: str, notes: Sequence[str]) -> Finding | None:
    return Finding(title, tuple(notes)) if notes else None


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.2f} to {high:.2f}"

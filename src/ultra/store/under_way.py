"""Folds what arrives in the log into what is under way, within bounded memory.

What ended stays for a while, so that it can be read; then it leaves, oldest first.
"""

from collections.abc import Iterable
from itertools import chain

import msgspec
from msgspec import structs

from ultra.core.live import ABANDONED, RUNNING, Live, LiveAttempt, LiveCall, LiveRun, LogState
from ultra.store.arrivals import Arrivals, Reader, SeenAttempt, SeenCall, SeenRun
from ultra.store.owner import Owner, gone, myself

KEEP_S = 300.0
"""How long what ended is still shown."""

MOST_ENDED = 200
"""Ended calls, and ended runs that never had one, that are kept at the most."""

MOST_TEXT = 16_384
"""Characters of a running call that are held: what a large screen shows of it."""


class UnderWay:
    """What one reader has seen, on one thread. A `Live` that was given out never changes."""

    def __init__(self) -> None:
        self._me = myself()
        self._runs: dict[str, LiveRun] = {}
        self._owners: dict[str, str] = {}
        self._calls: dict[str, LiveCall] = {}
        self._call_of: dict[str, str] = {}
        self._told = Live()

    @property
    def live(self) -> Live:
        """All of it now. The same object as before when nothing is different."""
        return self._told

    def note(self, state: LogState, words: str, changes: int) -> None:
        """Take in how the file is, and how often it was written to."""
        told = self._told
        if (told.state, told.words, told.changes) != (state, words, changes):
            self._told = structs.replace(told, state=state, words=words, changes=changes)

    def forget(self) -> None:
        """Begin anew with another file, or with one that was cleaned out."""
        self._runs, self._owners, self._calls, self._call_of = {}, {}, {}, {}
        renewed = self._told.renewed + 1
        self._told = structs.replace(self._told, runs={}, calls={}, renewed=renewed)

    def apply(self, reader: Reader, came: Arrivals, now: float) -> None:
        """Take in what a look found; what it refers to and is not known yet is read."""
        attempts = [self._with_end(one, now) for one in came.attempts]
        shown = [one for one in attempts if _recent(one.attempt.ended_at, now)]
        self._take_runs(reader, came, shown, now)
        self._take_calls(reader, shown)
        self._say(came.pieces)
        for run_id in came.verdicts:
            if run_id in self._runs:
                self._runs[run_id] = structs.replace(self._runs[run_id], verdict=True)
        self._lose(came.lost)
        self._told = structs.replace(
            self._told,
            runs_seen=self._told.runs_seen + came.new_runs,
            attempts_seen=self._told.attempts_seen + came.new_attempts,
            attempts_ended=self._told.attempts_ended + came.ended_attempts,
        )
        self._publish()

    def tidy(self, now: float) -> None:
        """See to what time alone changes: processes that died, and what was shown long enough."""
        dead: dict[str, bool] = {}
        for run_id, run in list(self._runs.items()):
            owner = self._owners[run_id]
            if run.running and owner not in dead:
                dead[owner] = gone(owner, self._me, now - run.started_at)
            if run.running and dead[owner]:
                self._runs[run_id] = structs.replace(run, status=ABANDONED, ended_at=now)
        self._leave(now)
        self._publish()

    def _publish(self) -> None:
        if self._told.runs != self._runs or self._told.calls != self._calls:
            self._told = structs.replace(self._told, runs=dict(self._runs), calls=dict(self._calls))

    def _with_end(self, one: SeenAttempt, now: float) -> SeenAttempt:
        """The attempt; one that was given up, whose end nobody saw, ends when that is noticed."""
        attempt = one.attempt
        if attempt.status == RUNNING or attempt.ended_at is not None:
            return one
        ended_at = now if attempt.attempt_id in self._call_of else attempt.started_at
        return structs.replace(one, attempt=structs.replace(attempt, ended_at=ended_at))

    def _take_runs(
        self, reader: Reader, came: Arrivals, shown: Iterable[SeenAttempt], now: float
    ) -> None:
        ended = [self._run_with_end(one, now) for one in came.runs]
        runs = {
            one.run_id: one
            for one in ended
            if one.run_id in self._runs or _recent(one.ended_at, now)
        }
        asked = {one.run_id for one in shown} - self._runs.keys() - runs.keys()
        for run in chain(runs.values(), reader.runs_of(asked) if asked else ()):
            known = self._runs.get(run.run_id)
            self._runs[run.run_id] = (
                self._run(run)
                if known is None
                else structs.replace(known, status=run.status, ended_at=run.ended_at)
            )
            self._owners[run.run_id] = run.owner

    def _run_with_end(self, run: SeenRun, now: float) -> SeenRun:
        if run.status == RUNNING or run.ended_at is not None:
            return run
        ended_at = now if run.run_id in self._runs else run.started_at
        return structs.replace(run, ended_at=ended_at)

    def _run(self, run: SeenRun) -> LiveRun:
        owner = msgspec.json.decode(run.owner, type=Owner)
        return LiveRun(
            run.run_id,
            run.verb,
            run.strategy,
            run.profile,
            run.environment,
            bool(run.simulated),
            run.prompt,
            owner.host,
            owner.pid,
            owner == self._me,
            run.started_at,
            run.status,
            run.ended_at,
            keeps_text=bool(run.keep_text),
        )

    def _take_calls(self, reader: Reader, shown: Iterable[SeenAttempt]) -> None:
        mine = [one for one in shown if one.run_id in self._runs]
        asked = {one.call_id for one in mine} - self._calls.keys()
        calls = {one.call_id: one for one in reader.calls_of(asked)} if asked else {}
        for one in mine:
            known = self._calls.get(one.call_id)
            if known is not None:
                self._calls[one.call_id] = _with_attempt(known, one.attempt)
                before = {seen.attempt_id: seen.status for seen in known.attempts}
            elif one.call_id in calls:
                self._calls[one.call_id] = _call(calls[one.call_id], one.attempt)
                before = {}
            else:  # deleted meanwhile
                continue
            if one.attempt.status == RUNNING:
                self._call_of[one.attempt.attempt_id] = one.call_id
            else:
                self._call_of.pop(one.attempt.attempt_id, None)
            was = before.get(one.attempt.attempt_id)
            self._runs[one.run_id] = _counted(
                self._runs[one.run_id], one.attempt, new_call=known is None, was=was
            )

    def _say(self, pieces: Iterable[tuple[str, str]]) -> None:
        texts: dict[str, list[str]] = {}
        for attempt_id, text in pieces:
            texts.setdefault(attempt_id, []).append(text)
        for attempt_id, said in texts.items():
            call_id = self._call_of.get(attempt_id)
            call = self._calls.get(call_id) if call_id else None
            if call is not None:
                text = "".join(said)
                self._calls[call.call_id] = structs.replace(
                    call,
                    text=(call.text + text)[-MOST_TEXT:],
                    characters=call.characters + len(text),
                )

    def _lose(self, keys: Iterable[str]) -> None:
        """Forget attempts and runs that were deleted while they were under way."""
        for key in keys:
            if key in self._runs:
                self._drop_run(key)
            call_id = self._call_of.pop(key, None)
            if call_id is not None:
                self._calls.pop(call_id, None)

    def _drop_run(self, run_id: str) -> None:
        del self._runs[run_id], self._owners[run_id]
        for call_id in [key for key, call in self._calls.items() if call.run_id == run_id]:
            call = self._calls.pop(call_id)
            for attempt in call.attempts:
                self._call_of.pop(attempt.attempt_id, None)

    def _over_at(self, call: LiveCall) -> float | None:
        """When the call ended, or its process; None while it is under way."""
        if not call.running:
            return call.last.ended_at
        run = self._runs[call.run_id]
        return run.ended_at if run.status == ABANDONED else None

    def _leave(self, now: float) -> None:
        """Let go of what ended long ago, and of the oldest where there is too much of it."""
        ended = sorted(
            (over_at, key)
            for key, call in self._calls.items()
            if (over_at := self._over_at(call)) is not None
        )
        surplus = len(ended) - MOST_ENDED
        for place, (ended_at, call_id) in enumerate(ended):
            if place < surplus or now - ended_at >= KEEP_S:
                del self._calls[call_id]
        used = {call.run_id for call in self._calls.values()}
        idle = sorted(
            (run.ended_at or now, key)
            for key, run in self._runs.items()
            if key not in used and run.status != RUNNING
        )
        surplus = len(idle) - MOST_ENDED
        for place, (ended_at, run_id) in enumerate(idle):
            calls_left = self._runs[run_id].calls > 0
            if calls_left or place < surplus or now - ended_at >= KEEP_S:
                self._drop_run(run_id)


def _recent(ended_at: float | None, now: float) -> bool:
    return ended_at is None or now - ended_at < KEEP_S


def _call(call: SeenCall, attempt: LiveAttempt) -> LiveCall:
    return LiveCall(
        call.call_id,
        call.run_id,
        call.role,
        call.index,
        call.name,
        call.provider,
        call.model,
        bool(call.simulated),
        call.parent,
        call.started_at,
        (attempt,),
    )


def _with_attempt(call: LiveCall, attempt: LiveAttempt) -> LiveCall:
    """The call with a new try, or with one that has ended; nobody follows what it said then."""
    tries = {one.attempt_id: one for one in call.attempts} | {attempt.attempt_id: attempt}
    return structs.replace(
        call,
        attempts=tuple(sorted(tries.values(), key=lambda one: one.number)),
        text="" if attempt.status != RUNNING else call.text,
        characters=0 if attempt.status != RUNNING else call.characters,
    )


def _counted(run: LiveRun, attempt: LiveAttempt, *, new_call: bool, was: str | None) -> LiveRun:
    """The run with the call counted, and with what an attempt came to that has just ended."""
    over = attempt.status != RUNNING and was in {None, RUNNING}
    unpriced = over and attempt.cost_nano is None
    return structs.replace(
        run,
        calls=run.calls + new_call,
        failed=run.failed + (over and attempt.status != "ok"),
        known_nano=run.known_nano + (attempt.cost_nano or 0 if over else 0),
        unpriced=run.unpriced + unpriced,
    )

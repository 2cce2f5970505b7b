"""Makes one run: the strategy over the engine, events to the sinks, its record to the ledger."""

import asyncio
import os
import random
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

import ultra
from ultra.core.answer import Answer
from ultra.core.events import Concluded, RunFinished, RunStarted, RunStatus, VerdictReached
from ultra.core.ids import new_run_id
from ultra.core.ledger import Ledger, RunEnd, RunRecord
from ultra.core.ports import AnswerCache, Clock, Outcome, Provider, Settings, Sink, Strategy
from ultra.core.profile import Profile
from ultra.core.records import RouteDocument
from ultra.core.verdict import Verdict
from ultra.engine.caller import EngineCaller
from ultra.engine.context import EventHub, Policy, RunContext
from ultra.engine.pipeline import compose
from ultra.engine.slot import Everywhere
from ultra.runtime.action import Action, RunResult
from ultra.runtime.document import document_of
from ultra.runtime.loop import Interrupt
from ultra.runtime.spending import limits_of, planned_calls
from ultra.runtime.tally import Recording, Tally
from ultra.runtime.timing import Timing
from ultra.store.hedges import HEDGE
from ultra.strategies.registry import load_strategy, strategy_row

FLUSH_S = 6.0
"""How long a finished run waits for its log: longer than SQLite's own wait for a lock (5 s)."""

INTERRUPTED_FLUSH_S = 0.4
"""The same after Ctrl-C, which promises to end within a second in all."""

CACHE_SHARE = 0.25
"""The part of these that the cache is waited for besides: an answer is no record."""


class Services(Struct, frozen=True):
    """What a run is made with. `warn` tells the user something in one line.

    `told_of_log` says whether the user knows already that the log is in trouble. `cache` is None
    for a run that has no use for earlier answers. `timing` knows how long models usually take, None
    where nobody does. `everywhere` are the places of endpoints: runs that share these share those.
    `log_key` is what words are hashed with where the profile wants that instead of the words.
    """

    profile: Profile
    provider: Provider
    ledger: Ledger
    clock: Clock
    warn: Callable[[str], None]
    told_of_log: Callable[[], bool] = lambda: False
    cache: AnswerCache | None = None
    timing: Timing | None = None
    everywhere: Everywhere = field(default_factory=dict)
    log_key: bytes = b""


async def execute(
    action: Action, sinks: Sequence[Sink], services: Services, interrupt: Interrupt
) -> RunResult:
    """Make the run and complete its record, whatever ends it.

    Failures of calls are part of the result. Raises nothing for them, and nothing for a signal:
    the result then says what interrupted it. A bug in a strategy is raised once the record stands.
    """
    run, tally, ledger = Run(action, services), Tally(), Recording(services.ledger)
    hub = EventHub(run.record.run_id, services.clock, [tally, *sinks], services.warn)
    ledger.begin_run(run.record)
    hub.emit("", run.started())
    bug: Exception | None = None
    try:
        outcome = await run.strategy(hub, ledger)
    except asyncio.CancelledError:
        _resume()
        outcome = Outcome(tally.members(), reasons=("the run was interrupted",))
    except Exception as error:
        bug = error
        outcome = Outcome((), reasons=(f"ultra itself failed: {type(error).__name__}",))
    verdict = _verdict(action, outcome)
    if verdict is not None:
        hub.emit("", VerdictReached(verdict))
    end = run.end(outcome, verdict, hub, interrupted=interrupt.cause is not None)
    if outcome.answer is not None:
        hub.emit("", _concluded(outcome, outcome.answer))
    hub.emit("", _finished(end, tally))
    ledger.end_run(run.record.run_id, end)
    if not await _flushed(ledger, services.cache, interrupt) and not services.told_of_log():
        services.warn("the log could not be written in time; the answer itself is not affected")
    if bug is not None:
        raise bug
    document = document_of(run.record, ledger.attempts.values(), end, tally.held_back())
    return RunResult(
        run.record.run_id,
        outcome,
        document,
        tuple(tally.answers),
        interrupt.cause,
        (*run.notes, *_unmade(tally)),
    )


class Run:
    """One run of an action: its record and how it begins and ends.

    `notes` are what a user who wants to know everything is told of it.
    """

    def __init__(self, action: Action, services: Services) -> None:
        self.notes: list[str] = []
        self._losses: list[str] = []
        kept = action.keep_text and services.profile.log.privacy == "full"
        self._action = replace(action, keep_text=kept)
        self._services = services
        run_id = new_run_id()
        self.record = RunRecord(
            run_id,
            action.verb,
            action.selection.strategy,
            services.clock.time(),
            profile=services.profile.name,
            environment=services.profile.environment,
            host=socket.gethostname(),
            cwd=_cwd(),
            session=action.session,
            conversation=action.conversation or run_id,
            prompt=action.prompt.question,
            simulated=action.selection.simulated,
            keep_text=kept,
            hash_key=services.log_key if action.keep_text else b"",
            version=ultra.__version__,
            route=_route(action),
            cost_center=action.cost_center or services.profile.budget.cost_center,
            tags=action.tags,
            limits=limits_of(action, services.profile),
            plan=planned_calls(action),
        )

    def started(self) -> RunStarted:
        """The first event of the run."""
        return RunStarted(
            self._action.verb,
            self._action.selection.strategy,
            tuple(member.name for member in self._action.selection.members),
            profile=self.record.profile,
            simulated=self.record.simulated,
        )

    async def strategy(self, hub: EventHub, ledger: Ledger) -> Outcome:
        """Carry the strategy out over a fresh engine."""
        action, services = self._action, self._services
        plan, timing = action.selection.plan, services.timing
        after_s = await self._hedge_after_s()
        context = RunContext(
            self.record.run_id,
            clock=services.clock,
            hub=hub,
            deadline_s=_deadline(action),
            rng=random.Random(),  # noqa: S311 - spreads retries; labels draw from the seed below
            retry=services.profile.retry,
            patient=action.deadline_s is not None,
            usual_ttft_s=timing.usual_ttft_s if timing else None,
        )
        settings = Settings(
            quorum=action.quorum,
            grace_s=action.grace_s,
            seed=self._seed(),
            stream=action.stream,
            synthesizer=action.selection.synthesizer,
            on_context_length=plan.on_context_length if plan else (),
            on_content_filter=plan.on_content_filter if plan else (),
            hedge_after_s=after_s,
            method=action.selection.method,
            patient=context.patient,
            branches=action.branches,
            given=action.given,
        )
        outcome = await self._carrier(after_s)(
            action.prompt,
            action.selection.members,
            EngineCaller(
                context,
                compose(
                    services.provider,
                    ledger,
                    self._cache(ledger),
                    self._ensembles(ledger, settings.seed),
                    services.everywhere,
                    self._recalled(ledger),
                ),
            ),
            lambda body: hub.emit("", body),
            settings,
        )
        if not self._losses:
            return outcome
        return replace(outcome, degraded=True, reasons=(*outcome.reasons, *self._losses))

    def _ensembles(self, ledger: Ledger, seed: int) -> Policy | None:
        """The policy that answers calls of ensembles, for a run that has some."""
        if not any(member.ensemble for member in self._action.selection.members):
            return None
        from ultra.strategies.ensembles import ensembles

        return ensembles(ledger, seed, self._losses)

    async def _hedge_after_s(self) -> float | None:
        """When the first model is raced, None for never; why not is noted for who asked for it."""
        if not self._action.hedge or self._services.timing is None:
            return None
        from ultra.runtime.hedging import hedge_after_s

        found = await hedge_after_s(self._action, self._services.timing)
        if isinstance(found, str):
            self.notes.append(f"not hedged: {found}")
            return None
        return found

    def _carrier(self, after_s: float | None) -> Strategy:
        if after_s is None:
            return load_strategy(self._action.selection.strategy)
        from ultra.runtime.hedging import load_hedged

        return load_hedged()

    def _cache(self, ledger: Ledger) -> Policy | None:
        services = self._services
        if services.cache is None:
            return None
        from ultra.runtime.cache import cache_policy

        return cache_policy(services.cache, self._action, services.provider, ledger)

    def _recalled(self, ledger: Ledger) -> Policy | None:
        if not self._action.recalled:
            return None
        from ultra.engine.cache import recalled

        return recalled(self._action.recalled, ledger)

    def _seed(self) -> int:
        if self._action.seed is not None:
            return self._action.seed
        if self._services.cache is None:
            return int.from_bytes(os.urandom(8), "big")
        from ultra.runtime.cache import seed_of

        return seed_of(self._action.prompt)

    def end(
        self, outcome: Outcome, verdict: Verdict | None, hub: EventHub, *, interrupted: bool
    ) -> RunEnd:
        """How the run ended, as its record keeps it."""
        answer = outcome.answer
        clock = self._services.clock
        return RunEnd(
            "cancelled" if interrupted else _status(self._action, outcome),
            clock.time(),
            clock.monotonic() - hub.started,
            answer_call=answer.call_id if answer else None,
            answer_text=answer.text if answer else "",
            degraded=outcome.degraded,
            reasons=outcome.reasons,
            provenance=outcome.provenance,
            verdict=verdict,
        )


async def _flushed(ledger: Ledger, cache: AnswerCache | None, interrupt: Interrupt) -> bool:
    """Wait for the log; a signal meanwhile shortens the wait and takes nothing from the result."""
    if interrupt.cause is None:
        try:
            return await _written(ledger, cache, FLUSH_S, patient=True)
        except asyncio.CancelledError:
            _resume()
    return await _written(ledger, cache, INTERRUPTED_FLUSH_S)


async def _written(
    ledger: Ledger, cache: AnswerCache | None, timeout_s: float, *, patient: bool = False
) -> bool:
    written = await ledger.flush(timeout_s, patient=patient)
    if cache is not None:
        await cache.flush(timeout_s * CACHE_SHARE)
    return written


def _resume() -> None:
    """Take the cancel as handled, so that the record can still be completed."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


def _route(action: Action) -> RouteDocument | None:
    plan = action.selection.plan
    if plan is None:
        return None
    from ultra.core.routing import chosen

    return chosen(plan)


def _deadline(action: Action) -> float:
    if action.deadline_s is not None:
        return action.deadline_s
    return max(member.endpoint.timers.run_s for member in action.selection.everyone)


def _unmade(tally: Tally) -> list[str]:
    """Why second copies were not made that `--hedge` asked for."""
    failures = [answer.error for answer in tally.answers]
    return [one.message for one in failures if one is not None and one.code == HEDGE]


def _verdict(action: Action, outcome: Outcome) -> Verdict | None:
    if outcome.verdict is not None:
        return outcome.verdict
    if action.verb != "compare" or not any(answer.ok for answer in outcome.answers):
        return None
    from ultra.evaluation.comparison import compared

    # The strategy was interrupted; whoever pressed Ctrl-C does not wait for statistics to load.
    return compared(outcome.answers, action.selection.method, intervals=False)


def _status(action: Action, outcome: Outcome) -> RunStatus:
    if outcome.answer is not None:
        if outcome.answer.ok:
            return "ok"
        return "partial" if outcome.answer.text else "error"
    if outcome.verdict is not None and strategy_row(action.selection.strategy).one_answer:
        return "no_consensus"
    usable = sum(answer.ok for answer in outcome.answers)
    if usable and usable == len(outcome.answers):
        return "ok"
    return "partial" if usable else "error"


def _concluded(outcome: Outcome, answer: Answer) -> Concluded:
    return Concluded(
        answer.call_id,
        answer.text,
        provenance=outcome.provenance,
        degraded=outcome.degraded,
        reasons=outcome.reasons,
        ok=answer.ok,
    )


def _finished(end: RunEnd, tally: Tally) -> RunFinished:
    cost, known, unknown = tally.totals()
    return RunFinished(
        end.status, end.duration_s, cost, known, unpriced=unknown, degraded=end.degraded
    )


def _cwd() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # the directory was removed under us
        return ""

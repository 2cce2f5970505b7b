"""What processes share on a real file is what the rules say, whoever asks and in whatever order."""

import random
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec import structs

from tests.support.ledger import ENDPOINT, attempt_record, result
from ultra.core.breaker import (
    BreakerState,
    Seen,
    credential_outcome,
    endpoint_outcome,
    note,
    released,
    standing,
    take,
)
from ultra.core.errors import ErrorClass, Failure
from ultra.core.gate import GateState, asked_to_wait, hold, observe, spend
from ultra.core.ledger import AttemptRecord, AttemptResult, Refused
from ultra.core.model import Target
from ultra.core.profile import BreakerRules
from ultra.core.quota import Allowance, Quota
from ultra.core.retry_tokens import CAPACITY, affords, earned, paid
from ultra.store.breakers import Breakers, breakers, reset
from ultra.store.database import Place, open_database
from ultra.store.gates import Gates, gates
from ultra.store.retry_tokens import RetryTokens

NOW = 1_790_000_000.0
RULES = BreakerRules()
URL = "http://127.0.0.1:8000/v1"
FAILED = [None, *ErrorClass]


class Middling(random.Random):
    """Chance that is always in the middle."""

    def random(self) -> float:
        return 0.5


class Process:
    """One process: a connection of its own to the file, and what it remembers."""

    def __init__(self, path: Path, owner: str) -> None:
        self.connection = open_database(Place(path), NOW).connection
        self.breakers = Breakers(RULES, owner, Middling())
        self.gates, self.tokens = Gates(), RetryTokens()

    def admit(self, attempts: list[AttemptRecord], now: float) -> list[Refused | None]:
        """Decide on a group of attempts in one transaction."""
        self._begin()
        said = [self._decide(attempt, now) for attempt in attempts]
        self._commit()
        return said

    def _decide(self, attempt: AttemptRecord, now: float) -> Refused | None:
        c = self.connection
        refused = (
            self.breakers.look(c, attempt, now)
            or self.gates.look(c, attempt, now)
            or self.tokens.look(c, attempt)
        )
        if refused is None:
            self.breakers.take(c, attempt, now)
            self.gates.take(c, attempt, now)
            self.tokens.take(c, attempt)
        return refused

    def close(self, attempt: AttemptRecord, ended: AttemptResult, now: float) -> None:
        """Learn from how one attempt ended, once for good after a first time that is undone."""
        for last in (False, True):
            self._begin()
            self.breakers.note(self.connection, attempt, ended, now)
            self.gates.note(self.connection, attempt, ended)
            self.tokens.note(self.connection, attempt, ended)
            self._finish()
            self.connection.execute("COMMIT" if last else "ROLLBACK")
        self.breakers.written()

    def close_all(self, ended: list[tuple[AttemptRecord, AttemptResult]], now: float) -> None:
        """Learn from how attempts ended, in one transaction."""
        self._begin()
        for attempt, how in ended:
            self.breakers.note(self.connection, attempt, how, now)
            self.gates.note(self.connection, attempt, how)
            self.tokens.note(self.connection, attempt, how)
        self._commit()

    def _begin(self) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.breakers.begin()
        self.gates.begin()
        self.tokens.begin()

    def _finish(self) -> None:
        self.breakers.finish(self.connection)
        self.gates.finish(self.connection)
        self.tokens.finish(self.connection)

    def _commit(self) -> None:
        self._finish()
        self.connection.execute("COMMIT")
        self.breakers.written()


class Model:
    """The rules applied to values in memory: one breaker of each kind, one gate, one bucket."""

    def __init__(self) -> None:
        self.endpoint = BreakerState("endpoint", "lab", URL, "m-1")
        self.credential = BreakerState("credential", "lab", URL, key_fp="abcd")
        self.gate = GateState("lab", URL, "m-1", "abcd")
        self.tokens = CAPACITY
        self.gens: dict[str, tuple[int, int]] = {}

    def admit(self, attempt: AttemptRecord, owner: str, now: float) -> bool:
        shut = ("open", "probing", "forced")
        if standing(self.credential, now) in shut or standing(self.endpoint, now) in shut:
            return False
        retry = attempt.kind == "retry"
        if hold(self.gate, attempt.tokens, now) is not None:
            return False
        if retry and not affords(self.tokens, attempt.retry_of):
            return False
        lease = attempt.lease_s
        self.endpoint = take(self.endpoint, now, owner=owner, lease_s=lease)
        self.credential = take(self.credential, now, owner=owner, lease_s=lease)
        self.gens[attempt.attempt_id] = (self.endpoint.gen, self.credential.gen)
        self.gate = spend(self.gate, attempt.tokens)
        self.tokens = paid(self.tokens, attempt.retry_of) if retry else self.tokens
        return True

    def close(self, attempt: AttemptRecord, ended: AttemptResult, now: float) -> None:
        gens, failure = self.gens.pop(attempt.attempt_id), ended.failure
        seen = Seen("nothing", now, duration_s=ended.duration_s)
        if failure is not None:
            seen = structs.replace(
                seen,
                error_class=failure.error_class.value,
                message=failure.message,
                retry_after_s=failure.retry_after_s,
            )
        told = structs.replace(seen, outcome=endpoint_outcome(ended), gen=gens[0])
        self.endpoint = note(self.endpoint, told, RULES, 0.5)
        told = structs.replace(seen, outcome=credential_outcome(ended), gen=gens[1])
        self.credential = note(self.credential, told, RULES, 0.5)
        if ended.quota is not None:
            self.gate = observe(self.gate, ended.quota, ended.ended_at)
        if failure and failure.error_class is ErrorClass.RATE_LIMIT and failure.retry_after_s:
            self.gate = asked_to_wait(self.gate, failure.retry_after_s, ended.ended_at)
        if ended.status == "ok":
            retried = attempt.kind == "retry"
            self.tokens = earned(self.tokens, attempt.retry_of, retried=retried)


class Sharing(RuleBasedStateMachine):
    """Three processes on one file beside the rules in memory, which must agree at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory()
        self.path = Path(self.home.name) / "ultra.db"
        self.processes = [Process(self.path, f"p{number}") for number in range(3)]
        self.model = Model()
        self.now = NOW
        self.out: list[tuple[Process, AttemptRecord]] = []
        self.count = 0

    def teardown(self) -> None:
        for process in self.processes:
            process.connection.close()
        self.home.cleanup()

    @rule(seconds=st.one_of(st.floats(0, 40), st.sampled_from([600.0, 86_400.0, -3600.0])))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        who=st.integers(0, 2),
        size=st.integers(1, 4),
        retry_of=st.sampled_from([None, None, ErrorClass.SERVER, ErrorClass.RATE_LIMIT]),
        lease_s=st.sampled_from([1.0, 30.0, 300.0]),
    )
    def attempts_ask(
        self, who: int, size: int, retry_of: ErrorClass | None, lease_s: float
    ) -> None:
        group = [self._attempt(retry_of, lease_s) for _ in range(size)]
        said = self.processes[who].admit(group, self.now)
        for attempt, refused in zip(group, said, strict=True):
            assert self.model.admit(attempt, f"p{who}", self.now) == (refused is None)
            if refused is None:
                self.out.append((self.processes[who], attempt))
            else:
                assert refused.failure.message
                assert refused.wait_s is None or 0.0 < refused.wait_s <= 600.0

    def _attempt(self, retry_of: ErrorClass | None, lease_s: float) -> AttemptRecord:
        self.count += 1
        return attempt_record(
            attempt_id=f"a{self.count}",
            key_fp="abcd",
            tokens=10,
            kind="retry" if retry_of else "primary",
            retry_of=retry_of,
            lease_s=lease_s,
        )

    @precondition(lambda self: self.out)
    @rule(
        pick=st.integers(0, 50),
        failed=st.sampled_from(FAILED),
        after_s=st.sampled_from([None, 2.0, 3600.0]),
        left=st.one_of(st.none(), st.integers(0, 3)),
    )
    def an_attempt_ends(
        self, pick: int, failed: ErrorClass | None, after_s: float | None, left: int | None
    ) -> None:
        process, attempt = self.out.pop(pick % len(self.out))
        failure = Failure(failed, "no", retry_after_s=after_s, sent=True) if failed else None
        ended = result(
            status="error" if failure else "ok",
            ended_at=self.now,
            failure=failure,
            quota=None if left is None else Quota(Allowance(10, left, 30.0)),
        )
        process.close(attempt, ended, self.now)
        self.model.close(attempt, ended, self.now)

    @precondition(lambda self: self.out)
    @rule(pick=st.integers(0, 50))
    def an_attempt_is_cancelled(self, pick: int) -> None:
        process, attempt = self.out.pop(pick % len(self.out))
        ended = result("", status="cancelled", ended_at=self.now)
        process.close(attempt, ended, self.now)
        self.model.close(attempt, ended, self.now)

    @precondition(lambda self: self.out)
    @rule()
    def a_process_dies(self) -> None:
        self.out.pop()

    @rule(who=st.integers(0, 2))
    def somebody_resets(self, who: int) -> None:
        moved = reset(self.processes[who].connection, provider="lab", model="m-1", now=self.now)
        held = 0
        for name in ("endpoint", "credential"):
            state = getattr(self.model, name)
            if state.state != "closed" or state.fails:
                setattr(self.model, name, released(state, self.now))
                held += 1
        assert moved == held

    @invariant()
    def the_file_says_what_the_rules_say(self) -> None:
        connection = self.processes[0].connection
        unheard = Model()
        found = {state.kind: state for state in breakers(connection)}
        assert found.get("endpoint", unheard.endpoint) == self.model.endpoint
        assert found.get("credential", unheard.credential) == self.model.credential
        assert (gates(connection) or [unheard.gate]) == [self.model.gate]
        assert (_tokens(connection) or [CAPACITY]) == [self.model.tokens]


def _tokens(connection: sqlite3.Connection) -> list[Any]:
    return [row[0] for row in connection.execute("SELECT tokens FROM retry_bucket")]


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_the_login_in_a_url_reaches_no_row_and_tells_credentials_apart(tmp_path: Path) -> None:
    """Another password is another credential; neither can be read in the file."""
    process = Process(tmp_path / "ultra.db", "me")
    other = structs.replace(ENDPOINT, base_url="http://me:word@127.0.0.1:8000/v1")
    refused = Failure(ErrorClass.AUTH, "no", status=401, sent=True)
    attempt = attempt_record()
    process.admit([attempt], NOW)

    process.close(attempt, result("", status="error", failure=refused), NOW)

    again, better = attempt_record(), attempt_record(target=Target("fast", "m-1", other))
    assert [bool(said) for said in process.admit([again, better], NOW)] == [True, False]
    process.connection.close()
    assert b"pass" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_thousand_healthy_attempts_read_each_key_once_and_write_nothing(tmp_path: Path) -> None:
    """Whatever breakers and gates cost, it is not a statement an attempt."""
    process, said = Process(tmp_path / "ultra.db", "me"), list[str]()
    attempts = [attempt_record(call=number, key_fp="abcd") for number in range(1000)]
    process.connection.set_trace_callback(said.append)

    process.admit(attempts, NOW)
    process.close_all([(attempt, result()) for attempt in attempts], NOW)

    process.connection.set_trace_callback(None)
    work = [text.split()[0] for text in said if text not in ("BEGIN IMMEDIATE", "COMMIT")]
    assert work == ["SELECT"] * len(work)
    assert len(work) <= 5  # breakers and gate of each transaction, retries of the second


def test_a_thousand_failures_are_written_in_a_few_statements(tmp_path: Path) -> None:
    """A fan-out into a dead endpoint moves its breaker a thousand times and writes it once."""
    process, said = Process(tmp_path / "ultra.db", "me"), list[str]()
    attempts = [attempt_record(call=number, key_fp="abcd") for number in range(1000)]
    process.admit(attempts, NOW)
    failed = result("", status="error", failure=Failure(ErrorClass.SERVER, "no", status=500))
    process.connection.set_trace_callback(said.append)

    process.close_all([(attempt, failed) for attempt in attempts], NOW)

    process.connection.set_trace_callback(None)
    assert [text for text in said if text.startswith("INSERT OR REPLACE INTO breaker ")] != []
    assert len(said) <= 8
    (state,) = breakers(process.connection)
    assert (state.state, state.fails, state.opens) == ("open", 3, 1)


def test_a_fan_out_beyond_the_profiles_limit_is_given_a_turn_each(tmp_path: Path) -> None:
    """Those that wait come back one by one: each finds its place free."""
    process = Process(tmp_path / "ultra.db", "me")
    limited = structs.replace(ENDPOINT, requests_per_minute=6)
    attempts = [
        attempt_record(call=number, attempt_id=f"a{number}", target=Target("fast", "m", limited))
        for number in range(10)
    ]

    said = process.admit(attempts, NOW)
    waits = [refused.wait_s for refused in said if refused is not None]
    late = zip(waits, attempts[6:], strict=True)
    again = [process.admit([attempt], NOW + (wait or 0.0)) for wait, attempt in late]

    assert said[:6] == [None] * 6
    assert [round(wait or 0.0, 3) for wait in waits] == [10.0, 20.0, 30.0, 40.0]
    assert again == [[None]] * 4

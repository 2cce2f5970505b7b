"""What each way of ending means to a shell; the only place that knows the numbers.

0 answered, 1 no complete answer, 2 usage, 3 configuration or key, 4 a member was lost, 5 budget,
6 an expectation was not met or no consensus reached, 7 refused by a guardrail or content filter,
70 a fault of ultra's own, 75 nothing but failures that may heal, 124 deadline, 130 Ctrl-C, 141
broken pipe, 143 SIGTERM.

`ultra ab`: 0 for any verdict, 4 where too much is missing for one or it is not at its end.

`ultra health`: 0 all usable, 1 some down, 4 some unknown, 3 some misconfigured; of several the one
that the user must act on: 3 before 1 before 4. `ultra doctor`: 0 no problem, 1 problems, 3 problems
of profile or keys among them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ultra.core.answer import Answer
from ultra.core.errors import (
    TRY_LATER,
    CallError,
    ConfigError,
    ErrorClass,
    GuardError,
    UltraError,
    UsageError,
)
from ultra.runtime.action import Interruption, RunResult

if TYPE_CHECKING:
    from ultra.core.health import Checkup, HealthReport
    from ultra.runtime.batch import Runner
    from ultra.runtime.batches import BatchResult
    from ultra.runtime.trials import Carried

OK, FAILED, USAGE, CONFIG, LOST, BUDGET, UNMET, REFUSED = range(8)
INTERNAL, LATER, DEADLINE = 70, 75, 124
SLACK = 1e-9
"""What a sum of thirds may lack."""

INTERRUPTED: dict[Interruption, int] = {
    "sigint": 130,
    "sigterm": 143,
    "sighup": 129,
    "broken_pipe": 141,
}

_BY_CLASS = {
    ErrorClass.AUTH: CONFIG,
    ErrorClass.CONFIG: CONFIG,
    ErrorClass.BUDGET: BUDGET,
    ErrorClass.CONTENT_FILTER: REFUSED,
    ErrorClass.DEADLINE: DEADLINE,
    ErrorClass.INTERNAL: INTERNAL,
}


def code_of_error(error: UltraError) -> int:
    """The exit code of an error that ended a verb."""
    match error:
        case UsageError():
            return USAGE
        case ConfigError():
            return CONFIG
        case GuardError():
            return REFUSED
        case CallError():
            return code_of_class(error.error_class)
        case _:
            return FAILED


def code_of_ask(result: RunResult, *, strict: bool) -> int:
    """The exit code of a run that promises one answer; `strict` makes a lost member count."""
    if result.interrupted is not None:
        return INTERRUPTED[result.interrupted]
    answer = result.outcome.answer
    if answer is not None and answer.ok:
        return LOST if strict and result.outcome.degraded else OK
    if answer is None and result.outcome.verdict is not None:
        return UNMET
    return _code_of_failures(result.outcome.answers or result.calls, answer)


def code_of_compare(result: RunResult, *, allow_partial: bool, agree: float | None = None) -> int:
    """The exit code of a run that promises every answer, and that they are as expected.

    `agree` is the share of the answers that have to come to the same; unknown is not enough.
    """
    if result.interrupted is not None:
        return INTERRUPTED[result.interrupted]
    usable = sum(answer.ok for answer in result.outcome.answers)
    if not usable:
        return _code_of_failures(result.outcome.answers, None)
    if usable < len(result.outcome.answers) and not allow_partial:
        return LOST
    return UNMET if unmet(result, agree) else OK


def code_of_batch(result: "BatchResult", *, allow_partial: bool) -> int:
    """The exit code of many prompts: as that of one, the worst of all.

    What answers are held to counts one by one, unless `--fail-if` says what is good enough.
    """
    document, runner = result.document, result.runner
    code = code_of_runner(
        runner, result.interrupted, prompts=document.prompts, allow_partial=allow_partial
    )
    if code != OK:
        return code
    wrong = any(one.passed < one.checked for one in document.models)
    missed = bool(document.failed) if document.conditions else wrong
    return UNMET if missed or runner.tally.disagreed else OK


def code_of_runner(
    runner: "Runner",
    interrupted: Interruption | None,
    *,
    prompts: int,
    allow_partial: bool = False,
) -> int:
    """The exit code of many prompts by how they were asked, whatever the answers were."""
    if interrupted is not None:
        return INTERRUPTED[interrupted]
    if runner.out_of_budget:
        return BUDGET
    lost = runner.tally.losses
    if not runner.tally.answered:
        codes = {code_of_class(ErrorClass(kind)) if kind else FAILED for _, kind, _ in lost}
        return codes.pop() if len(codes) == 1 else FAILED
    return LOST if (lost or runner.tally.done < prompts) and not allow_partial else OK


def code_of_ab(carried: "Carried") -> int:
    """The exit code of an experiment: any verdict is an answer, unless too much is missing."""
    if carried.interrupted is not None:
        return INTERRUPTED[carried.interrupted]
    if carried.out_of_budget:
        return BUDGET
    report = carried.report
    if not report.pairs and carried.classes:
        codes = {code_of_class(ErrorClass(kind)) if kind else FAILED for kind in carried.classes}
        return codes.pop() if len(codes) == 1 else FAILED
    whole = report.stage == "done" and report.verdict != "inconclusive (missing data)"
    return OK if whole else LOST


def unmet(result: RunResult, agree: float | None) -> bool:
    """Whether an expectation, or the agreement asked for, was not met."""
    verdict = result.document.verdict
    if verdict is None:
        return agree is not None
    if not all(check.met for check in verdict.checks):
        return True
    return agree is not None and (verdict.agreement is None or verdict.agreement < agree - SLACK)


def code_of_health(report: "HealthReport") -> int:
    """The exit code of `ultra health`."""
    standings = {one.standing for one in report.endpoints}
    found = (
        ("misconfigured", CONFIG),
        ("down", FAILED),
        ("unknown", LOST),
    )
    return next((code for standing, code in found if standing in standings), OK)


def code_of_checkup(checkup: "Checkup") -> int:
    """The exit code of `ultra doctor`."""
    areas = {finding.area for finding in checkup.findings if finding.level == "problem"}
    if areas & {"profile", "keys"}:
        return CONFIG
    return FAILED if areas else OK


def _code_of_failures(answers: Sequence[Answer], spokesman: Answer | None) -> int:
    """All that failed alike give their own code; mixed failures are a plain failure.

    Whoever speaks for the run fails it by itself where the answers before it were good.
    """
    if spokesman is not None and (spokesman.text or any(answer.ok for answer in answers)):
        answers = [spokesman]
    codes = {_code_of_answer(answer) for answer in answers}
    return codes.pop() if len(codes) == 1 else FAILED


def _code_of_answer(answer: Answer) -> int:
    if answer.error is None:
        return FAILED
    if answer.text and answer.error.error_class in TRY_LATER:
        return FAILED
    return code_of_class(answer.error.error_class)


def code_of_class(error_class: ErrorClass) -> int:
    """The exit code of a run that ends with failures of one class and nothing else."""
    return _BY_CLASS.get(error_class, LATER if error_class in TRY_LATER else FAILED)

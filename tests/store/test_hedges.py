"""Second copies stay rare, whoever makes them."""

import asyncio
from pathlib import Path

import pytest

from tests.support.ledger import RUN, attempt_record, ledger_at, result, rows, run_record
from ultra.core.budget import Bound, Limit
from ultra.core.ledger import Admitted, Refused
from ultra.store.hedges import HEDGE, LATEST, ONE_IN


def run_id(number: int) -> str:
    return f"run{number:09}"


async def make(path: Path, first: int, many: int) -> None:
    """Put so many ordinary attempts on record."""
    ledger = ledger_at(path)
    for number in range(first, first + many):
        ledger.begin_run(run_record(run_id(number)))
        await ledger.admit(attempt_record(run_id(number)))
        ledger.close(f"{run_id(number)}-1.1", result(cost_nano=0, charged_nano=0))
    await ledger.flush(30.0)
    ledger.shutdown(30.0)


async def copy(path: Path, number: int, many: int = 1) -> list[Admitted | Refused]:
    """Ask for leave to make copies at once, from a process of its own."""
    ledger = ledger_at(path)
    ledger.begin_run(run_record(run_id(number)))
    attempts = [attempt_record(run_id(number), call, kind="hedge") for call in range(1, many + 1)]
    outcomes = await asyncio.gather(*(ledger.admit(attempt) for attempt in attempts))
    await ledger.flush(30.0)
    ledger.shutdown(30.0)
    return list(outcomes)


async def test_one_attempt_in_twenty_may_be_a_copy(tmp_path: Path) -> None:
    """The share holds from the first attempt on, and a refusal leaves no row."""
    path = tmp_path / "ultra.db"
    await make(path, 0, ONE_IN - 2)
    (early,) = await copy(path, 900)
    await make(path, 100, 1)
    (granted,) = await copy(path, 901)
    (again,) = await copy(path, 902)
    await make(path, 200, ONE_IN)
    (later,) = await copy(path, 903)

    assert isinstance(early, Refused)
    assert (early.failure.code, early.wait_s) == (HEDGE, None)
    assert (isinstance(granted, Admitted), isinstance(again, Refused)) == (True, True)
    assert isinstance(later, Admitted)
    assert rows(path, "SELECT count(*) FROM attempts WHERE kind = 'hedge'") == [(2,)]


async def test_copies_that_ask_at_the_same_time_are_counted_together(tmp_path: Path) -> None:
    """One transaction decides on all of them, and sees what it let go itself."""
    path = tmp_path / "ultra.db"
    await make(path, 0, 2 * LATEST)

    outcomes = await copy(path, 900, many=30)

    assert sum(isinstance(outcome, Admitted) for outcome in outcomes) == LATEST // ONE_IN


@pytest.mark.parametrize(("used", "raced"), [(800, True), (950, False)])
async def test_a_hard_budget_that_is_nearly_used_up_pays_for_no_copy(
    tmp_path: Path, used: int, *, raced: bool
) -> None:
    """What is left of it is for calls that are needed."""
    path = tmp_path / "ultra.db"
    await make(path, 0, LATEST)
    ledger = ledger_at(path)
    ledger.begin_run(run_record(limits=(Limit("all", "day", 1_000, "hard"),)))
    bound = Bound(0, 1_000_000, 10)

    await ledger.admit(attempt_record(bound=Bound(0, 1_000_000, used)))
    ledger.close(f"{RUN}-1.1", result(charged_nano=used))
    verdict = await ledger.admit(attempt_record(call=2, bound=bound, kind="hedge"))
    needed = await ledger.admit(attempt_record(call=3, bound=bound))
    ledger.shutdown(30.0)

    assert isinstance(verdict, Admitted) is raced
    assert isinstance(needed, Admitted)

"""What the log says of an endpoint: which tries count, how fast they were, who was asked."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.ledger import STARTED, attempt_record, ledger_at, result, run_record
from ultra.core.errors import ErrorClass, Failure
from ultra.core.health import Check, Spread, Traffic
from ultra.core.usage import Usage
from ultra.store.database import Place
from ultra.store.health import Where, check_of, models_asked, remember, traffic
from ultra.store.reading import reading

LAB = Where("lab", "http://127.0.0.1:8000/v1")
NOW = STARTED + 100.0


def failure(error_class: ErrorClass, **told: Any) -> dict[str, Any]:
    return {
        "status": "error",
        "text": "",
        "failure": Failure(error_class, "it broke", status=500),
        **told,
    }


async def tries(path: Path, *results: dict[str, Any], kind: str = "primary") -> Traffic:
    """What is told of a model after these tries, a second apart."""
    ledger = ledger_at(path)
    for place, told in enumerate(results, start=1):
        run = f"run{place:09}"
        ledger.begin_run(run_record(run))
        attempt = attempt_record(run, started_at=STARTED + place, kind=kind)
        await ledger.admit(attempt)
        ledger.close(attempt.attempt_id, result(**{"ended_at": STARTED + place, **told}))
    assert await ledger.flush(30.0)
    ledger.shutdown()
    return known(path)


def known(path: Path, where: Where = LAB, now: float = NOW) -> Traffic:
    with reading(path) as connection:
        assert connection is not None
        return traffic(connection, where, "m-1", now)


async def test_answers_and_failures_are_counted(tmp_path: Path) -> None:
    """With the newest failure and when an answer came last."""
    told = await tries(tmp_path / "log", {}, failure(ErrorClass.SERVER), {})

    assert (told.tries, told.answered, told.fresh_tries) == (3, 2, 3)
    assert told.last_ok_at == told.heard_at == STARTED + 3
    assert told.last_error is not None
    assert (told.last_error.error_class, told.last_error.status) == ("server", 500)
    assert told.last_error.failed_at == STARTED + 2


@pytest.mark.parametrize(
    "own",
    [
        {"status": "cancelled", "text": ""},
        failure(ErrorClass.BUDGET),
        failure(ErrorClass.DEADLINE),
        failure(ErrorClass.LOCAL_LIMIT),
        failure(ErrorClass.BREAKER_OPEN),
        failure(ErrorClass.INTERNAL),
    ],
    ids=["cancelled", "budget", "deadline", "local limit", "breaker", "ultra's fault"],
)
async def test_what_is_not_the_endpoints_doing_counts_for_nothing(
    tmp_path: Path, own: dict[str, Any]
) -> None:
    """Neither as a try nor as a failure nor in any figure."""
    assert await tries(tmp_path / "log", own) == Traffic()


async def test_what_the_cache_served_counts_for_nothing(tmp_path: Path) -> None:
    """It says nothing of whoever answered first."""
    assert await tries(tmp_path / "log", {"ttft_s": 0.0}, kind="cache") == Traffic()


@pytest.mark.parametrize(
    "rightly",
    [
        failure(ErrorClass.INVALID_REQUEST),
        failure(ErrorClass.CONTEXT_LENGTH),
        failure(ErrorClass.BAD_RESPONSE, finish_reason="length"),
    ],
    ids=["invalid request", "too long", "a cap without room"],
)
async def test_a_request_refused_for_its_own_sake_proves_that_somebody_is_there(
    tmp_path: Path, rightly: dict[str, Any]
) -> None:
    """And is no failure."""
    told = await tries(tmp_path / "log", rightly)

    assert (told.tries, told.last_error, told.last_ok_at) == (0, None, None)
    assert told.heard_at == STARTED + 1


async def test_seconds_are_those_that_so_many_answers_stayed_within(tmp_path: Path) -> None:
    """Nearest rank; failures have no part in them."""
    answers = [{"ttft_s": place / 10, "duration_s": float(place)} for place in range(1, 21)]

    told = await tries(tmp_path / "log", *answers, failure(ErrorClass.TIMEOUT, duration_s=60.0))

    assert told.ttft_s == Spread(1.0, 1.9, 2.0)
    assert told.duration_s == Spread(10.0, 19.0, 20.0)


async def test_speed_is_of_the_time_that_words_came(tmp_path: Path) -> None:
    """Tokens after the first one, by the seconds after it."""
    usage = Usage(text_output_tokens=40, reasoning_tokens=20)

    told = await tries(tmp_path / "log", {"usage": usage, "ttft_s": 1.0, "duration_s": 4.0})

    assert told.output_tokens_per_s == 20.0


async def test_figures_are_of_the_last_day(tmp_path: Path) -> None:
    """When it last went well is told however long that is ago."""
    await tries(tmp_path / "log", {})

    later = known(tmp_path / "log", now=NOW + 86_400)

    assert (later.tries, later.last_ok_at) == (0, STARTED + 1)


async def test_a_provider_that_has_moved_begins_anew(tmp_path: Path) -> None:
    """What was asked at another address says nothing of this one."""
    await tries(tmp_path / "log", {})

    assert known(tmp_path / "log", Where.of("lab", "http://10.0.0.1/v1")) == Traffic()


async def test_an_address_is_known_without_its_login() -> None:
    """As the log keeps it."""
    assert Where.of("lab", "http://me:pass@127.0.0.1:8000/v1") == LAB


async def test_models_asked_lately_are_found(tmp_path: Path) -> None:
    """Of this endpoint, since then."""
    await tries(tmp_path / "log", {})

    with reading(tmp_path / "log") as connection:
        assert connection is not None
        assert models_asked(connection, LAB, STARTED) == ["m-1"]
        assert models_asked(connection, LAB, STARTED + 50) == []
        assert models_asked(connection, Where("other", LAB.base_url), 0.0) == []


def test_a_check_is_remembered_by_its_key(tmp_path: Path) -> None:
    """Another key, another check; the newest one stands."""
    place = Place(tmp_path / "log")
    for check in (Check(1.0, False, error_class="auth", message="no"), Check(2.0, True, 0.1, 3)):
        remember(place, [(LAB, "aaaa", check)], NOW)

    with reading(place.path) as connection:
        assert connection is not None
        assert check_of(connection, LAB, "aaaa") == Check(2.0, True, 0.1, 3)
        assert check_of(connection, LAB, "bbbb") is None

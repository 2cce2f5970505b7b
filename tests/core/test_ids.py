"""Names for runs, calls and attempts."""

from ultra.core.ids import RUN_ID_LENGTH, attempt_id, call_id, new_run_id


def test_run_ids_are_short_plain_and_distinct() -> None:
    """Twelve characters that cannot be misread (no i, l, o, u), never the same twice."""
    ids = {new_run_id() for _ in range(5_000)}

    assert len(ids) == 5_000
    assert {len(run_id) for run_id in ids} == {RUN_ID_LENGTH}
    assert set("".join(ids)) == set("0123456789abcdefghjkmnpqrstvwxyz")


def test_the_first_characters_already_tell_runs_apart() -> None:
    """Randomness stands in front, where people shorten."""
    assert len({new_run_id()[:4] for _ in range(200)}) > 190


def test_calls_and_attempts_begin_with_what_they_belong_to() -> None:
    """An id tells its run and its place."""
    call = call_id("abcd", 2)

    assert call == "abcd-2"
    assert attempt_id(call, 3) == "abcd-2.3"

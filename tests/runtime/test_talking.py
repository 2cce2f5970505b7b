"""From a question to a run, and from a run to the next question."""

from pathlib import Path

import pytest

from tests.support.cli import REPOSITORY
from tests.support.patience import PATIENCE_S
from tests.support.secrets_made import drawn
from ultra.core.errors import ConfigError, GuardError, UsageError
from ultra.runtime.beside import Undertaking
from ultra.runtime.conversations import Branches, Conversation
from ultra.runtime.picking import pick
from ultra.runtime.runtime import Runtime
from ultra.runtime.talking import Past, Question, again, past_of, ready, went_on


def made(home: Path, selector: str | None = None) -> Runtime:
    return Runtime(
        selector,
        environ={"ULTRA_HOME": str(home), "HOME": str(home)},
        cwd=home,
        warn=lambda _: None,
    )


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return made(tmp_path, str(REPOSITORY / "profiles" / "development.yaml"))


def asked(runtime: Runtime, question: Question) -> tuple[str, Past | None]:
    """Make the run of a question: its id, and what the next one goes on from."""
    action = ready(runtime, question).action
    result = Undertaking(runtime, action).done.result(PATIENCE_S)
    return result.run_id, went_on(action, result)


def texts(past: Past | None) -> list[list[str]]:
    """What was said, for one conversation or for each."""
    assert past is not None
    every = past.messages if isinstance(past, Branches) else (past.messages,)
    return [[f"{turn.role}: {turn.text}" for turn in turns] for turns in every]


def test_a_conversation_goes_on_as_the_log_would_have_it(runtime: Runtime) -> None:
    """What is held between two turns is what `--cid` reads back, so both go on alike."""
    run_id, past = asked(runtime, Question("why?", ("swift",)))
    next_run, further = asked(runtime, Question("and then?", ("swift",), past=past))

    from_log = past_of(runtime, next_run)
    assert isinstance(from_log, Conversation)
    assert isinstance(further, Conversation)
    assert (from_log.id, from_log.messages) == (further.id, further.messages)
    assert further.id == runtime.log.run(run_id).conversation
    assert len(further.messages) == 4
    runtime.close()


def test_every_model_of_a_comparison_goes_on_from_its_own_answer(runtime: Runtime) -> None:
    """The next question of a comparison is one too, until an answer is picked."""
    run_id, past = asked(runtime, Question("why?", ("swift", "steady"), "all"))

    assert texts(past) == texts(past_of(runtime, run_id))
    assert isinstance(past, Branches)
    next_run, further = asked(runtime, Question("more", past=past))
    assert runtime.log.run(next_run).verb == "compare"
    assert [len(turns) for turns in texts(further)] == [4, 4]

    pick(runtime, "2", run_id)
    picked = past_of(runtime, run_id)
    assert isinstance(picked, Conversation)
    assert picked.names == ("steady",)
    runtime.close()


def test_a_logged_question_can_be_sent_again(runtime: Runtime) -> None:
    """With all that stood before it; whom to is left open."""
    _, past = asked(runtime, Question("why?", ("swift",)))
    next_run, _ = asked(runtime, Question("and then?", ("swift",), past=past))

    question = again(runtime, next_run)

    assert question is not None
    assert (question.words, question.names, len(question.before)) == ("and then?", (), 2)
    assert again(runtime, "nothing") is None
    runtime.close()


def test_a_secret_is_refused_in_the_words_of_the_command_line(runtime: Runtime) -> None:
    """And nothing is sent: there is no run to make."""
    secret = "ghp_" + drawn(36)

    with pytest.raises(GuardError, match="holds a secret"):
        ready(runtime, Question(f"my key is {secret}", ("swift",)))


def test_what_costs_more_than_the_profile_lets_pass_is_asked_about(tmp_path: Path) -> None:
    """`confirm_usd` holds for a screen as for a terminal."""
    text = (REPOSITORY / "profiles" / "development.yaml").read_text(encoding="utf-8")
    path = tmp_path / "config" / "ultra.yaml"
    path.parent.mkdir()
    path.write_text(f"{text}\nconfirm_usd: 0.001\n", encoding="utf-8")
    runtime = made(tmp_path)

    assert ready(runtime, Question("why?", ("swift",))).costly_nano is None
    assert ready(runtime, Question("why?", ("scholar",))).costly_nano


def test_without_a_profile_it_is_said_what_to_do(tmp_path: Path) -> None:
    """No simulated model is asked unless its profile was named."""
    with pytest.raises(ConfigError) as caught:
        ready(made(tmp_path), Question("why?"))

    assert "ultra init" in (caught.value.hint or "")


def test_an_empty_question_is_refused(runtime: Runtime) -> None:
    with pytest.raises(UsageError, match="empty"):
        ready(runtime, Question("  \n", ("swift",)))

"""`ultra logs`: finding what was said, and getting it out again."""

import json
import sqlite3

from tests.cli.conftest import CODE
from tests.support.cli import Cli


def run_ids(cli: Cli) -> list[str]:
    """Newest first."""
    database = sqlite3.connect(cli.home / "data" / "ultra.db")
    rows = database.execute("SELECT run_id FROM runs ORDER BY started_at DESC").fetchall()
    database.close()
    return [run_id for (run_id,) in rows]


def test_the_newest_runs_are_listed_with_model_cost_and_prompt(old: Cli) -> None:
    """A bare `ultra logs` shows the last three, newest first, marked as simulated."""
    said = old("logs")

    lines = said.out.splitlines()
    assert said.code == 0
    assert [line.split()[0] for line in lines[1:]] == [run[:8] for run in run_ids(old)]
    assert "Write a sorting function" in lines[1]
    assert all("(simulated)" in line for line in lines[1:])


def test_n_says_how_many_and_0_means_all(old: Cli) -> None:
    """`-n 1` is one line, `-n 0` is every run."""
    assert len(old("logs", "-n", "1").out.splitlines()) == 2
    assert len(old("logs", "-n", "0").out.splitlines()) == 4


def test_the_list_has_a_name_of_its_own_and_a_singular(old: Cli) -> None:
    """`ultra logs list` and `ultra log` are `ultra logs`."""
    assert old("logs", "list", "-n", "2").out == old("log", "-n", "2").out


def test_words_are_searched_in_prompts_and_answers(old: Cli) -> None:
    """`-q` finds the run that holds the word."""
    said = old("logs", "-q", "sorting")

    assert [line.split()[0] for line in said.out.splitlines()[1:]] == [run_ids(old)[0][:8]]


def test_a_search_without_a_match_says_so_on_stderr(old: Cli) -> None:
    """Nothing is printed, the note names what was looked for, and it is no failure."""
    said = old("logs", "-q", "nowhere")

    assert (said.code, said.out) == (0, "")
    assert "`nowhere`" in said.err


def test_m_narrows_to_the_runs_that_asked_a_model(old: Cli) -> None:
    """By alias, as the user calls it."""
    assert len(old("logs", "-m", "steady").out.splitlines()) == 3
    assert len(old("logs", "-m", "sim:swift").out.splitlines()) == 3


def test_a_run_is_shown_whole_by_the_beginning_of_its_id(old: Cli) -> None:
    """As an argument, as `--run` and as `show`: prompt, calls, answer and cost."""
    run = run_ids(old)[2]

    shown = old("logs", run[:6])

    assert shown.code == 0
    assert "What is 2 + 2?" in shown.out
    assert "swift (sim:swift)" in shown.out
    assert "simulated: yes" in shown.out
    assert old("logs", "--run", run[:6]).out == old("logs", "show", run[:6]).out == shown.out


def test_r_prints_the_last_answer_and_nothing_else(old: Cli) -> None:
    """The words as they were said, for a pipe."""
    said = old("logs", "-r")

    assert (said.out, said.err) == (CODE, "")


def test_r_of_a_comparison_prints_every_answer_under_its_name(old: Cli) -> None:
    """There is no one answer to print."""
    said = old("logs", "-r", run_ids(old)[2])

    assert "## swift" in said.out
    assert "## steady" in said.out


def test_r_of_one_call_without_a_final_answer_prints_what_there_is(old: Cli) -> None:
    """The newest match of a search is meant when no run is named."""
    assert "56" in old("logs", "-r", "-q", "7").out


def test_x_prints_the_first_code_block_and_xl_the_last(old: Cli) -> None:
    """Without fences."""
    assert old("logs", "-x").out == "print(1)\n"
    assert old("logs", "--xl").out == "ls\n"


def test_x_without_a_code_block_prints_all_and_warns(old: Cli) -> None:
    """As `ask -x` does."""
    said = old("logs", "-x", run_ids(old)[1])

    assert "no code block" in said.err
    assert said.out.strip()


def test_x_and_xl_together_are_refused(old: Cli) -> None:
    """Exit 2."""
    assert old("logs", "-x", "--xl").code == 2


def test_json_is_an_array_of_documents_of_the_shape_of_ask(old: Cli) -> None:
    """One run or many, the same versioned document that `ask --json` prints."""
    many = json.loads(old("logs", "--json", "-n", "2").out)
    one = json.loads(old("logs", run_ids(old)[0], "--json").out)
    asked = json.loads(
        old("ask", "-P", "development", "-m", "swift", "-n", "--json", "What is 2 + 2?").out
    )

    assert [document["run_id"] for document in many] == run_ids(old)[1:3]
    assert one[0]["simulated"] is True
    assert set(one[0]) == set(asked)


def test_path_prints_where_the_file_is(old: Cli) -> None:
    """For datasette and for deleting it."""
    assert old("logs", "path").out == f"{old.home}/data/ultra.db\n"


def test_an_unknown_run_is_a_usage_error_that_names_the_newest(old: Cli) -> None:
    """Exit 2, with ids that do exist."""
    said = old("logs", "zzzz")

    assert said.code == 2
    assert run_ids(old)[0] in said.err


def test_an_empty_log_is_no_failure(cli: Cli) -> None:
    """There is nothing to list; asking for the last answer is a usage error."""
    assert (cli("logs").code, cli("logs").out) == (0, "")
    assert cli("logs", "-r").code == 2


def test_a_run_whose_words_were_not_kept_says_so(old: Cli) -> None:
    """`-n` keeps the row and no words, so there is no answer to print."""
    old("ask", "-P", "development", "-m", "swift", "-n", "What is 12 * 12?")

    said = old("logs", "-r", run_ids(old)[0])

    assert said.code == 2
    assert "no answer in the log" in said.err


def test_a_negative_count_is_refused(old: Cli) -> None:
    """Exit 2."""
    assert old("logs", "-n", "-1").code == 2


GATED = """\
version: 1
environment: testing
providers:
  sim: {protocol: simulated}
models:
  good: "sim:good"
  broken: {model: "sim:broken", options: {p_badjson: 1}}
ensembles:
  guarded: {strategy: pipeline, members: [good], judges: [broken]}
"""


def test_a_gate_that_stays_shut_is_no_failure_of_who_answered(cli: Cli) -> None:
    """The gate is named, and whose answer it held back; the class is as for any filter."""
    cli.profile(GATED)

    said = cli("ask", "-m", "guarded", "--json", "What is 12 * 34?")

    assert said.code == 7
    assert said.err.startswith("error: the safety gate `sim:broken` failed (")
    assert "stays shut for the answer of `sim:good`" in said.err
    assert "`sim:good` failed" not in said.err
    assert "content filter" not in said.err
    assert "the safety gate `sim:broken` failed" in json.loads(said.out)["reasons"][-1]


def test_what_a_gate_held_back_is_no_answer_of_the_log_either(cli: Cli) -> None:
    """The run shown whole has it, beside why; the answer alone, code and `-c` do not."""
    cli.profile(GATED)
    assert cli("ask", "-m", "guarded", "What is 12 * 34?").code == 7
    (run,) = run_ids(cli)

    whole = cli("logs", "show", run).out
    assert "408" in whole
    assert "the safety gate `sim:broken` failed" in whole
    for argv in (("logs", "-r"), ("logs", "-x"), ("ask", "--cid", run, "-m", "good", "more")):
        said = cli(*argv)
        assert (said.code, said.out) == (2, "")
        assert "no answer" in said.err

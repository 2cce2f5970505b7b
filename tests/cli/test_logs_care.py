"""`ultra logs prune|delete|redact|backup|export`: first what would happen, then that it did."""

import csv
import io
import json
import sqlite3
import stat
from contextlib import closing

from tests.cli.test_logs import run_ids
from tests.support.cli import Cli
from tests.support.ledger import words_in


def test_prune_says_what_would_go_and_changes_nothing(old: Cli) -> None:
    """Without `--yes`, where nobody can be asked."""
    said = old("logs", "prune", "--older-than", "0s")

    assert said.code == 0
    assert said.out.startswith("3 runs with 4 calls and ")
    assert "`--yes` does it" in said.err
    assert len(run_ids(old)) == 3


def test_prune_removes_what_is_old_and_keeps_what_was_spent(old: Cli) -> None:
    """The reports of spending are as they were."""
    before = old("stats", "--json")

    said = old("logs", "prune", "--older-than", "0s", "--yes")

    assert said.code == 0
    assert "3 runs with 4 calls removed" in said.out
    assert run_ids(old) == []
    assert "sorting" not in old("logs", "-q", "sorting").out
    assert before.code == 0
    with closing(sqlite3.connect(old.home / "data" / "ultra.db")) as connection:
        assert connection.execute("SELECT count(*) FROM call_totals").fetchone() == (4,)


def test_prune_of_nothing_says_so(old: Cli) -> None:
    """And asks for nothing."""
    said = old("logs", "prune", "--older-than", "1d", "--yes")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("0 runs")


def test_prune_needs_a_moment(old: Cli) -> None:
    """One that it can read."""
    without = old("logs", "prune")
    wrong = old("logs", "prune", "--older-than", "soon", "--yes")

    assert (without.code, wrong.code) == (2, 2)
    assert "--older-than" in without.err
    assert "`--older-than soon` is no moment" in wrong.err
    assert len(run_ids(old)) == 3


def test_delete_takes_ids_by_their_beginning(old: Cli) -> None:
    """Several at once, each once; the trail says so."""
    newest, second, third = run_ids(old)

    look = old("logs", "delete", newest[:8], newest)
    done = old("logs", "delete", newest[:8], third[:8], "--yes")

    assert look.out.startswith("1 run with 1 call and ")
    assert "2 runs with 3 calls removed" in done.out
    assert run_ids(old) == [second]
    assert "log.deleted" in old("logs", "audit").out


def test_delete_of_an_unknown_run_deletes_nothing(old: Cli) -> None:
    """Not even those that are known."""
    said = old("logs", "delete", run_ids(old)[0], "zzzzzz", "--yes")

    assert said.code == 2
    assert "no run has an id that begins with `zzzzzz`" in said.err
    assert len(run_ids(old)) == 3


def test_redact_says_where_and_never_what(old: Cli) -> None:
    """Counts by place, and nothing is changed."""
    said = old("logs", "redact", "sorting")

    assert said.code == 0
    assert "prompts         1" in said.out
    assert "in 1 run" in said.out
    assert "sorting" not in said.out + said.err
    assert "sorting" in old("logs", "-n", "1").out


def test_redact_reads_the_pattern_from_stdin(old: Cli) -> None:
    """So that it stands in no list of processes; then no byte of the files holds it."""
    said = old("logs", "redact", "-", "--yes", stdin="Write a sorting function\n")

    assert said.code == 0
    assert "texts redacted" in said.out
    assert words_in(old.home / "data", ["sorting"]) == []
    assert "[redacted]" in old("logs", "-n", "1").out


def test_redact_refuses_what_is_no_pattern(old: Cli) -> None:
    """And does not show it."""
    broken = old("logs", "redact", "--regex", "(sorting")
    empty = old("logs", "redact", "")

    assert (broken.code, empty.code) == (2, 2)
    assert "sorting" not in broken.err
    assert "matches where nothing stands" in empty.err


def test_redact_of_nothing_says_so(old: Cli) -> None:
    """It is no failure."""
    said = old("logs", "redact", "nowhere to be found", "--yes")

    assert (said.code, said.out) == (0, "nothing that can be redacted matches\n")


def test_backup_copies_the_log(old: Cli) -> None:
    """To a file of the owner's alone, and never over another."""
    target = old.home.parent / "copy.db"

    first, second = old("logs", "backup", str(target)), old("logs", "backup", str(target))

    assert (first.code, first.out) == (0, "")
    assert "copied to" in first.err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert second.code != 0
    assert "is there already" in second.err
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (3,)


def test_export_is_a_run_a_line(old: Cli) -> None:
    """In the shape of `logs --json`, the newest first."""
    lines = old("logs", "export").out.splitlines()

    assert [json.loads(line) for line in lines] == json.loads(old("logs", "--json", "-n0").out)


def test_export_takes_the_filters_of_the_list(old: Cli) -> None:
    """Words, model, and times."""
    newest, second, third = run_ids(old)

    def exported(*flags: str) -> list[str]:
        lines = old("logs", "export", *flags).out.splitlines()
        return [json.loads(line)["run_id"] for line in lines]

    assert exported("-q", "sorting") == [newest]
    assert exported("-q", "sort") == []
    assert exported("-q", "7 *") == [second]
    assert exported("-m", "swift") == [second, third]
    assert exported("--since", "1h", "-m", "steady") == [newest, third]
    assert exported("--until", "1h") == []
    assert exported("--tag", "job=none") == []


def test_export_as_csv_is_a_call_a_line_under_one_head(old: Cli) -> None:
    """For a spreadsheet, into a file when one is named."""
    target = old.home.parent / "calls.csv"

    said = old("logs", "export", "--format", "csv", "--output", str(target))

    assert (said.code, said.out, said.err) == (0, "", "")
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert len(rows) == 4
    assert {row["run_id"] for row in rows} == set(run_ids(old))


def test_an_empty_log_is_no_failure(cli: Cli) -> None:
    """There is nothing to remove and nothing to hand on."""
    assert cli("logs", "prune", "--older-than", "1d", "--yes").code == 0
    assert (cli("logs", "export").code, cli("logs", "export").out) == (0, "")
    assert cli("logs", "redact", "word", "--yes").code == 0
    assert not (cli.home / "data").exists()

"""`ultra logs import`: what llm, aichat and mods kept becomes runs of the log."""

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Cli, Said
from ultra.store.experience import experience
from ultra.store.search_index import TOGETHER

FIXTURES = Path(__file__).parents[1] / "fixtures" / "imports"
PROFILE = """\
version: 1
providers: {sim: {protocol: simulated}}
models: {swift: "sim:swift"}
defaults: {ask: swift}
"""
BOTH = ["0.12", "0.26", "0.36", "0.26-0.36"]
"""Releases of llm whose files lie there: the older layout, the newer, and one with both."""


def llm_log(folder: Path, release: str) -> Path:
    path = folder / f"logs-{release}.db"
    path.write_bytes(gzip.decompress((FIXTURES / f"llm-{release}.db.gz").read_bytes()))
    return path


def imported(cli: Cli, path: Path, *options: str) -> dict[str, Any]:
    said = cli("logs", "import", str(path), "--json", *options)
    assert said.code == 0, said.err
    return dict(json.loads(said.out)["import"])


def runs(cli: Cli, *options: str) -> list[dict[str, Any]]:
    """Newest first."""
    return list(json.loads(cli("logs", "-n", "0", "--json", *options).out))


def the_run(cli: Cli, prompt: str) -> dict[str, Any]:
    (found,) = (run for run in runs(cli) if run["prompt"] == prompt)
    return found


def query(cli: Cli, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(cli.home / "data" / "ultra.db")) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("release", BOTH)
def test_a_log_that_llm_wrote_comes_over_with_times_models_and_words(
    cli: Cli, tmp_path: Path, release: str
) -> None:
    """Whichever release wrote it, and whichever read it before."""
    path = llm_log(tmp_path, release)
    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        sql = " UNION ALL ".join(
            f"SELECT id, datetime_utc FROM {table}"
            for table in ("responses", "turns")
            if table in tables
        )
        written = connection.execute(f"SELECT * FROM ({sql}) ORDER BY datetime_utc").fetchall()

    done = imported(cli, path)

    assert (done["tool"], done["runs"], done["known"]) == ("llm", len(written), 0)
    assert [run["started_at"][:23] for run in reversed(runs(cli))] == [at[:23] for _, at in written]
    questions = [run for run in runs(cli) if run["prompt"] == "What is the capital of France?"]
    for run in questions:
        assert run["verb"] == "import"
        assert run["answer"] == "You said: What is the capital of France?"
        assert run["tags"] == {"imported": "llm", "title": "What is the capital of France?"}
        (call,) = run["calls"]
        assert (call["provider"], call["model"]) == ("openai", "gpt-4o-mini")
        assert (call["status"], call["cost_nano"], call["charged_nano"]) == ("ok", None, None)
    other = next(run for run in runs(cli) if run["prompt"].startswith("Name a zebra."))
    assert other["calls"][0]["provider"] == "openrouter"
    assert other["calls"][0]["model"] == "qwen/qwen3-8b"


def test_a_damaged_search_index_keeps_nothing_from_coming_over(cli: Cli, tmp_path: Path) -> None:
    """That they are on record does not hang on whether their words can be found."""
    path = llm_log(tmp_path, "0.26")
    with closing(sqlite3.connect(path)) as connection, connection:
        (row,) = connection.execute("SELECT * FROM responses LIMIT 1").fetchall()
        slots = ", ".join("?" * len(row))
        for number in range(2 * TOGETHER):
            connection.execute(
                f"INSERT INTO responses VALUES ({slots})", (f"{row[0]}{number}", *row[1:])
            )
    imported(cli, llm_log(tmp_path, "0.12"))
    cli("logs", "-q", "zebra")
    with closing(sqlite3.connect(cli.home / "data" / "ultra.db")) as connection, connection:
        connection.execute("UPDATE runs_fts_data SET block = x'00ff' WHERE id > 10")
        connection.execute(
            "UPDATE runs_fts_config SET v = 2 WHERE k IN ('automerge', 'crisismerge')"
        )

    done = imported(cli, path)

    assert done["runs"] >= 2 * TOGETHER


@pytest.mark.parametrize("release", ["0.26", "0.36"])
def test_tokens_schemas_tools_fragments_and_attachments_come_over(
    cli: Cli, tmp_path: Path, release: str
) -> None:
    """What either layout keeps beside the words."""
    done = imported(cli, llm_log(tmp_path, release))

    usage = the_run(cli, "What is this?")["calls"][0]["usage"]
    assert usage == {
        "text_input_tokens": 100,
        "cache_read_tokens": 20,
        "text_output_tokens": 25,
        "reasoning_tokens": 15,
    }
    assert done["attachments"] == 2
    ((blob,),) = query(cli, "SELECT data FROM blobs")
    assert bytes(blob).startswith(b"\x89PNG")
    assert the_run(cli, "Once upon a time there was a fox.\nSum it up.")
    ((options,),) = query(
        cli,
        "SELECT c.options FROM calls c JOIN runs r ON r.run_id = c.run_id"
        " WHERE r.prompt = 'A dog as JSON'",
    )
    assert json.loads(options)["schema"]["type"] == "object"
    summed, called = (run for run in runs(cli) if run["prompt"] == "What is 17 + 25?")
    assert called["calls"][0]["tool_calls"] == [
        {"id": "call-1", "name": "add", "arguments": '{"a": 17, "b": 25}'}
    ]
    assert summed["answer"] == "The sum is 42."
    assert summed["conversation"] == called["conversation"]


@pytest.mark.parametrize("release", BOTH)
def test_importing_again_adds_nothing(cli: Cli, tmp_path: Path, release: str) -> None:
    """And takes only what is new where something was added."""
    path = llm_log(tmp_path, release)
    first = imported(cli, path)
    before = query(cli, "SELECT * FROM runs")

    again = imported(cli, path)

    assert (again["runs"], again["known"]) == (0, first["runs"])
    assert query(cli, "SELECT * FROM runs") == before


def test_an_upgraded_log_adds_only_what_the_newer_release_wrote(cli: Cli, tmp_path: Path) -> None:
    """A row of the older layout is the same run wherever the file was read before."""
    imported(cli, llm_log(tmp_path, "0.26"))

    done = imported(cli, llm_log(tmp_path, "0.26-0.36"))

    assert (done["runs"], done["known"]) == (9, 9)


def test_the_words_can_be_searched_and_found_by_tag(cli: Cli, tmp_path: Path) -> None:
    imported(cli, llm_log(tmp_path, "0.36"))

    assert len(runs(cli, "-q", "fox")) == 1
    assert len(runs(cli, "--tag", "imported=llm")) == 9
    assert len(runs(cli, "-m", "openai:gpt-4o-mini")) == 8


@pytest.mark.parametrize("release", ["0.12", "0.26", "0.36"])
def test_a_conversation_goes_on(cli: Cli, tmp_path: Path, release: str) -> None:
    """The next model is sent all of it: the system prompt, both questions, both answers."""
    cli.profile(PROFILE)
    imported(cli, llm_log(tmp_path, release))
    run = the_run(cli, "And of Italy?")["run_id"]

    said = cli("ask", "-c", "--cid", run, "-m", "swift", "And of Spain?")

    assert said.code == 0, said.err
    ((listing,),) = query(
        cli,
        "SELECT p.messages FROM calls c JOIN prompts p ON p.sha256 = c.prompt"
        " JOIN runs r ON r.run_id = c.run_id WHERE r.verb = 'ask'",
    )
    contents = dict(query(cli, "SELECT sha256, content FROM messages"))
    sent = [json.loads(contents[key]) for key in json.loads(listing)]
    assert [(one["role"], one["parts"][0]["text"]) for one in sent] == [
        ("system", "Be brief."),
        ("user", "What is the capital of France?"),
        ("assistant", "You said: What is the capital of France?"),
        ("user", "And of Italy?"),
        ("assistant", "You said: And of Italy?"),
        ("user", "And of Spain?"),
    ]


def test_what_a_tool_gave_goes_on_with_the_question(cli: Cli, tmp_path: Path) -> None:
    """A model that has no such tool is told what was called and what it gave."""
    cli.profile(PROFILE)
    imported(cli, llm_log(tmp_path, "0.36"))
    run = next(run["run_id"] for run in runs(cli) if run["answer"] == "The sum is 42.")

    cli("ask", "-c", "--cid", run, "-m", "swift", "And minus one?")

    ((listing,),) = query(
        cli,
        "SELECT p.messages FROM calls c JOIN prompts p ON p.sha256 = c.prompt"
        " JOIN runs r ON r.run_id = c.run_id WHERE r.verb = 'ask'",
    )
    contents = dict(query(cli, "SELECT sha256, content FROM messages"))
    first = json.loads(contents[json.loads(listing)[0]])
    text = "".join(part["text"] for part in first["parts"])
    assert text == ('What is 17 + 25?\n\n[called `add` with {"a": 17, "b": 25}]\n\n[`add` gave] 42')


def test_mods_comes_over_with_what_it_keeps(cli: Cli) -> None:
    """Its words lie in files of Go's gob; models where it names them, no tokens, no durations."""
    said = cli("logs", "import", str(FIXTURES / "mods"))

    assert said.code == 0
    assert "5 runs of mods imported, of 2 conversations" in said.out
    assert "1 of 3 conversations have no words" in said.err
    run = the_run(cli, "What is this?")
    assert run["answer"] == "A dot. Ünïcödé, 漢字."
    assert run["started_at"] == "2025-06-01T10:20:30.000Z"
    assert (run["duration_s"] or 0, run["calls"][0]["duration_s"]) == (0, None)
    assert run["calls"][0]["usage"] is None
    assert run["tags"] == {"imported": "mods", "title": "Capitals"}
    assert the_run(cli, "An old question")["calls"][0]["provider"] == "mods"
    assert imported(cli, FIXTURES / "mods" / "conversations" / "mods.db")["known"] == 5


def test_aichat_comes_over_from_sessions_and_history(cli: Cli) -> None:
    """Sessions have models and no times, its history has times and no models."""
    done = imported(cli, FIXTURES / "aichat")

    assert (done["tool"], done["runs"], len(done["lost"])) == ("aichat", 8, 1)
    asked = the_run(cli, "why is the sky blue\n"[:-1])
    assert (asked["answer"], asked["started_at"]) == (
        "Rayleigh scattering.",
        "2024-12-07T17:18:03.000Z",
    )
    table = next(run for run in runs(cli) if (run["answer"] or "").startswith("A table"))
    assert table["answer"].endswith("```yaml\nx: 1\n```")
    assert the_run(cli, "an old one")["answer"] == "old answer"
    assert the_run(cli, "Name a zebra.")["calls"][0]["provider"] == "openai"
    hello = the_run(cli, "Hello")["calls"][0]
    assert (hello["provider"], hello["model"]) == ("ollama", "llama3.2:latest")
    agent = the_run(cli, "Code a zebra.")
    assert agent["calls"][0]["provider"] == "anthropic"
    assert agent["tags"]["title"] == "coder/zebras"
    assert agent["conversation"] != the_run(cli, "Name a zebra.")["conversation"]
    assert done["attachments"] == 2
    session = FIXTURES / "aichat" / "agents" / "coder" / "sessions" / "zebras.yaml"
    assert imported(cli, session)["known"] == 1


def test_a_session_that_grows_adds_its_new_answers_only(cli: Cli, tmp_path: Path) -> None:
    """Whatever place compression has moved the others to."""
    path = tmp_path / "talk.yaml"
    path.write_text(
        "model: openai:gpt-4o\nmessages:\n- {role: user, content: One}\n"
        "- {role: assistant, content: 1}\n- {role: user, content: Two}\n"
        "- {role: assistant, content: 2}\n"
    )
    imported(cli, path)
    path.write_text(
        "model: openai:gpt-4o\ncompressed_messages:\n- {role: user, content: One}\n"
        "- {role: assistant, content: 1}\n- {role: user, content: Two}\n"
        "- {role: assistant, content: 2}\nmessages:\n- {role: system, content: a summary}\n"
        "- {role: user, content: Three}\n- {role: assistant, content: 3}\n"
    )

    done = imported(cli, path)

    assert (done["runs"], done["known"]) == (1, 2)
    assert the_run(cli, "Three")["answer"] == "3"


def test_a_dry_run_counts_and_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    said = cli("logs", "import", str(llm_log(tmp_path, "0.36")), "--dry-run")

    assert said.code == 0
    assert "9 runs of llm would be imported, of 7 conversations" in said.out
    assert "openai:gpt-4o-mini" in said.out
    assert not (cli.home / "data" / "ultra.db").exists()


def test_the_source_stays_as_it_is(cli: Cli, tmp_path: Path) -> None:
    """Not a byte of it changes, nor is a file left beside it."""
    path = llm_log(tmp_path, "0.36")
    before = path.read_bytes()

    imported(cli, path)

    assert path.read_bytes() == before
    assert list(tmp_path.glob(f"{path.name}?*")) == []


def test_a_source_in_use_is_read_with_what_lies_beside_it(cli: Cli, tmp_path: Path) -> None:
    """Rows that another process has committed to the file's WAL belong to it."""
    path = llm_log(tmp_path, "0.26")
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute(
            "UPDATE responses SET response = 'from the WAL' WHERE prompt = 'And of Italy?'"
        )
        writer.commit()

        imported(cli, path)

    assert the_run(cli, "And of Italy?")["answer"] == "from the WAL"


def test_a_wal_that_cannot_be_read_in_place_is_read_of_a_copy(cli: Cli, tmp_path: Path) -> None:
    """Such as in a folder where nothing can be made; here what WAL would make is in the way."""
    path = llm_log(tmp_path, "0.26")
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute(
            "UPDATE responses SET response = 'from the WAL' WHERE prompt = 'And of Italy?'"
        )
        writer.commit()
        folder = tmp_path / "read-only"
        folder.mkdir()
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", folder / f"logs.db{end}")
    (folder / "logs.db-shm").mkdir()

    imported(cli, folder / "logs.db")

    assert the_run(cli, "And of Italy?")["answer"] == "from the WAL"
    assert {file.name for file in folder.iterdir()} == {"logs.db", "logs.db-wal", "logs.db-shm"}


def test_an_import_is_on_record(cli: Cli, tmp_path: Path) -> None:
    """Once, with the number of runs; one that added nothing is no change."""
    path = llm_log(tmp_path, "0.36")
    imported(cli, path)
    imported(cli, path)

    (entry,) = json.loads(cli("logs", "audit", "--json").out)["audit"]
    assert (entry["action"], entry["subject"]) == ("log.imported", str(path))
    assert entry["detail"] == {"tool": "llm", "runs": 9}


def test_nothing_is_charged_and_no_cost_is_made_up(cli: Cli, tmp_path: Path) -> None:
    """Unknown is not nothing: reports call it a lower bound."""
    cli("budgets", "set", "all", "1")
    imported(cli, llm_log(tmp_path, "0.36"))

    (gauge,) = json.loads(cli("budgets", "--json").out)["budgets"]
    assert gauge["spent_nano"] == 0
    assert query(cli, "SELECT count(*), sum(unpriced), sum(known_nano) FROM call_totals") == [
        (9, 9, 0)
    ]


def test_routes_do_not_take_answers_of_others_for_reliability(cli: Cli, tmp_path: Path) -> None:
    """llm keeps no failures: a model would look as if it never failed."""
    imported(cli, llm_log(tmp_path, "0.36"))

    with closing(sqlite3.connect(cli.home / "data" / "ultra.db")) as connection:
        assert experience(connection) == []
    assert query(cli, "SELECT DISTINCT kind FROM attempts") == [("import",)]


@pytest.mark.parametrize("privacy", ["hashed", "off"])
def test_a_profile_that_keeps_no_words_keeps_none_of_others(
    cli: Cli, tmp_path: Path, privacy: str
) -> None:
    """Not in any table, and no title in a tag; what it came to stays."""
    cli.profile(f"{PROFILE}log: {{privacy: {privacy}}}\n")
    imported(cli, llm_log(tmp_path, "0.36"))

    assert query(cli, "SELECT count(*), count(prompt), count(answer) FROM runs") == [(9, 0, 0)]
    everything = b"".join(file.read_bytes() for file in (cli.home / "data").iterdir())
    assert b"fox" not in everything
    assert b"capital of France" not in everything
    assert len(runs(cli, "--tag", "imported=llm")) == 9


def test_what_is_older_than_the_profile_keeps_is_left_out(cli: Cli) -> None:
    """Else the next run would remove it again."""
    cli.profile(f"{PROFILE}log: {{keep_days: 30}}\n")

    done = imported(cli, FIXTURES / "mods")

    assert (done["runs"], done["too_old"]) == (0, 5)


def foreign_database(tmp_path: Path) -> Path:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE songs (id)")
    return path


def torn(tmp_path: Path) -> Path:
    path = llm_log(tmp_path, "0.36")
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(raw)
    return path


def half(tmp_path: Path) -> Path:
    path = tmp_path / "half.db"
    path.write_bytes(llm_log(tmp_path, "0.36").read_bytes()[:5000])
    return path


def words(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("just words")
    return path


def yaml_of_others(tmp_path: Path) -> Path:
    path = tmp_path / "other.yaml"
    path.write_text("a: 1")
    return path


def odd_session(tmp_path: Path) -> Path:
    path = tmp_path / "odd.yaml"
    path.write_text("model: a:b\nmessages: 5")
    return path


def before_conversations(tmp_path: Path) -> Path:
    path = tmp_path / "logs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE log (provider, system, prompt, chat_id, response, model)")
    return path


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (foreign_database, "tables: songs"),
        (odd_session, "is not as aichat writes it"),
        (before_conversations, "llm before 0.5"),
        (torn, "malformed"),
        (half, "malformed"),
        (words, "no SQLite file, no YAML and no messages.md"),
        (yaml_of_others, "is no session of aichat"),
        (lambda folder: folder / "nothing", "there is no file"),
        (lambda folder: folder, "there is none of it in that folder"),
    ],
    ids=["foreign", "odd", "older", "torn", "half", "text", "yaml", "absent", "folder"],
)
def test_what_none_of_them_wrote_is_said_and_changes_nothing(
    cli: Cli, tmp_path: Path, make: Any, told: str
) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    path = make(folder)

    said = cli("logs", "import", str(path))

    assert said.code == 2
    assert told in said.err
    database = cli.home / "data" / "ultra.db"
    assert not database.exists() or query(cli, "SELECT count(*) FROM runs") == [(0,)]


def test_the_own_log_is_not_imported(old: Cli) -> None:
    said = old("logs", "import", str(old.home / "data" / "ultra.db"))

    assert said.code == 2
    assert "a log of ultra itself" in said.err


@pytest.mark.parametrize(
    ("tool", "told"),
    [("lm", "did you mean `llm`"), ("mods", "is none of mods's"), ("aichat", "aichat")],
)
def test_from_is_taken_at_its_word(cli: Cli, tmp_path: Path, tool: str, told: str) -> None:
    said: Said = cli("logs", "import", str(llm_log(tmp_path, "0.36")), "--from", tool)

    assert said.code == 2
    assert told in said.err


def test_a_folder_is_known_by_what_lies_in_it(cli: Cli, tmp_path: Path) -> None:
    path = llm_log(tmp_path, "0.36")
    shutil.move(path, tmp_path / "logs.db")

    assert imported(cli, tmp_path)["tool"] == "llm"


def test_a_session_that_cannot_be_read_is_told_and_the_others_come_over(
    cli: Cli, tmp_path: Path
) -> None:
    """A folder that has the name of a session, and one with something else in it."""
    sessions = tmp_path / "sessions"
    sessions.mkdir()
    (sessions / "folder.yaml").mkdir()
    odd_session(sessions)
    (sessions / "whole.yaml").write_text(
        "model: a:b\nmessages: [{role: user, content: hi}, {role: assistant, content: ho}]"
    )

    done = imported(cli, tmp_path)

    assert done["runs"] == 1
    assert [("folder.yaml" in one, "odd.yaml" in one) for one in done["lost"]] == [
        (True, False),
        (False, True),
    ]


def test_what_came_before_the_trouble_is_told(cli: Cli, tmp_path: Path) -> None:
    """A column with something else in it ends the import; so many runs are in the log by then."""
    path = llm_log(tmp_path, "0.26")
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO responses (id, model, prompt, response, conversation_id, duration_ms,"
            " datetime_utc) VALUES (?, 'gpt-4o', 'hi', 'ho', 'zz', ?, '2026-01-01T00:00:00')",
            [(f"z{number:04}", "soon" if number == 1200 else 5) for number in range(1201)],
        )
        connection.commit()

    said = cli("logs", "import", str(path))

    there = query(cli, "SELECT count(*) FROM runs")[0][0]
    assert said.code == 2
    assert "is not as llm writes it" in said.err
    assert there
    assert f"{there:,} runs were imported before that" in said.err


def test_answers_of_before_llm_had_conversations_are_told(cli: Cli, tmp_path: Path) -> None:
    """A newer llm leaves the older table as it is, and so the answers in it are not read."""
    path = llm_log(tmp_path, "0.12")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE logs (id, model, prompt, system, response, reply_to_id)")
        connection.execute("INSERT INTO logs (id) VALUES (1), (2)")
        connection.commit()

    done = imported(cli, path)

    assert done["runs"] == 3
    assert done["lost"] == ["2 answers of llm before 0.5, in its table `logs`"]

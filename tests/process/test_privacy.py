"""What a profile keeps of words: all, hashes, or nothing. What was spent stays whatever it is."""

import stat

import pytest

from tests.support.ledger import words_in
from tests.support.process import Ultra
from tests.support.server import Loopback

SECRET = "zyzzyva"
ANSWER = ["forty", "-two"]


def private(ultra: Ultra, privacy: str) -> None:
    """Let the profile keep so much."""
    path = ultra.home / "config" / "ultra.yaml"
    path.write_text(path.read_text() + f"log: {{privacy: {privacy}}}\n")


@pytest.mark.parametrize("privacy", ["hashed", "off"])
async def test_no_word_is_on_disk_and_the_money_is(ultra: Ultra, privacy: str) -> None:
    """Of answers, comparisons, errors and streams that were cut."""
    private(ultra, privacy)

    await ultra.run("ask", f"what is {SECRET}?")
    await ultra.run("compare", "-m", "good", "-m", "other", f"{SECRET} again")
    await ultra.run("ask", "-m", "lab:status-400", f"a wrong {SECRET}")
    await ultra.run("ask", "-m", "lab:cut", "--cache", f"half a {SECRET}")

    assert words_in(ultra.home / "data", [SECRET, *ANSWER, "the server says"]) == []
    assert ultra.rows("SELECT count(*) FROM call_totals WHERE charged_nano > 0") >= [(3,)]
    assert ultra.rows("SELECT DISTINCT keep_text, prompt FROM runs") == [(0, None)]
    assert (await ultra.run("logs", "-q", SECRET)).out == ""


async def test_equal_prompts_have_equal_hashes(ultra: Ultra) -> None:
    """And equal answers have; the key is in a file of the owner's alone, and in no backup."""
    private(ultra, "hashed")

    for words in ("the same", "the same", "another"):
        await ultra.run("ask", words)
    await ultra.run("logs", "backup", str(ultra.folder / "copy.db"))

    prompts = ultra.rows(
        "SELECT h.hash FROM hashes h JOIN runs r ON r.run_id = h.run_id"
        " WHERE h.call_id = '' ORDER BY r.started_at"
    )
    answers = ultra.rows("SELECT DISTINCT hash FROM hashes WHERE call_id != ''")
    key = ultra.home / "data" / "ultra.db.key"
    assert prompts[0] == prompts[1] != prompts[2]
    assert len(answers) == 1
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes() not in (ultra.folder / "copy.db").read_bytes()


async def test_off_keeps_no_hash_and_so_does_n(ultra: Ultra) -> None:
    """Of the profile and the flag the stricter holds."""
    private(ultra, "hashed")
    await ultra.run("ask", "-n", "flagged")
    path = ultra.home / "config" / "ultra.yaml"
    path.write_text(path.read_text().replace("hashed", "off"))
    await ultra.run("ask", "kept out")

    assert ultra.rows("SELECT * FROM hashes") == []
    assert ultra.rows("SELECT count(*) FROM runs") == [(2,)]


@pytest.mark.parametrize("privacy", ["hashed", "off"])
async def test_no_conversation_goes_on_from_words_that_are_not_kept(
    ultra: Ultra, privacy: str
) -> None:
    """The error says which setting it is, and nothing is asked."""
    await ultra.run("ask", "first")
    private(ultra, privacy)

    ended = await ultra.run("ask", "-c", "and then?")

    assert ended.code == 2
    assert f"`log.privacy: {privacy}` of" in ended.err
    assert "keeps no words" in ended.err
    assert ultra.rows("SELECT count(*) FROM runs") == [(1,)]


async def test_no_answer_is_cached_whose_words_are_not_to_be_kept(
    ultra: Ultra, server: Loopback
) -> None:
    """The question is asked again, and one that was cached before may still serve."""
    private(ultra, "off")

    for _ in range(2):
        await ultra.run("ask", "--cache", "the same")

    assert len(server.requests) == 2
    assert ultra.rows("SELECT count(*) FROM cache") == [(0,)]


async def test_a_paid_answer_that_no_file_takes_is_on_stdout(ultra: Ultra) -> None:
    """With no words in the log it is nowhere else."""
    private(ultra, "off")

    ended = await ultra.run("ask", "--output", "/dev/full", "what is it?")

    assert ended.code == 1
    assert "forty-two" in ended.out
    assert "cannot write `/dev/full`" in ended.err
    assert "on stdout instead" in ended.err


async def test_a_key_that_cannot_be_made_costs_the_hashes_alone(ultra: Ultra) -> None:
    """It is said, the answer comes, and no word is kept instead."""
    private(ultra, "hashed")
    data = ultra.home / "data"
    data.mkdir()
    (data / "ultra.db.key").write_bytes(b"short")

    ended = await ultra.run("ask", SECRET)

    assert ended.code == 0
    assert "forty-two" in ended.out
    assert "no hashes are kept" in ended.err
    assert words_in(data, [SECRET]) == []

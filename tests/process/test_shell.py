"""`ultra` between other programs: pipes, process substitution, files that are written whole."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.patience import in_time
from tests.support.process import WORDS, Ended, Ultra, hearing
from tests.support.server import Loopback

ANSWER = "".join(WORDS)


async def bash(ultra: Ultra, script: str) -> Ended:
    """Run a script in which `$ultra` is the command."""
    process = await asyncio.create_subprocess_exec(
        "/bin/bash", "-c", f'ultra="{sys.executable} -m ultra"; {script}', env=ultra.environ,
        cwd=ultra.folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, preexec_fn=hearing(),
    )  # fmt: skip
    out, err = await in_time(process.communicate())
    return Ended(process.returncode or 0, out.decode(), err.decode())


def prompt(server: Loopback) -> str:
    """The last prompt that the server got."""
    body = server.requests[-1].json()
    assert isinstance(body, dict)
    return str(body["messages"][-1]["content"])


async def test_process_substitution_works_both_ways(ultra: Ultra, server: Loopback) -> None:
    """`-f <(...)` is read, `--output >(...)` is written.

    bash does not wait for the writer, but it holds stdout, which is read to its end.
    """
    ended = await bash(
        ultra, '$ultra ask -f <(echo some words) --output >(cat > copy; echo done) "what is it"'
    )

    assert (ended.code, ended.out) == (0, "done\n"), ended.err
    assert "some words" in prompt(server)
    assert (ultra.folder / "copy").read_text() == ANSWER + "\n"


async def test_output_to_stdout_keeps_what_stands_there(ultra: Ultra) -> None:
    """`--output /dev/stdout` writes to the file behind it and never replaces it."""
    ended = await bash(
        ultra, '{ echo before; $ultra ask --output /dev/stdout "what is it"; echo after; } > all'
    )

    assert ended.code == 0, ended.err
    assert (ultra.folder / "all").read_text() == f"before\n{ANSWER}\nafter\n"


@pytest.mark.parametrize("place", ["missing/answer.txt", ".", "/proc/answer.txt"])
@pytest.mark.parametrize("verb", ["ask", "compare"])
async def test_a_file_that_cannot_be_is_refused_before_it_is_paid_for(
    ultra: Ultra, server: Loopback, verb: str, place: str
) -> None:
    """`--output` to no directory, to a directory, to where nothing can be made: exit 2."""
    ended = await ultra.run(verb, "--output", place, "what is it")

    if place.startswith("/proc"):  # the superuser may, says the system, and then may not
        assert ended.code in (1, 2)
    else:
        assert (ended.code, len(server.requests)) == (2, 0)
    assert ended.err.startswith(f"error: cannot write `{place}`")


async def test_the_receipt_stands_below_the_answer(ultra: Ultra) -> None:
    """With both streams in one file, `-u` comes after the answer's last line feed."""
    ended = await bash(ultra, '$ultra ask -u "what is it" > all 2>&1')

    first, second = (ultra.folder / "all").read_text().splitlines()
    assert (ended.code, first) == (0, ANSWER)
    assert second.startswith("good")


@pytest.mark.parametrize("verb", ["ask --json", "compare --format csv"])
async def test_the_receipt_stands_below_a_document(ultra: Ultra, verb: str) -> None:
    """Also where the document is written when the run is over."""
    ended = await bash(ultra, f'$ultra {verb} -u "what is it" > all 2>&1')

    assert ended.code == 0
    assert (ultra.folder / "all").read_text().splitlines()[-1].count("tokens in") == 1


async def test_a_file_is_written_whole_or_not_at_all(ultra: Ultra) -> None:
    """An answer that was cut leaves the file of before."""
    kept = ultra.folder / "answer.txt"
    kept.write_text("before")

    cut = await ultra.run("ask", "-m", "lab:cut", "--output", "answer.txt", "what is it")
    before = kept.read_text()
    whole = await ultra.run("ask", "--output", "answer.txt", "what is it")

    assert (cut.code, before) == (1, "before")
    assert (whole.code, whole.out, kept.read_text()) == (0, "", ANSWER + "\n")
    assert list(Path(ultra.folder).glob(".answer*")) == []


async def test_a_prompt_larger_than_every_window_is_refused_with_the_figures(
    ultra: Ultra, server: Loopback
) -> None:
    """How large it is and how large the largest window."""
    config = ultra.home / "config" / "ultra.yaml"
    config.write_text(
        config.read_text().replace(
            "models:\n", 'models:\n  tiny: {model: "lab:tiny", context_window: 100}\n'
        )
    )

    ended = await ultra.run("ask", "-m", "tiny", "word " * 3000)

    assert (ended.code, len(server.requests)) == (2, 0)
    assert "about 5,0" in ended.err
    assert "100 at most" in ended.err


async def test_whole_answers_keep_their_lines_in_a_shared_pipe(ultra: Ultra) -> None:
    """A dozen at once with `--no-stream`: every answer is one write, line feed included."""
    ended = await bash(
        ultra,
        'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do $ultra ask --no-stream "what is it" & done; wait',
    )

    assert ended.out == f"{ANSWER}\n" * 12, ended.err


async def test_a_loop_over_lines_is_not_eaten(ultra: Ultra, server: Loopback) -> None:
    """`--no-stdin` leaves the loop's own input alone."""
    ended = await bash(
        ultra,
        'printf "a\\nb\\nc\\n" | while read -r line; do $ultra ask --no-stdin "is $line"; done',
    )

    assert (ended.code, ended.out) == (0, f"{ANSWER}\n" * 3)
    assert len(server.requests) == 3


async def test_a_silent_pipe_is_said(ultra: Ultra) -> None:
    """After a moment stderr tells that stdin is waited for, and the answer comes all the same."""
    silent = 'until grep -q "waiting for stdin" said; do sleep 0.1; done'
    ended = await bash(ultra, f': > said; {{ {silent}; }} | $ultra ask "what is it" 2> said')

    assert (ended.code, ended.out) == (0, f"{ANSWER}\n")


async def test_a_pipe_without_end_is_refused(ultra: Ultra, server: Loopback) -> None:
    """`yes | ultra ask` ends: what no provider takes is not gathered for ever."""
    ended = await bash(ultra, 'yes "some text" | $ultra ask "what is it"')

    assert (ended.code, len(server.requests)) == (2, 0)
    assert "larger than 20 MB" in ended.err

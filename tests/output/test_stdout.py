"""The writer of stdout on real pipes: readers that are slow, gone or asleep, and full disks."""

import asyncio
import errno
import io
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE_S, in_time, until
from ultra.core.errors import OutputError
from ultra.output.stdout import MARK, StdoutWriter, descriptor


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):
            os.close(end)


def read_all(fd: int) -> bytes:
    data = b""
    while piece := os.read(fd, 65536):
        data += piece
    return data


async def test_bytes_arrive_in_order_and_whole(pipe: tuple[int, int]) -> None:
    """What is written is what is read."""
    reader, out = pipe
    writer = StdoutWriter(out)
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.append(read_all(reader)))
    thread.start()

    for number in range(20_000):
        writer.write(f"{number} ä\n")
        await writer.drained()
    done = await writer.finish(PATIENCE_S)
    os.close(out)
    thread.join(PATIENCE_S)

    assert done
    assert got == ["".join(f"{number} ä\n" for number in range(20_000)).encode()]


async def test_writing_never_blocks_on_a_reader_that_does_not_read(pipe: tuple[int, int]) -> None:
    """The buffer takes what comes; `drained` holds the answer back; `finish` gives up in time."""
    writer = StdoutWriter(pipe[1])

    for _ in range(MARK // 1000 + 100):
        writer.write("x" * 1000)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(writer.drained(), 0.05)
    done = await writer.finish(0.05)

    assert not done
    assert writer.pending > 0


async def test_an_answer_that_waits_for_its_reader_keeps_the_buffer_bounded(
    pipe: tuple[int, int],
) -> None:
    """What waits never exceeds the mark by more than one piece."""
    writer = StdoutWriter(pipe[1], mark=10_000)
    most = 0

    async def answer() -> None:
        nonlocal most
        while True:
            writer.write("x" * 1000)
            most = max(most, writer.pending)
            await writer.drained()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(answer(), 0.1)

    assert most <= 10_000 + 1000


async def test_a_slow_reader_is_waited_for_and_then_goes_on(pipe: tuple[int, int]) -> None:
    """`drained` returns once the reader has caught up below the mark."""
    writer = StdoutWriter(pipe[1], mark=1000)
    writer.write("x" * 300_000)
    waiting = asyncio.create_task(writer.drained())
    await asyncio.sleep(0.02)
    held = not waiting.done()

    thread = threading.Thread(target=lambda: [os.read(pipe[0], 4096) for _ in range(100)])
    thread.start()
    await in_time(waiting)

    assert held
    assert writer.pending <= 1000
    os.close(pipe[1])
    thread.join(PATIENCE_S)


async def test_a_reader_that_left_is_told_once_and_in_silence(pipe: tuple[int, int]) -> None:
    """EPIPE is no error: it sets `broken` and calls back on the loop."""
    told: list[str] = []
    writer = StdoutWriter(pipe[1], on_broken=lambda: told.append(threading.current_thread().name))
    os.close(pipe[0])

    writer.write("one")
    first = await writer.finish(PATIENCE_S)
    writer.write("two")
    await writer.drained()
    second = await writer.finish(PATIENCE_S)

    assert (first, second, writer.broken, told) == (False, False, True, ["MainThread"])
    assert writer.pending == 0


async def test_a_reader_that_leaves_is_seen_though_nothing_is_written(
    pipe: tuple[int, int],
) -> None:
    """A model that thinks for a minute is not paid for a minute that nobody waits."""
    told = asyncio.Event()
    reader, out = pipe
    writer = StdoutWriter(out, on_broken=told.set)
    writer.write("so far")
    await writer.finish()
    writer.write(" ")

    os.close(reader)

    await in_time(told.wait())
    assert writer.broken
    assert not await writer.finish()


async def test_what_ends_as_its_reader_leaves_is_complete(pipe: tuple[int, int]) -> None:
    """`head -1` of an answer of one line: the end of the answer and its usage still come."""
    told: list[str] = []
    reader, out = pipe
    writer = StdoutWriter(out, on_broken=lambda: told.append("left"))
    writer.write("all there is\n")
    assert os.read(reader, 100) == b"all there is\n"
    await until(lambda: not writer.pending)

    os.close(reader)
    await asyncio.sleep(0)

    assert await writer.finish()
    assert told == []


async def test_a_pipe_that_can_be_read_as_well_has_a_reader(tmp_path: Path) -> None:
    """`ultra ask ... 1<> fifo`: that something can be read is not that somebody left."""
    told: list[str] = []
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    both = os.open(fifo, os.O_RDWR)
    try:
        writer = StdoutWriter(both, on_broken=lambda: told.append("left"))
        writer.write("words")
        assert await writer.finish()
        writer.write("more")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert await writer.finish()
    finally:
        os.close(both)

    assert told == []


def test_a_reader_that_left_is_told_without_a_loop_too(pipe: tuple[int, int]) -> None:
    """Commands without an event loop learn of it as well."""
    told: list[bool] = []
    writer = StdoutWriter(pipe[1], on_broken=lambda: told.append(True))
    os.close(pipe[0])

    writer.write("one")

    assert (writer.wait(PATIENCE_S), told) == (False, [True])


async def test_a_broken_pipe_frees_an_answer_that_waits(pipe: tuple[int, int]) -> None:
    """Nobody waits for a reader that will never read."""
    writer = StdoutWriter(pipe[1], mark=10)
    writer.write("x" * 200_000)
    waiting = asyncio.create_task(writer.drained())
    await asyncio.sleep(0.02)

    os.close(pipe[0])
    await in_time(waiting)

    assert writer.broken


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux only")  # noqa: PTH110
async def test_a_full_disk_is_an_error_that_says_so() -> None:
    """Any failure but a closed pipe ends in `OutputError`."""
    fd = os.open("/dev/full", os.O_WRONLY)
    writer = StdoutWriter(fd)

    writer.write("answer")
    with pytest.raises(OutputError, match="No space left") as caught:
        await writer.finish(PATIENCE_S)
    os.close(fd)

    assert caught.value.hint is not None
    assert writer.error is not None
    assert writer.error.errno == errno.ENOSPC


def test_a_full_disk_is_an_error_without_a_loop_too() -> None:
    """`wait` raises what `finish` raises."""
    fd = os.open("/dev/null", os.O_RDONLY)
    writer = StdoutWriter(fd)

    writer.write("answer")
    with pytest.raises(OutputError, match="Bad file descriptor"):
        writer.wait(PATIENCE_S)
    os.close(fd)


def test_waiting_for_a_reader_that_does_not_read_ends_in_time(pipe: tuple[int, int]) -> None:
    """`wait` gives up as `finish` does."""
    writer = StdoutWriter(pipe[1])
    writer.write("x" * 200_000)

    assert not writer.wait(0.05)


async def test_a_descriptor_made_non_blocking_by_somebody_else_is_written_whole(
    pipe: tuple[int, int],
) -> None:
    """EAGAIN is waited out."""
    os.set_blocking(pipe[1], False)
    writer = StdoutWriter(pipe[1])
    got: list[bytes] = []
    writer.write("y" * 300_000)
    await asyncio.sleep(0.02)
    thread = threading.Thread(target=lambda: got.append(read_all(pipe[0])))
    thread.start()

    await writer.finish(PATIENCE_S)
    os.close(pipe[1])
    thread.join(PATIENCE_S)

    assert len(got[0]) == 300_000


async def test_a_lone_surrogate_does_not_end_an_answer() -> None:
    """What UTF-8 cannot hold is written as its escape."""
    file = io.StringIO()
    writer = StdoutWriter(file)

    writer.write("a\udc80b ")
    await writer.finish(PATIENCE_S)
    writer.write("again")
    await writer.finish(PATIENCE_S)

    assert file.getvalue() == "a\\udc80b again"


async def test_a_file_that_was_closed_is_an_error_and_no_crash() -> None:
    """A file object closed under the writer is told like a full disk."""
    file = io.StringIO()
    file.close()
    writer = StdoutWriter(file)

    writer.write("x")

    with pytest.raises(OutputError):
        await writer.finish(PATIENCE_S)


def test_nothing_written_needs_no_thread() -> None:
    """A writer that was never used has nothing to wait for."""
    assert StdoutWriter(1).wait(0)
    assert descriptor(io.StringIO()) is None


def test_a_loop_that_has_ended_is_not_called(pipe: tuple[int, int]) -> None:
    """A reader that leaves after the run is seen in `broken`."""
    writer = StdoutWriter(pipe[1], on_broken=lambda: None)

    async def begin() -> None:
        writer.write("x")
        await writer.drained()

    asyncio.run(begin())
    while writer.pending:
        pass
    os.close(pipe[0])
    writer.write("y")

    assert not writer.wait(PATIENCE_S)
    assert writer.broken

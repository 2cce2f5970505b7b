"""Files that are there whole or not at all, and code out of answers."""

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.patience import PATIENCE_S
from ultra.core.errors import OutputError
from ultra.output.extract import extract_code
from ultra.output.files import write_atomic, write_new


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_the_modes_everybody_gets(tmp_path: Path) -> None:
    """The umask decides, not the temporary file."""
    path = tmp_path / "answer.md"
    before = os.umask(0o027)
    write_atomic(path, "ä\udc80")
    os.umask(before)

    assert path.read_bytes() == b"\xc3\xa4\\udc80"
    assert mode(path) == 0o640


def test_an_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    """A private file stays private."""
    path = tmp_path / "answer.md"
    path.write_text("old")
    path.chmod(0o600)

    write_atomic(path, b"new")

    assert (path.read_text(), mode(path)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path: Path) -> None:
    """The file behind a link is replaced, the link stays."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)

    write_atomic(str(link), "new")

    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_device_and_a_pipe_are_written_to(tmp_path: Path) -> None:
    """`--output /dev/null` and a named pipe work."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()

    write_atomic("/dev/null", "x")
    write_atomic(fifo, "through")
    reader.join(PATIENCE_S)

    assert got == [b"through"]


@pytest.mark.parametrize("where", ["missing/answer.md", "."], ids=["no-directory", "directory"])
def test_what_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path, where: str) -> None:
    """The path is named and nothing is left behind."""
    with pytest.raises(OutputError, match="cannot write") as caught:
        write_atomic(tmp_path / where, "x")

    assert "--output" in (caught.value.hint or "")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """A directory where a file should go cannot be replaced; the temporary file is gone."""
    path = tmp_path / "answer"
    path.write_text("old")
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("root may write everywhere")
        with pytest.raises(OutputError):
            write_atomic(path, "new")
    finally:
        tmp_path.chmod(0o700)

    assert path.read_text() == "old"


def test_a_write_that_fails_midway_leaves_nothing(tmp_path: Path) -> None:
    """A limit on file size stands for a disk that fills up."""
    import resource
    import signal

    path = tmp_path / "answer"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OutputError, match="too large"):
            write_atomic(path, "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


ANSWER = """Do this:

```python
one = 1

```

- or this:

  ~~~sh
  ls
    indented
  ~~~

````md
```py
nested
```
````
"""


def test_the_first_and_the_last_block_are_found() -> None:
    """Longer fences hold shorter ones."""
    assert extract_code(ANSWER, last=False) == "one = 1\n"
    assert extract_code(ANSWER, last=True) == "```py\nnested\n```"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no code", None),
        ("", None),
        ("```\n```", ""),
        ("`inline` and ```also inline```", None),
        ("- x\n  ~~~sh\n  ls\n    deep\n  ~~~", "ls\n  deep"),
        ("```\r\nwin\r\n```\r\n", "win"),
        ("```py\nuncl", "uncl"),
        ("```py\nuncl\n\n", "uncl"),
        ("~~~ a`b\nx\n~~~~", "x"),
        ("```\n~~~\n```x\n```", "~~~\n```x"),
    ],
    ids=[
        "none", "empty", "empty-block", "inline", "indented", "crlf", "open", "open-blank",
        "tilde", "mixed",
    ],
)  # fmt: skip
def test_fences_are_read_as_markdown_reads_them(text: str, code: str | None) -> None:
    """Kinds do not mix, indentation goes, an open block runs to the end."""
    assert extract_code(text, last=False) == code


@given(code=st.text(alphabet="ab \n`~", max_size=60), language=st.sampled_from(["", "py"]))
def test_what_is_fenced_comes_out_again(code: str | None, language: str) -> None:
    """A fence longer than any in the code gives the code back."""
    fence = "`" * 61

    assert extract_code(f"x\n{fence}{language}\n{code}\n{fence}\ny", last=True) == code


def test_a_new_file_replaces_nothing(tmp_path: Path) -> None:
    """A name that is taken gets a number, and what stood there stays."""
    (tmp_path / "run.md").write_text("mine", encoding="utf-8")

    second, third = (write_new(tmp_path, "run.md", text) for text in ("two", "three"))

    assert [second.name, third.name] == ["run-2.md", "run-3.md"]
    assert (tmp_path / "run.md").read_text(encoding="utf-8") == "mine"
    assert third.read_text(encoding="utf-8") == "three"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_new_file_where_none_can_be_says_why(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write `run\.md`"):
        write_new(tmp_path / "none", "run.md", "text")

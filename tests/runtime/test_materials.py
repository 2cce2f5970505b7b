"""What goes into a prompt besides its words, and what is refused before anything is sent."""

import os
import threading
from pathlib import Path

import pytest

from ultra.core.errors import UsageError
from ultra.runtime.materials import (
    LARGEST_BYTES,
    Quoted,
    attachment,
    decoded,
    is_url,
    media_type,
    read_bytes,
    text_or_file,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 8


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PNG, "picture.jpg", "image/png"),
        (b"\xff\xd8\xff\xe0", "", "image/jpeg"),
        (b"GIF89a", "", "image/gif"),
        (b"%PDF-1.7", "notes.txt", "application/pdf"),
        (b"ID3\x04", "", "audio/mpeg"),
        (b"OggS", "", "audio/ogg"),
        (b"fLaC", "", "audio/flac"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "", "audio/wav"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "film", None),
        (b"words", "notes.txt", "text/plain"),
        (b"words", "notes", None),
    ],
)
def test_first_bytes_tell_a_type_before_the_name_does(
    data: bytes, name: str, kind: str | None
) -> None:
    """A name can be wrong; without either nobody guesses."""
    assert media_type(data, name) == kind


def test_a_picture_is_attached_from_a_file_a_pipe_or_an_address(tmp_path: Path) -> None:
    """What an address has no ending for is held to be a picture."""
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)

    file, pipe = attachment(str(path)), attachment("-", PNG)
    page, bare = attachment("https://x.example/a/b.pdf?c=1"), attachment("http://x.example/cat")

    assert (file.media_type, file.data, file.name) == ("image/png", PNG, "cat.png")
    assert (pipe.media_type, pipe.data, pipe.name) == ("image/png", PNG, "stdin")
    assert (page.media_type, page.name, page.data) == ("application/pdf", "b.pdf", b"")
    assert page.url == "https://x.example/a/b.pdf?c=1"
    assert (bare.media_type, bare.name) == ("image/png", "cat")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"\x00\x01\x02", "of no type that models take")],
    ids=["empty", "unknown"],
)
def test_what_no_model_takes_is_not_attached(tmp_path: Path, content: bytes, words: str) -> None:
    """A file's name without an ending says nothing either."""
    path = tmp_path / "thing"
    path.write_bytes(content)

    with pytest.raises(UsageError, match=words):
        attachment(str(path))


def test_nothing_piped_is_an_empty_attachment() -> None:
    """As `-a -` at the end of a pipe that gave nothing."""
    for piped in (None, b""):
        with pytest.raises(UsageError, match="`-` is empty"):
            attachment("-", piped)


def test_a_file_is_read_whole_up_to_what_a_provider_takes(tmp_path: Path) -> None:
    """One byte more is refused before it goes anywhere."""
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(LARGEST_BYTES)

    assert len(read_bytes(str(path), "file")) == LARGEST_BYTES

    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(UsageError, match="is larger than 20 MB"):
        read_bytes(str(path), "file")


def test_a_process_substitution_is_a_file_too(tmp_path: Path) -> None:
    """A pipe by name, which has no size to ask for."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"from a pipe",))
    writer.start()

    assert read_bytes(str(path), "file") == b"from a pipe"
    writer.join()


def test_what_cannot_be_read_says_what_and_why(tmp_path: Path) -> None:
    """By the name that was typed."""
    with pytest.raises(UsageError, match=r"file `.*/none` cannot be read: No such file"):
        read_bytes(str(tmp_path / "none"), "file")
    with pytest.raises(UsageError, match="is a directory") as refused:
        read_bytes(str(tmp_path), "attachment")
    assert refused.value.hint == "name the files in it"


def test_text_is_utf_8_with_or_without_a_mark() -> None:
    """Anything else is said with its place, and how it could go in."""
    assert decoded("\ufeffgrüß".encode(), "`a`") == "grüß"

    with pytest.raises(UsageError, match=r"`a` is not UTF-8 text \(byte 2\)") as refused:
        decoded("grüß".encode("latin-1"), "`a`")
    assert refused.value.hint == "pictures, PDFs and sound go in with `-a`"
    with pytest.raises(UsageError, match="`a` is binary"):
        decoded(b"a\x00b", "`a`")


@pytest.mark.parametrize(
    "value", ["be brief", "", "two\nlines", "x" * 5000, "~nobody-of-that-name/x", "a\x00b"]
)
def test_words_that_name_no_file_are_words(value: str) -> None:
    """Whatever a file's name cannot be."""
    assert text_or_file(value, "system") == value


def test_a_value_that_names_a_file_is_what_stands_in_it(tmp_path: Path) -> None:
    """An empty one is a mistake, since nothing would be said."""
    path = tmp_path / "system.md"
    path.write_text("\n be brief \n", encoding="utf-8")
    assert text_or_file(str(path), "system") == "be brief"

    path.write_text(" \n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"system `.*` is empty"):
        text_or_file(str(path), "system")


def test_a_quoted_file_stands_between_tags_that_name_it() -> None:
    """Without the blank lines at its end."""
    assert Quoted("a.py", "x = 1\n\n").block == '<file name="a.py">\nx = 1\n</file>'


@pytest.mark.parametrize(
    ("source", "yes"),
    [("https://a.example/x", True), ("http://a", True), ("ftp://a/x", False), ("a:b", False)],
)
def test_a_web_address_is_one_of_the_web(source: str, *, yes: bool) -> None:
    """Everything else is a file."""
    assert is_url(source) is yes
